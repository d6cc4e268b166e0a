"""The whole JSON document of the public contract: cells, histories and claims, with the releases they are about.

The rule: a document says nothing that does not follow from its cells, its releases and how its series were searched.
Histories and claims can be computed again from these at any time.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.advice import advice
from harness.analysis.attribution import Cause
from harness.analysis.claims import ClaimResult, claim_results
from harness.analysis.confidence import confidence
from harness.analysis.history import boundaries, ranges
from harness.analysis.releases import specifiers
from harness.analysis.search import Strategy
from harness.analysis.series import History, series_of
from harness.analysis.tracing import trace
from harness.model.claim import Kind
from harness.model.names import SubjectName
from harness.model.release import Release
from harness.model.result import CellResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.analysis.attribution import Attribution
    from harness.analysis.history import Point
    from harness.analysis.series import Series
    from harness.model.claim import Claim
    from harness.model.coordinates import SeriesKey

SCHEMA_VERSION = 1


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The document. ``releases`` are all that are known of each subject, by which histories are computed again."""

    schema_version: int
    cells: tuple[CellResult, ...]
    histories: tuple[History, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    releases: dict[SubjectName, tuple[Release, ...]] = msgspec.field(default_factory=dict)


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """How a series was searched: by which strategy, and with which seed where that was a bisection."""

    strategy: Strategy
    seed: int | None = None


def document_of(
    results: Iterable[CellResult],
    *,
    releases: Mapping[str, tuple[Release, ...]],
    claims: Mapping[str, Sequence[Claim]],
    searched: Mapping[SeriesKey, Searched],
) -> Document:
    """Return the document of some results.

    Args:
        results: of cells, controls among them or not; each cell once.
        releases: all known ones of each subject, and of each dependency that was varied.
        claims: by scenario; histories of the releases' own moments assess them.
        searched: how each series came about. A series that is not in it is a sweep where it has a result of every
            release, else a selection. A series over a dependency that is not in it was made by a trace: no history.

    """
    cells = tuple(results)
    by_id = {result.id: result for result in cells}
    histories: list[History] = []
    assessed: list[ClaimResult] = []
    for series in series_of(cells, releases):
        if series.key.over and series.key not in searched:
            continue  # the cells of a trace, which stands at its boundary
        how = searched.get(series.key) or _by_itself(series, by_id)
        histories.append(history_of(series, by_id, strategy=how.strategy, seed=how.seed, releases=releases))
        if series.key.is_usual:
            assessed += claim_results(series, by_id, claims.get(series.key.scenario, ()), strategy=how.strategy)
    subjects = {name for history in histories for name in (history.subject, history.varied, *_traced(history))}
    subjects |= {result.subject for result in cells}
    return Document(
        schema_version=SCHEMA_VERSION,
        cells=cells,
        histories=tuple(histories),
        claims=tuple(assessed),
        releases={subject: tuple(known) for subject, known in releases.items() if subject in subjects},
    )


def history_of(
    series: Series,
    results: Mapping[str, CellResult],
    *,
    strategy: Strategy,
    seed: int | None = None,
    releases: Mapping[str, Sequence[Release]] = MappingProxyType({}),
) -> History:
    """Return the history of a series of releases from the results of its cells, by id.

    ``releases`` are the known releases of dependencies, by name.
    """
    points = series.points(results)
    found = ranges(points)
    to = advice(points, found)
    return History(
        **msgspec.structs.asdict(series.key),
        strategy=strategy,
        judged=found.judged,
        tested=found.tested,
        untested=found.untested,
        whole=series.is_whole(found),
        yanked=series.yanked,
        affected=found.affected,
        specifiers=specifiers(found.affected, [point.label for point in points]),
        first_fixed=found.first_fixed,
        safe_since=found.safe_since,
        relapses=found.relapses,
        gaps=found.gaps,
        trials=sum(result.trials for result in series.results(results).values()),
        confidence=_rounded_confidence(points),
        attribution=tuple(_attributions(series, points, results, releases)),
        seed=seed,
        upgrade_to=to.release if to else None,
        or_later=bool(to and to.or_later),
    )


def _attributions(
    series: Series,
    points: Sequence[Point],
    results: Mapping[str, CellResult],
    releases: Mapping[str, Sequence[Release]],
) -> Iterator[Attribution]:
    """Yield the cause of each boundary, oldest first; where that is the dependencies, with the trace of them."""
    for edge in boundaries(points) if series.has_causes else ():
        found = series.attribution(edge, results)
        if found.cause is Cause.DEPENDENCY:
            found = msgspec.structs.replace(found, trace=trace(series, found, results, releases.get).trace)
        yield found


def _traced(history: History) -> Iterator[str]:
    """Yield the dependencies whose releases a history's traces are about."""
    for one in history.attribution:
        if one.trace:
            yield from (*(through.package for through in one.trace.through), *one.trace.alike)


def fault_of(document: Document) -> str | None:
    """Say which parts of a document contradict each other, which its types cannot say; None where none do."""
    seen: set[str] = set()
    for cell in document.cells:
        if cell.fault or cell.id in seen:
            return f"{cell.id}: {cell.fault or 'it is there twice'}"
        seen.add(cell.id)
    for claim in document.claims:
        if claim.statement.kind is not claim.kind or (claim.kind is Kind.OPEN and claim.claimed is not None):
            return f"{claim.key}: a claim of the kind '{claim.kind}' says something else"
    local = (one for known in document.releases.values() for one in known if one.source)
    return next((f"{one.version} is no release of an index" for one in local), None)


def _by_itself(series: Series, by_id: Mapping[str, CellResult]) -> Searched:
    whole = all(name in by_id for name in series.ids)
    return Searched(strategy=Strategy.SWEEP if whole else Strategy.SELECTION)


def _rounded_confidence(points: Sequence[Point]) -> float | None:
    """Return the confidence as documents have it; None where there is no boundary to be sure of."""
    sure = confidence(points) if boundaries(points) else None
    return None if sure is None else round(sure, 6)
