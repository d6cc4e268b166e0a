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

from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.analysis.history import Point, Range, Ranges
    from harness.model.release import Release
    from harness.model.scenario import Claim


class Assessment(enum.StrEnum):
    """Whether a document was right; the words of the public contract."""

    CONFIRMED = "confirmed"
    FIXED_EARLIER = "fixed-earlier"
    NOT_FIXED = "not-fixed"
    UNHEALTHY_AT_CLAIM = "unhealthy-at-claim"
    UNTESTED = "untested"


# What the verdict at the claimed release says by itself; where it is ``absent`` the release before it decides.
_AT_CLAIM = {
    Verdict.REPRODUCED: Assessment.NOT_FIXED,
    Verdict.UNHEALTHY: Assessment.UNHEALTHY_AT_CLAIM,
}
_BEFORE_CLAIM = {
    Verdict.REPRODUCED: Assessment.CONFIRMED,
    Verdict.ABSENT: Assessment.FIXED_EARLIER,
    None: Assessment.UNTESTED,
}


def assess(claimed: str, points: Sequence[Point]) -> Assessment:
    """Return whether the claim is right, by a history's points, oldest first.

    The release before the claimed one is the nearest judged one below it.
    """
    version = Version(claimed)
    at = next((point.verdict for point in points if Version(point.version) == version), Verdict.NOT_RUN)
    if at is not Verdict.ABSENT:
        return _AT_CLAIM.get(at, Assessment.UNTESTED)
    below = [p.verdict for p in points if Version(p.version) < version and p.verdict.is_judged]
    return _BEFORE_CLAIM[below[-1] if below else None]


def advice(points: Sequence[Point], found: Ranges, releases: Sequence[Release]) -> str | None:
    """Return the smallest release that is safe and healthy: final, not yanked, none affected after it.

    None where there is nothing to leave behind, or nothing to go to.
    """
    if found.safe_since is None or not found.affected:
        return None
    usual = {release.version for release in releases if not (release.yanked or release.parsed.is_prerelease)}
    safe = itertools.dropwhile(lambda point: point.version != found.safe_since, points)
    return next((p.version for p in safe if p.verdict is Verdict.ABSENT and p.version in usual), None)


class ClaimResult(msgspec.Struct, frozen=True, kw_only=True):
    """A claim beside one history. ``sentence`` says it in plain words; ``upgrade_to`` is the `advice`."""

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


def sentence(claim: Claim, assessment: Assessment, found: Ranges) -> str:
    """Say in plain words what the page says and what was measured."""
    at_claim = {
        Assessment.NOT_FIXED: [f"{claim.fixed} has the failure."],
        Assessment.UNHEALTHY_AT_CLAIM: [f"{claim.fixed} cannot do its ordinary work here."],
        Assessment.UNTESTED: [_why_untested(claim.fixed, found)],
        Assessment.CONFIRMED: ["That is right."],
        Assessment.FIXED_EARLIER: [],  # since when it is gone says it
    }[assessment]
    told = claim.fixed if assessment is Assessment.CONFIRMED else None
    return " ".join((f"The page says upgrade to {claim.fixed}.", *at_claim, *_measured(found, told=told)))


def _why_untested(claimed: str, found: Ranges) -> str:
    if claimed in found.tested:
        return f"{claimed}, or every release before it, could not be judged here."
    return f"{claimed} was not tested here." if claimed in found.untested else f"{claimed} cannot be had here."


def _measured(found: Ranges, told: str | None) -> list[str]:
    """Say since when the failure is gone, where ``told`` has not said so already, and whether it came back."""
    if not found.affected:
        return ["No tested release has the failure."] if found.safe_since else []
    if found.safe_since is None:
        words = ["The newest release that could be judged has it."]
    else:
        words = [] if found.safe_since == told else [f"The failure is gone since {found.safe_since}."]
    if again := [_span(one) for one in found.affected[1:]]:
        words.append(f"It was gone with {found.first_fixed} and came back in {' and in '.join(again)}.")
    return words


def _span(found: Range) -> str:
    if found.last_affected is None:
        return f"{found.introduced} and later"
    if found.introduced == found.last_affected:
        return found.last_affected
    return f"{found.introduced} to {found.last_affected}"
