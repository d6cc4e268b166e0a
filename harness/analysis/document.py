"""The whole JSON document of the public contract: cells, histories and claims, with the releases they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.analysis.claims import ClaimResult
from harness.analysis.search import Strategy
from harness.analysis.series import History, claim_result, history_of, series_of
from harness.model.names import SubjectName
from harness.model.release import Release
from harness.model.result import CellResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.analysis.series import Series
    from harness.model.coordinates import SeriesKey
    from harness.model.scenario import Claim

SCHEMA_VERSION = 1


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The document. ``releases`` are all known ones of each subject: what histories and claims are recomputed by."""

    schema_version: int
    cells: tuple[CellResult, ...]
    histories: tuple[History, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    releases: dict[SubjectName, tuple[Release, ...]] = msgspec.field(default_factory=dict)


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """How a series was searched, where that was by a strategy; ``releases`` where these were not all."""

    strategy: Strategy
    seed: int | None = None


def document_of(
    results: Iterable[CellResult],
    *,
    releases: Mapping[str, tuple[Release, ...]],
    claims: Mapping[str, Claim],
    searched: Mapping[SeriesKey, Searched],
) -> Document:
    """Return the document of some results.

    Args:
        results: of cells, controls among them or not; each cell once.
        releases: all known ones of each subject.
        claims: by scenario.
        searched: how a series came about; where it does not say, a series with every release is a sweep.

    """
    cells = tuple(results)
    by_id = {result.id: result for result in cells}
    histories, assessed = [], []
    for series in series_of(cells, releases):
        how = searched.get(series.key) or _by_itself(series, by_id)
        histories.append(history_of(series, by_id, strategy=how.strategy, seed=how.seed))
        if claim := claims.get(series.key.scenario):
            assessed.append(claim_result(series, by_id, claim, strategy=how.strategy))
    subjects = {result.subject for result in cells}
    return Document(
        schema_version=SCHEMA_VERSION,
        cells=cells,
        histories=tuple(histories),
        claims=tuple(assessed),
        releases={subject: tuple(known) for subject, known in releases.items() if subject in subjects},
    )


def fault_of(document: Document) -> str | None:
    """Say what in a document does not go together, which its types cannot say; None where all does."""
    seen: set[str] = set()
    for cell in document.cells:
        if cell.fault or cell.id in seen:
            return f"{cell.id}: {cell.fault or 'it is there twice'}"
        seen.add(cell.id)
    local = (one for known in document.releases.values() for one in known if one.source)
    return next((f"{one.version} is no release of an index" for one in local), None)


def _by_itself(series: Series, by_id: Mapping[str, CellResult]) -> Searched:
    whole = all(series.cell(version).id in by_id for version in series.versions)
    return Searched(strategy=Strategy.SWEEP if whole else Strategy.SELECTION)
