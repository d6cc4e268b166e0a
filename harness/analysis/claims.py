"""A claim beside the measurement: whether the document is right, and where its reader should go.

The rule: the verdict at the claimed candidate decides. Where that verdict is ``absent``, the nearest judged candidate
before the claimed one decides, and only if every candidate between the two was tried: one that was not tried may be the
first without the failure, and then the claim is untested.

A claim may name the end of a later affected range, where the failure had come back. Such a claim is ``confirmed`` too:
the candidate that it names is the first one without the failure that its readers had.
"""

from __future__ import annotations

import enum
import itertools
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.history import unknown_between
from harness.analysis.search import Strategy
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.analysis.history import Point, Range, Ranges
    from harness.model.scenario import Claim


class Assessment(enum.StrEnum):
    """Whether a document was right; the words of the public contract."""

    CONFIRMED = "confirmed"
    RELAPSED = "relapsed"
    FIXED_EARLIER = "fixed-earlier"
    NOT_FIXED = "not-fixed"
    UNHEALTHY_AT_CLAIM = "unhealthy-at-claim"
    NOT_SEEN = "not-seen"
    UNTESTED = "untested"


# What the verdict at the claimed candidate says by itself; where it is ``absent`` the candidates before it decide.
_AT_CLAIM = {
    Verdict.REPRODUCED: Assessment.NOT_FIXED,
    Verdict.UNHEALTHY: Assessment.UNHEALTHY_AT_CLAIM,
}


def assess(points: Sequence[Point], claimed: int | None) -> Assessment:
    """Return whether a claim is right.

    Args:
        points: those of a history, oldest first.
        claimed: the position of the candidate that the document names; None where the document names none of these.

    """
    if claimed is None:
        return Assessment.UNTESTED
    at = points[claimed].verdict
    if at is not Verdict.ABSENT:
        return _AT_CLAIM.get(at, Assessment.UNTESTED)
    below = [point.verdict for point in points[:claimed]]
    judged = [point.verdict for point in points if point.verdict.is_judged]
    between = list(itertools.takewhile(lambda verdict: not verdict.is_judged, reversed(below)))
    if len(between) == len(below) or Verdict.NOT_RUN in between:
        return Assessment.UNTESTED
    if below[-len(between) - 1] is Verdict.REPRODUCED:
        return Assessment.RELAPSED if judged[-1] is Verdict.REPRODUCED else Assessment.CONFIRMED
    if Verdict.REPRODUCED in below:
        return Assessment.FIXED_EARLIER
    return Assessment.UNTESTED if Verdict.REPRODUCED in judged else Assessment.NOT_SEEN


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go: one release, or with ``or_later`` that one and all that were judged after it."""

    release: str
    or_later: bool

    def __str__(self) -> str:
        """Say it to a person."""
        return f"upgrade to {self.release} or later" if self.or_later else f"upgrade to {self.release}"


def advice(points: Sequence[Point], found: Ranges) -> Advice | None:
    """Return the first usual candidate from which on none is affected or unable to do its work.

    "Or later" is said only where each later candidate was tried. Where a later candidate cannot do its work, however
    new, the advice is the newest candidate that is free of the failure, by itself. None where there is nothing to leave
    behind, or nothing to go to.

    Args:
        points: those of a history, oldest first.
        found: the ranges of the same points.

    """
    if found.safe_since is None or not found.affected:
        return None
    after = list(itertools.dropwhile(lambda point: point.label != found.safe_since, points))
    free = [place for place, point in enumerate(after) if point.verdict is Verdict.ABSENT and point.is_usual]
    if not free:
        return None
    bad = max((place for place, point in enumerate(after) if _is_bad(point)), default=-1)
    place = next((place for place in free if place > bad), free[-1])
    tried = all(point.verdict is not Verdict.NOT_RUN for point in after[place:])
    return Advice(release=after[place].label, or_later=place > bad and tried)


def _is_bad(point: Point) -> bool:
    """Whether nobody is sent to the candidate: it has the failure now and then, or cannot do its work."""
    return point.verdict is Verdict.UNHEALTHY or Verdict.REPRODUCED in point.tally


class ClaimResult(msgspec.Struct, frozen=True, kw_only=True):
    """A claim beside one history. ``sentence`` says the assessment in plain words; ``upgrade_to`` is the `advice`.

    The assessment rests on a history by ``strategy`` in which ``judged`` releases count; ``whole`` says that the
    history left no release out that could be tried.
    """

    scenario: str
    variant: str
    document: str
    claimed_fixed: str
    first_fixed: str | None
    safe_since: str | None
    relapses: tuple[str, ...]
    assessment: Assessment
    python: str
    platform: str
    sentence: str
    upgrade_to: str | None
    or_later: bool = False
    strategy: Strategy = Strategy.SELECTION
    whole: bool = False
    judged: int = 0

    @property
    def advice(self) -> str:
        """Where to go, in words; empty where there is no advice."""
        return str(Advice(release=self.upgrade_to, or_later=self.or_later)) if self.upgrade_to else ""


def sentence(
    claim: Claim, assessment: Assessment, *, points: Sequence[Point], found: Ranges, claimed: int | None
) -> str:
    """Say in plain words what the page says and what was measured.

    Args:
        claim: what the page says.
        assessment: of the claim, by `assess`.
        points: those of the history, oldest first.
        found: the ranges of the same points.
        claimed: the position of the candidate that the page names; None where the page names none of these.

    """
    at_claim = {
        Assessment.NOT_FIXED: [f"{claim.fixed} has the failure."],
        Assessment.UNHEALTHY_AT_CLAIM: [f"{claim.fixed} cannot do its ordinary work here."],
        Assessment.UNTESTED: [_why_untested(claim.fixed, points, claimed)],
        Assessment.CONFIRMED: ["That is right."],
        Assessment.RELAPSED: ["That is right of this release, and not of the newest one that could be judged."],
        Assessment.FIXED_EARLIER: [],  # since when it is gone says it
        Assessment.NOT_SEEN: ["No judged release has the failure, so that nothing is confirmed or refuted."],
    }[assessment]
    told = claim.fixed if assessment is Assessment.CONFIRMED else None
    rest = [] if assessment is Assessment.NOT_SEEN else _measured(points, found, told=told)
    return " ".join((f"The page says upgrade to {claim.fixed}.", *at_claim, *rest))


def _why_untested(name: str, points: Sequence[Point], claimed: int | None) -> str:
    at = Verdict.UNSUPPORTED if claimed is None else points[claimed].verdict
    if at is Verdict.UNSUPPORTED:
        return f"{name} cannot be had here."
    if at is Verdict.NOT_RUN:
        return f"{name} was not tested here."
    return _why_silent_before(name, points[:claimed]) if at.is_judged else f"{name} could not be judged here."


def _why_silent_before(name: str, older: Sequence[Point]) -> str:
    """Say why the candidates before a judged one do not tell whether the claim is right."""
    between = list(itertools.takewhile(lambda point: not point.verdict.is_judged, reversed(older)))
    if len(between) == len(older):
        return f"No release before {name} could be judged here."
    if missing := [point.label for point in reversed(between) if point.verdict is Verdict.NOT_RUN]:
        were = "was" if len(missing) == 1 else "were"
        return f"{' to '.join(dict.fromkeys((missing[0], missing[-1])))} before it {were} not tested here."
    return f"No judged release before {name} has the failure."


def _measured(points: Sequence[Point], found: Ranges, told: str | None) -> list[str]:
    """Say since when the failure is gone, where ``told`` has not said so already, and whether it came back."""
    if not found.affected:
        return ["No judged release has the failure."] if found.judged else []
    if found.safe_since is None:
        words = [f"The newest release that could be judged, {found.judged[-1]}, has it."]
    else:
        is_late = unknown_between(found.affected[-1], found.gaps, [point.label for point in points])
        latest = " at the latest" if is_late else ""
        words = [] if found.safe_since == told else [f"The failure is gone since {found.safe_since}{latest}."]
    if again := found.affected[1:]:
        words.append(_came_back(found.first_fixed or "", again, points))
    return words


def _came_back(first_fixed: str, again: Sequence[Range], points: Sequence[Point]) -> str:
    """Say which later candidates have it; in one that appeared before the fix did, the failure did not come back."""
    spans = " and in ".join(_span(one) for one in again)
    moments = {point.label: point.at for point in points if point.at}
    fixed_at = moments.get(first_fixed)
    if fixed_at and any(moments[one.first] < fixed_at for one in again if one.first in moments):
        return f"It is gone with {first_fixed}, which was released later than others that have it: {spans}."
    return f"It was gone with {first_fixed} and came back in {spans}."


def _span(found: Range) -> str:
    return f"{found.first}" if found.first == found.last else f"{found.first} to {found.last}"
