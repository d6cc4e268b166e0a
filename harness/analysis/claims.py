"""A claim beside the measurement: each statement of a claim with its assessment, what was measured, and in plain words.

The rule: a statement is assessed by itself, on every history that its document speaks of. Which words an assessment has
is the matter of `harness.analysis.assessment` and `harness.analysis.coverage`; this module puts the parts together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.analysis import sentences
from harness.analysis.advice import Advice, advice
from harness.analysis.assessment import Assessment, assess_fixed, assess_introduced, assess_open
from harness.analysis.coverage import ClaimedStretch, cover, position_of
from harness.analysis.history import Range, ranges
from harness.analysis.search import Strategy
from harness.model.claim import Affected, ClaimedRange, Fixed, Introduced, Kind, MendedBy, StillOpen
from harness.model.coordinates import Axes, SeriesKey
from harness.model.names import Text, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.analysis.candidates import Place
    from harness.analysis.history import Point, Ranges
    from harness.analysis.series import Series
    from harness.model.claim import Claim, Statement
    from harness.model.result import CellResult


class ClaimResult(Axes, frozen=True, kw_only=True):
    """One statement of a claim beside one history. ``sentence`` says the assessment in plain words.

    ``claimed`` and ``measured`` are of the claim's kind: a release for ``fixed`` and ``introduced``, of which the
    measured one ends, or begins, the affected range that is nearest to the claim, null where that was not seen; ranges
    for ``range``; a commit or pull request for ``commit``, of which nothing was measured yet; null for ``open``, where
    the measured release is the one since which the failure is gone. ``claimed_fixed`` repeats the release of ``fixed``.

    Of a range, ``stretches`` has the assessment of each end, ``too_wide`` the judged releases that the document names
    and that are free of the failure, ``too_narrow`` the affected ones that it does not name.

    ``upgrade_to`` is the `harness.analysis.advice`. The assessment rests on a history by ``strategy`` in which
    ``judged`` releases count; ``whole`` says that the history left no release out that could be tried.
    """

    document: Word
    claimed_fixed: str | None
    first_fixed: str | None
    safe_since: str | None
    relapses: tuple[str, ...]
    assessment: Assessment
    kind: Kind
    claimed: Word | tuple[ClaimedRange, ...] | None
    measured: str | tuple[Range, ...] | None
    references: tuple[Word, ...]
    sentence: Text
    upgrade_to: str | None
    or_later: bool = False
    strategy: Strategy = Strategy.SELECTION
    whole: bool = False
    judged: int = 0
    stretches: tuple[ClaimedStretch, ...] = ()
    too_wide: tuple[str, ...] = ()
    too_narrow: tuple[str, ...] = ()

    @property
    def key(self) -> SeriesKey:
        """The name of the series that the claim is assessed by; claims are of usual series alone."""
        return SeriesKey(**self.axes)

    @property
    def advice(self) -> str:
        """Where to go, in words; empty where there is no advice."""
        return str(Advice(release=self.upgrade_to, or_later=self.or_later)) if self.upgrade_to else ""

    @property
    def statement(self) -> Statement:
        """What the document says."""
        match self.kind, self.claimed:
            case Kind.FIXED, str(release):
                return Fixed(release)
            case Kind.INTRODUCED, str(release):
                return Introduced(release)
            case Kind.COMMIT, str(commit):
                return MendedBy(commit)
            case Kind.RANGE, tuple(named):
                return Affected(named)
            case _:
                return StillOpen()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a history says about one statement; the fields are those of `ClaimResult`."""

    assessment: Assessment
    claimed: str | tuple[ClaimedRange, ...] | None
    measured: str | tuple[Range, ...] | None
    words: str
    stretches: tuple[ClaimedStretch, ...] = ()
    too_wide: tuple[str, ...] = ()
    too_narrow: tuple[str, ...] = ()


def claim_results(
    series: Series,
    results: Mapping[str, CellResult],
    claims: Sequence[Claim],
    *,
    strategy: Strategy = Strategy.SELECTION,
) -> Iterator[ClaimResult]:
    """Yield each statement of the claims that speak of a series, beside the series' history.

    Args:
        series: the candidates, and their cells.
        results: of the cells, by id.
        claims: about the failure of the series.
        strategy: how the history came about.

    """
    points = series.points(results)
    found, labels = ranges(points), [point.label for point in points]
    to = advice(points, found)
    whole = series.is_whole(found)
    for claim in claims:
        for statement in claim.statements if claim.condition.admits(series.key) else ():
            one = assessed(statement, points, found, lambda name: series.find(name, labels))
            advised = None if statement.kind is Kind.COMMIT else to
            yield _result(series.key, claim, statement, one, found, advised, strategy=strategy, whole=whole)


def _result(
    key: SeriesKey,
    claim: Claim,
    statement: Statement,
    one: Finding,
    found: Ranges,
    to: Advice | None,
    *,
    strategy: Strategy,
    whole: bool,
) -> ClaimResult:
    return ClaimResult(
        **key.axes,
        document=claim.document,
        kind=statement.kind,
        claimed=one.claimed,
        measured=one.measured,
        references=claim.references,
        claimed_fixed=claim.fixed if statement.kind is Kind.FIXED else None,
        first_fixed=found.first_fixed,
        safe_since=found.safe_since,
        relapses=found.relapses,
        assessment=one.assessment,
        sentence=f"{sentences.said(statement)} {one.words}",
        upgrade_to=to.release if to else None,
        or_later=bool(to and to.or_later),
        strategy=strategy,
        whole=whole,
        judged=len(found.judged),
        stretches=one.stretches,
        too_wide=one.too_wide,
        too_narrow=one.too_narrow,
    )


def assessed(
    statement: Statement, points: Sequence[Point], found: Ranges, place: Callable[[str], Place | None]
) -> Finding:
    """Return what a history says about a statement.

    Args:
        statement: what the document says.
        points: those of the history, oldest first.
        found: the ranges of the same points.
        place: returns where a name of the document stands among the points; None where nobody can say.

    """
    match statement:
        case Fixed(release=release):
            return _of_fix(release, points, found, position_of(release, points, place))
        case Introduced(release=release):
            return _of_beginning(release, points, found, position_of(release, points, place))
        case Affected(ranges=named):
            return _of_ranges(named, points, found, place)
        case MendedBy(commit=commit):
            return Finding(assessment=Assessment.UNTESTED, claimed=commit, measured=None, words=sentences.of_commit())
        case StillOpen():
            word = assess_open(points)
            words = sentences.of_open(word, points=points, found=found)
            since = found.safe_since if found.affected else None
            return Finding(assessment=word, claimed=None, measured=since, words=words)


def _of_fix(release: str, points: Sequence[Point], found: Ranges, claimed: int | None) -> Finding:
    word = assess_fixed(points, claimed)
    words = sentences.of_fix(release, word, points=points, found=found, claimed=claimed)
    return Finding(assessment=word, claimed=release, measured=_end_near(claimed, points, found), words=words)


def _of_beginning(release: str, points: Sequence[Point], found: Ranges, claimed: int | None) -> Finding:
    word = assess_introduced(points, claimed)
    words = sentences.of_beginning(release, word, points=points, found=found, claimed=claimed)
    return Finding(assessment=word, claimed=release, measured=_beginning_near(claimed, points, found), words=words)


def _of_ranges(
    named: tuple[ClaimedRange, ...], points: Sequence[Point], found: Ranges, place: Callable[[str], Place | None]
) -> Finding:
    coverage = cover(points, named, place)
    return Finding(
        assessment=coverage.assessment,
        claimed=named,
        measured=found.affected,
        words=sentences.of_ranges(coverage, found),
        stretches=coverage.stretches,
        too_wide=coverage.too_wide,
        too_narrow=coverage.too_narrow,
    )


def _end_near(claimed: int | None, points: Sequence[Point], found: Ranges) -> str | None:
    """Return the measured end of the last affected range that begins before a claimed one, or of the first range."""
    before = [one for one, first in _begins(points, found) if claimed is not None and first <= claimed]
    near = before[-1] if before else next(iter(found.affected), None)
    return near.fixed if near else None


def _beginning_near(claimed: int | None, points: Sequence[Point], found: Ranges) -> str | None:
    """Return the measured beginning of the first affected range that reaches to a claimed one or beyond, or the last.

    None where the range may have begun with a release that could not be judged.
    """
    places = {point.label: number for number, point in enumerate(points)}
    after = [one for one in found.affected if claimed is not None and places[one.last or ""] >= claimed]
    near = after[0] if after else next(reversed(found.affected), None)
    return None if near is None or near.open_before else near.first


def _begins(points: Sequence[Point], found: Ranges) -> Iterator[tuple[Range, int]]:
    """Yield each affected range with the position of its first candidate."""
    places = {point.label: number for number, point in enumerate(points)}
    for one in found.affected:
        yield one, places[one.first or ""]
