"""Whether what a document says of one place in an order is right, in the words of the public contract.

The rule: the verdict at the claimed candidate decides. Where that verdict does not refute the claim by itself, the
nearest judged candidate on the other side of the claimed boundary decides, and only if every candidate between the two
was tried: one that was not tried may be the boundary itself, and then the claim is untested.

A claim may name the end, or the beginning, of a later affected range, where the failure had come back. Such a claim is
``confirmed`` too: that is the boundary that its readers had.
"""

from __future__ import annotations

import enum
import itertools
from typing import TYPE_CHECKING

from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.analysis.history import Point


class Assessment(enum.StrEnum):
    """Whether a document was right; the words of the public contract.

    ``too-wide`` and ``too-narrow`` are of a claimed range alone, whose ends are right or cannot be judged: it names a
    release that is free of the failure, or leaves out a release that has it.
    """

    CONFIRMED = "confirmed"
    RELAPSED = "relapsed"
    FIXED_EARLIER = "fixed-earlier"
    NOT_FIXED = "not-fixed"
    UNHEALTHY_AT_CLAIM = "unhealthy-at-claim"
    INTRODUCED_EARLIER = "introduced-earlier"
    INTRODUCED_LATER = "introduced-later"
    FIXED_SINCE = "fixed-since"
    TOO_WIDE = "too-wide"
    TOO_NARROW = "too-narrow"
    NOT_SEEN = "not-seen"
    UNTESTED = "untested"


SILENT = frozenset({Assessment.UNTESTED, Assessment.NOT_SEEN})
"""The assessments that say neither that a document is right nor that it is wrong."""

# What the verdict at the claimed candidate says by itself; where it is ``absent`` the candidates before it decide.
_AT_FIX = {
    Verdict.REPRODUCED: Assessment.NOT_FIXED,
    Verdict.UNHEALTHY: Assessment.UNHEALTHY_AT_CLAIM,
}


def assess_fixed(points: Sequence[Point], claimed: int | None) -> Assessment:
    """Return whether a candidate is the first one without the failure.

    Args:
        points: those of a history, oldest first.
        claimed: the position of the candidate that the document names; None where the document names none of these.

    """
    if claimed is None:
        return Assessment.UNTESTED
    at = points[claimed].verdict
    if at is not Verdict.ABSENT:
        return _AT_FIX.get(at, Assessment.UNTESTED)
    below = [point.verdict for point in points[:claimed]]
    nearest = _nearest_judged(reversed(below))
    if nearest is None:
        return Assessment.UNTESTED
    if nearest is Verdict.REPRODUCED:
        return _right_of_its_time(points)
    if Verdict.REPRODUCED in below:
        return Assessment.FIXED_EARLIER
    return Assessment.UNTESTED if _is_seen(points) else Assessment.NOT_SEEN


def assess_last_affected(points: Sequence[Point], claimed: int | None) -> Assessment:
    """Return whether a candidate is the last one with the failure; the arguments are those of `assess_fixed`."""
    at = None if claimed is None else points[claimed].verdict
    if claimed is None or at not in {Verdict.REPRODUCED, Verdict.ABSENT}:
        return Assessment.UNTESTED
    if at is Verdict.ABSENT:
        if any(point.verdict is Verdict.REPRODUCED for point in points[:claimed]):
            return Assessment.FIXED_EARLIER
        return Assessment.UNTESTED if _is_seen(points) else Assessment.NOT_SEEN
    nearest = _nearest_judged(point.verdict for point in points[claimed + 1 :])
    if nearest is None:
        return Assessment.UNTESTED
    return Assessment.NOT_FIXED if nearest is Verdict.REPRODUCED else _right_of_its_time(points)


def assess_introduced(points: Sequence[Point], claimed: int | None) -> Assessment:
    """Return whether a candidate is the first one with the failure; the arguments are those of `assess_fixed`.

    The very first candidate that exists needs no other one before it.
    """
    if claimed is None:
        return Assessment.UNTESTED
    at = points[claimed].verdict
    if at is Verdict.ABSENT:
        return _where_else(points, claimed)
    if at is not Verdict.REPRODUCED:
        return Assessment.UNTESTED
    if claimed == 0:
        return Assessment.CONFIRMED
    nearest = _nearest_judged(point.verdict for point in reversed(points[:claimed]))
    if nearest is None:
        return Assessment.UNTESTED
    return Assessment.INTRODUCED_EARLIER if nearest is Verdict.REPRODUCED else Assessment.CONFIRMED


def assess_open(points: Sequence[Point]) -> Assessment:
    """Return whether the failure is in the newest candidate that could be judged, with every later one tried."""
    judged = [point.verdict for point in points if point.verdict.is_judged]
    if not judged:
        return Assessment.UNTESTED
    if judged[-1] is Verdict.ABSENT:
        return Assessment.FIXED_SINCE if _is_seen(points) else Assessment.NOT_SEEN
    later = itertools.takewhile(lambda point: not point.verdict.is_judged, reversed(points))
    is_tried = all(point.verdict is not Verdict.NOT_RUN for point in later)
    return Assessment.CONFIRMED if is_tried else Assessment.UNTESTED


def _right_of_its_time(points: Sequence[Point]) -> Assessment:
    """Return the word for a claimed end that was measured: whether the failure is back in the newest judged one."""
    newest = [point.verdict for point in points if point.verdict.is_judged][-1]
    return Assessment.RELAPSED if newest is Verdict.REPRODUCED else Assessment.CONFIRMED


def _where_else(points: Sequence[Point], claimed: int) -> Assessment:
    """Return where the failure begins, of a candidate that is free of it and is said to be the first one with it."""
    if any(point.verdict is Verdict.REPRODUCED for point in points[claimed:]):
        return Assessment.INTRODUCED_LATER
    return Assessment.INTRODUCED_EARLIER if _is_seen(points) else Assessment.NOT_SEEN


def _is_seen(points: Sequence[Point]) -> bool:
    return any(point.verdict is Verdict.REPRODUCED for point in points)


def _nearest_judged(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the first judged verdict; None where there is none, or where a candidate before it was not tried."""
    for verdict in verdicts:
        if verdict.is_judged:
            return verdict
        if verdict is Verdict.NOT_RUN:
            return None
    return None
