"""A claim beside the measurement in plain words: what the document says, whether that is right, what is so instead.

The rule: a sentence says no more than the verdicts do. Where a claim could not be assessed, the sentence says why.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from harness.analysis.assessment import Assessment
from harness.analysis.history import unknown_between
from harness.model.claim import BEGINNING, Affected, Fixed, Introduced, MendedBy, StillOpen
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.analysis.coverage import Coverage
    from harness.analysis.history import Point, Range, Ranges
    from harness.model.claim import Statement

_MOST_NAMED = 6  # releases in one sentence
_NOT_SEEN = "No judged release has the failure, so that nothing is confirmed or refuted."


def said(statement: Statement) -> str:
    """Say what the document says, as the first sentence about it."""
    match statement:
        case Fixed(release=release):
            return f"The page says upgrade to {release}."
        case Introduced(release=release) if release == BEGINNING:
            return "The document says that the very first release has the failure."
        case Introduced(release=release):
            return f"The document says that the failure came with {release}."
        case Affected(ranges=ranges):
            return f"The document says that these releases are affected: {' or '.join(map(str, ranges))}."
        case MendedBy(commit=commit):
            return f"The document says that {commit} fixed the failure."
        case StillOpen():
            return "The document says that no release is without the failure."


def of_fix(name: str, assessment: Assessment, *, points: Sequence[Point], found: Ranges, claimed: int | None) -> str:
    """Say what was measured of a claimed fix.

    Args:
        name: the candidate as the document names it.
        assessment: of the claim.
        points: those of the history, oldest first.
        found: the ranges of the same points.
        claimed: the position of the named candidate; None where the document names none of these.

    """
    at_claim = {
        Assessment.NOT_FIXED: [f"{name} has the failure."],
        Assessment.UNHEALTHY_AT_CLAIM: [f"{name} cannot do its ordinary work here."],
        Assessment.UNTESTED: [_why_untested(name, points, claimed)],
        Assessment.CONFIRMED: ["That is right."],
        Assessment.RELAPSED: ["That is right of this release, and not of the newest one that could be judged."],
        Assessment.FIXED_EARLIER: [],  # since when it is gone says it
        Assessment.NOT_SEEN: [_NOT_SEEN],
    }[assessment]
    told = name if assessment is Assessment.CONFIRMED else None
    rest = [] if assessment is Assessment.NOT_SEEN else _measured(points, found, told=told)
    return " ".join((*at_claim, *rest))


def of_beginning(
    name: str, assessment: Assessment, *, points: Sequence[Point], found: Ranges, claimed: int | None
) -> str:
    """Say what was measured of a claimed beginning; the arguments are those of `of_fix`."""
    shown = points[0].label if name == BEGINNING and points else name
    if assessment in {Assessment.CONFIRMED, Assessment.NOT_SEEN}:
        return "That is right." if assessment is Assessment.CONFIRMED else _NOT_SEEN
    at = points[claimed].verdict if claimed is not None else None
    free = [f"{shown} is free of the failure."] if at is Verdict.ABSENT else []
    if assessment is Assessment.UNTESTED:
        return _why_untested(shown, points, claimed)
    return " ".join((*free, *(_begins(one) for one in found.affected)))


def of_ranges(coverage: Coverage, found: Ranges) -> str:
    """Say what was measured of claimed ranges."""
    assessment, judged = coverage.assessment, f"{len(found.judged)} judged releases"
    if assessment is Assessment.NOT_SEEN:
        return _NOT_SEEN
    if not found.judged:
        return "No release could be judged here."
    words = []
    if coverage.too_wide:
        words.append(f"It names releases that are free of the failure: {_some(coverage.too_wide)}.")
    if coverage.too_narrow:
        words.append(f"It leaves out releases that have the failure: {_some(coverage.too_narrow)}.")
    if assessment is Assessment.CONFIRMED:
        return f"That is right of all {judged}."
    for one in coverage.stretches:
        words += _ends_untold(one.beginning, one.end, one.introduced, one.fixed or one.last_affected)
    return " ".join(words) or f"None of {judged} contradicts that."


def of_commit() -> str:
    """Say that nothing was measured of a claimed commit."""
    return "No commit was tried."


def of_open(assessment: Assessment, *, points: Sequence[Point], found: Ranges) -> str:
    """Say what was measured of a failure that is said to be open; the arguments are those of `of_fix`."""
    if assessment is Assessment.NOT_SEEN:
        return _NOT_SEEN
    if not found.judged:
        return "No release could be judged here."
    if assessment is Assessment.UNTESTED:
        newer = itertools.dropwhile(lambda point: point.label != found.judged[-1], points)
        missing = [point.label for point in newer if point.verdict is Verdict.NOT_RUN]
        return f"{_newest(found)} {_not_tested(missing)}"
    right = ["That is right."] if assessment is Assessment.CONFIRMED else []
    return " ".join((*right, *_measured(points, found, told=None)))


def _ends_untold(beginning: Assessment, end: Assessment, first: str, last: str | None) -> list[str]:
    """Say which end of a claimed range could not be assessed."""
    begins = "with the very first release" if first == BEGINNING else f"with {first}"
    words = [f"Whether it begins {begins} could not be judged."] if beginning is Assessment.UNTESTED else []
    if end is Assessment.UNHEALTHY_AT_CLAIM:
        words.append(f"{last} cannot do its ordinary work here.")
    if end is Assessment.UNTESTED:
        words.append(f"Whether it ends at {last} could not be judged." if last else "The newest one is not known.")
    return words


def _begins(found: Range) -> str:
    if found.introduced is None and found.open_before:
        return f"{found.first} has it already, and no release before {found.first} could be judged."
    return f"The first release that has it is {found.first}."


def _some(labels: Sequence[str]) -> str:
    """Return a few labels, with the number of all."""
    if len(labels) <= _MOST_NAMED:
        return ", ".join(labels)
    return f"{', '.join(labels[: _MOST_NAMED - 1])} … {labels[-1]} ({len(labels)} releases)"


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
        return f"{_not_tested(missing, ' before it')}"
    return f"No judged release before {name} has the failure."


def _not_tested(missing: Sequence[str], where: str = "") -> str:
    were = "was" if len(missing) == 1 else "were"
    return f"{' to '.join(dict.fromkeys((missing[0], missing[-1])))}{where} {were} not tested here."


def _newest(found: Ranges) -> str:
    return f"The newest release that could be judged, {found.judged[-1]}, has it."


def _measured(points: Sequence[Point], found: Ranges, told: str | None) -> list[str]:
    """Say since when the failure is gone, where ``told`` has not said so already, and whether it came back."""
    if not found.affected:
        return ["No judged release has the failure."] if found.judged else []
    if found.safe_since is None:
        words = [_newest(found)]
    else:
        is_late = unknown_between(found.affected[-1], found.gaps, [point.label for point in points])
        latest = " at the latest" if is_late else ""
        words = [] if found.safe_since == told else [f"The failure is gone since {found.safe_since}{latest}."]
    if again := found.affected[1:]:
        words.append(_came_back(found.first_fixed or "", again, points))
    return words


def _came_back(first_fixed: str, again: Iterable[Range], points: Sequence[Point]) -> str:
    """Say which later candidates have it; in one that appeared before the fix did, the failure did not come back."""
    again = tuple(again)
    spans = " and in ".join(_span(one) for one in again)
    moments = {point.label: point.at for point in points if point.at}
    fixed_at = moments.get(first_fixed)
    if fixed_at and any(moments[one.first] < fixed_at for one in again if one.first in moments):
        return f"It is gone with {first_fixed}, which was released later than others that have it: {spans}."
    return f"It was gone with {first_fixed} and came back in {spans}."


def _span(found: Range) -> str:
    return f"{found.first}" if found.first == found.last else f"{found.first} to {found.last}"
