"""Claimed ranges on a history: which candidates a document names, and where it names too many or too few.

The rule: ranges are positions. What a document names is the union of its ranges; ranges that overlap, or between which
no candidate stands, are one stretch, so that a list of single releases is assessed as the ranges that it amounts to. A
stretch is right where its beginning and its end are; the claim is right where moreover every judged candidate inside
of a stretch is affected, and every judged one outside of all stretches is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.analysis.assessment import (
    SILENT,
    Assessment,
    assess_fixed,
    assess_introduced,
    assess_last_affected,
    assess_open,
)
from harness.model.claim import BEGINNING, ClaimedRange
from harness.model.names import Word
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.analysis.candidates import Place
    from harness.analysis.history import Point


class ClaimedStretch(msgspec.Struct, frozen=True, kw_only=True):
    """A claimed stretch of releases, with the events that its document names, and whether each end is right.

    ``beginning`` is in the words of a claimed beginning; ``end`` in those of a claimed fix, or of a failure that is
    said to be open where the stretch has no end.
    """

    introduced: Word
    fixed: Word | None
    last_affected: Word | None
    beginning: Assessment
    end: Assessment


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a history says about claimed ranges.

    ``too_wide`` are the judged candidates that the document names and that are free of the failure; ``too_narrow`` the
    affected ones that it does not name.
    """

    assessment: Assessment
    stretches: tuple[ClaimedStretch, ...]
    too_wide: tuple[str, ...]
    too_narrow: tuple[str, ...]


class _Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Positions from ``first`` up to ``after``, which is not inside, and the ranges that begin and end the stretch."""

    first: int
    after: int
    begins: ClaimedRange
    ends: ClaimedRange


def cover(points: Sequence[Point], ranges: Iterable[ClaimedRange], place: Callable[[str], Place | None]) -> Coverage:
    """Return what a history says about claimed ranges.

    Args:
        points: those of the history, oldest first.
        ranges: as the document has them, in any order.
        place: returns where a name of the document stands among the points; None where nobody can say.

    """
    stretches = _stretches(len(points), ranges, place)
    if stretches is None:
        return Coverage(assessment=Assessment.UNTESTED, stretches=(), too_wide=(), too_narrow=())
    inside = {number for one in stretches for number in range(one.first, one.after)}
    found = tuple(_assessed(points, one, place, inside) for one in stretches)
    free = (number for number in sorted(inside) if points[number].verdict is Verdict.ABSENT)
    having = (number for number, point in enumerate(points) if point.verdict is Verdict.REPRODUCED)
    too_wide = tuple(points[number].label for number in free)
    too_narrow = tuple(points[number].label for number in having if number not in inside)
    return Coverage(
        assessment=_together(points, found, too_wide=too_wide, too_narrow=too_narrow),
        stretches=found,
        too_wide=too_wide,
        too_narrow=too_narrow,
    )


def _stretches(
    count: int, ranges: Iterable[ClaimedRange], place: Callable[[str], Place | None]
) -> list[_Stretch] | None:
    """Return the stretches in order, of ``count`` positions; None where a name cannot be placed."""
    found: list[_Stretch] = []
    for one in ranges:
        first, after = _first(one, place), _after(one, count, place)
        if first is None or after is None:
            return None
        found.append(_Stretch(first=first, after=max(first, after), begins=one, ends=one))
    joined: list[_Stretch] = []
    found = [one for one in found if one.first < one.after] or found  # a name of no candidate adds nothing to others
    for stretch in sorted(found, key=lambda one: (one.first, one.after)):
        if not joined or stretch.first > joined[-1].after:
            joined.append(stretch)
        elif stretch.after > joined[-1].after:
            joined[-1] = msgspec.structs.replace(joined[-1], after=stretch.after, ends=stretch.ends)
    return joined


def _first(claimed: ClaimedRange, place: Callable[[str], Place | None]) -> int | None:
    """Return the position of the first candidate that a range names."""
    if claimed.introduced == BEGINNING:
        return 0
    found = place(claimed.introduced)
    return None if found is None else found.older


def _after(claimed: ClaimedRange, count: int, place: Callable[[str], Place | None]) -> int | None:
    """Return the position after the last candidate that a range names."""
    if claimed.fixed is not None:
        found = place(claimed.fixed)
        return None if found is None else found.older
    if claimed.last_affected is not None:
        found = place(claimed.last_affected)
        return None if found is None else found.older + found.is_there
    return count


def _assessed(
    points: Sequence[Point], one: _Stretch, place: Callable[[str], Place | None], inside: set[int]
) -> ClaimedStretch:
    return ClaimedStretch(
        introduced=one.begins.introduced,
        fixed=one.ends.fixed,
        last_affected=one.ends.last_affected,
        beginning=_beginning(points, one.begins, place),
        end=_end(points, one.ends, place, inside),
    )


def _beginning(points: Sequence[Point], claimed: ClaimedRange, place: Callable[[str], Place | None]) -> Assessment:
    return assess_introduced(points, position_of(claimed.introduced, points, place))


def _end(
    points: Sequence[Point], claimed: ClaimedRange, place: Callable[[str], Place | None], inside: set[int]
) -> Assessment:
    """Assess the end of a stretch; a relapse that the document names in another range does not make it wrong."""
    if claimed.fixed is None and claimed.last_affected is None:
        return assess_open(points)
    if claimed.fixed is not None:
        found = assess_fixed(points, position_of(claimed.fixed, points, place))
    else:
        found = assess_last_affected(points, position_of(claimed.last_affected or "", points, place))
    newest = max((number for number, point in enumerate(points) if point.verdict.is_judged), default=None)
    return Assessment.CONFIRMED if found is Assessment.RELAPSED and newest in inside else found


def position_of(name: str, points: Sequence[Point], place: Callable[[str], Place | None]) -> int | None:
    """Return the position of a candidate that a document names; None where it names none of these."""
    if name == BEGINNING:
        return 0 if points else None
    found = place(name)
    return found.position if found else None


def _together(
    points: Sequence[Point], found: Sequence[ClaimedStretch], *, too_wide: Sequence[str], too_narrow: Sequence[str]
) -> Assessment:
    """Return one word for all of a claim: what is wrong of an end, else of a beginning, else inside or outside."""
    judged = [point.verdict for point in points if point.verdict.is_judged]
    if not judged:
        return Assessment.UNTESTED
    if Verdict.REPRODUCED not in judged:
        return Assessment.NOT_SEEN
    words = [*(one.end for one in found), *(one.beginning for one in found)]
    wrong = [one for one in words if one not in SILENT and one is not Assessment.CONFIRMED]
    if wrong:
        return wrong[0]
    if too_wide or too_narrow:
        return Assessment.TOO_WIDE if too_wide else Assessment.TOO_NARROW
    return Assessment.UNTESTED if SILENT & set(words) else Assessment.CONFIRMED
