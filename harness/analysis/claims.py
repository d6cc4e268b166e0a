"""A claim beside the measurement: was the document right, and what should a reader do.

``confirmed`` also covers a claim that names the end of a later affected range, where the failure had come back: the
release that it names is the first one without the failure that its readers had.
"""

from __future__ import annotations

import enum
import itertools
from typing import TYPE_CHECKING

import msgspec
from packaging.version import Version

from harness.analysis.search import Strategy
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.analysis.history import Gap, Point, Range, Ranges
    from harness.model.release import Release
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


# What the verdict at the claimed release says by itself; where it is ``absent`` the releases before it decide.
_AT_CLAIM = {
    Verdict.REPRODUCED: Assessment.NOT_FIXED,
    Verdict.UNHEALTHY: Assessment.UNHEALTHY_AT_CLAIM,
}


def assess(claimed: str, points: Sequence[Point]) -> Assessment:
    """Return whether the claim is right, by a history's points, oldest first.

    The release before the claimed one is the nearest judged one below it. Where a release between the two was not
    tried, that one may be the first without the failure, and the claim is untested.
    """
    version = Version(claimed)
    at = next((point.verdict for point in points if Version(point.version) == version), Verdict.NOT_RUN)
    if at is not Verdict.ABSENT:
        return _AT_CLAIM.get(at, Assessment.UNTESTED)
    below = [point.verdict for point in points if Version(point.version) < version]
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


def advice(points: Sequence[Point], found: Ranges, releases: Sequence[Release]) -> Advice | None:
    """Return the smallest release, final and not yanked, from which on none is affected or cannot do its work.

    Only where each later release was tried it is that one "or later". Where a later one cannot do its work, however
    new, it is the newest release that is free of the failure, by itself. None where there is nothing to leave behind,
    or nothing to go to.
    """
    if found.safe_since is None or not found.affected:
        return None
    usual = {release.version for release in releases if not (release.yanked or release.parsed.is_prerelease)}
    after = list(itertools.dropwhile(lambda point: point.version != found.safe_since, points))
    free = [place for place, point in enumerate(after) if point.verdict is Verdict.ABSENT and point.version in usual]
    if not free:
        return None
    bad = max((place for place, point in enumerate(after) if _is_bad(point)), default=-1)
    place = next((place for place in free if place > bad), free[-1])
    tried = all(point.verdict is not Verdict.NOT_RUN for point in after[place:])
    return Advice(release=after[place].version, or_later=place > bad and tried)


def _is_bad(point: Point) -> bool:
    """Whether nobody is sent to the release: it has the failure now and then, or cannot do its work."""
    return point.verdict is Verdict.UNHEALTHY or Verdict.REPRODUCED in point.tally


class ClaimResult(msgspec.Struct, frozen=True, kw_only=True):
    """A claim beside one history. ``sentence`` says it in plain words; ``upgrade_to`` is the `advice`.

    What it rests on: a history by ``strategy`` in which ``judged`` releases count; ``whole`` where it left none out
    that could be tried.
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


def sentence(claim: Claim, assessment: Assessment, found: Ranges, releases: Mapping[str, Release] | None = None) -> str:
    """Say in plain words what the page says and what was measured; ``releases``, by version, tell which came first."""
    at_claim = {
        Assessment.NOT_FIXED: [f"{claim.fixed} has the failure."],
        Assessment.UNHEALTHY_AT_CLAIM: [f"{claim.fixed} cannot do its ordinary work here."],
        Assessment.UNTESTED: [_why_untested(claim.fixed, found)],
        Assessment.CONFIRMED: ["That is right."],
        Assessment.RELAPSED: ["That is right of this release, and not of the newest one that could be judged."],
        Assessment.FIXED_EARLIER: [],  # since when it is gone says it
        Assessment.NOT_SEEN: ["No judged release has the failure, so that nothing is confirmed or refuted."],
    }[assessment]
    told = claim.fixed if assessment is Assessment.CONFIRMED else None
    rest = [] if assessment is Assessment.NOT_SEEN else _measured(found, told=told, releases=releases or {})
    return " ".join((f"The page says upgrade to {claim.fixed}.", *at_claim, *rest))


def _why_untested(claimed: str, found: Ranges) -> str:
    if claimed in found.judged:
        older = [version for version in found.judged if Version(version) < Version(claimed)]
        if not older:
            return f"No release before {claimed} could be judged here."
        if missing := [
            version for version in found.untested if Version(older[-1]) < Version(version) < Version(claimed)
        ]:
            return (
                f"{' to '.join(dict.fromkeys((missing[0], missing[-1])))} before it {_were(missing)} not tested here."
            )
        return f"No judged release before {claimed} has the failure."
    if claimed in found.tested:
        return f"{claimed} could not be judged here."
    return f"{claimed} was not tested here." if claimed in found.untested else f"{claimed} cannot be had here."


def _were(versions: Sequence[str]) -> str:
    return "was" if len(versions) == 1 else "were"


def _measured(found: Ranges, told: str | None, releases: Mapping[str, Release]) -> list[str]:
    """Say since when the failure is gone, where ``told`` has not said so already, and whether it came back."""
    if not found.affected:
        return ["No judged release has the failure."] if found.judged else []
    if found.safe_since is None:
        words = [f"The newest release that could be judged, {found.judged[-1]}, has it."]
    else:
        latest = " at the latest" if unknown_between(found.affected[-1], found.gaps) else ""
        words = [] if found.safe_since == told else [f"The failure is gone since {found.safe_since}{latest}."]
    if again := found.affected[1:]:
        words.append(_came_back(found.first_fixed or "", again, releases))
    return words


def unknown_between(one: Range, gaps: Sequence[Gap]) -> bool:
    """Whether a release without a judgement stands between a range and the first one that is free of it."""
    if one.fixed is None or one.last is None:
        return False
    end, fixed = Version(one.last), Version(one.fixed)
    return any(end < Version(gap.first) < fixed for gap in gaps)


def _came_back(first_fixed: str, again: Sequence[Range], releases: Mapping[str, Release]) -> str:
    """Say which later releases have it; one that had been uploaded before is not one in which it came back."""
    spans = " and in ".join(_span(one) for one in again)
    dates = [releases[one.first].uploaded for one in again if one.first and one.first in releases]
    if first_fixed in releases and any(date < releases[first_fixed].uploaded for date in dates):
        return f"It is gone with {first_fixed}, which was released later than others that have it: {spans}."
    return f"It was gone with {first_fixed} and came back in {spans}."


def _span(found: Range) -> str:
    return f"{found.first}" if found.first == found.last else f"{found.first} to {found.last}"
