"""What is still to be run before a history stands: first its search, then its boundaries again, then their causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.analysis.confidence import TRIALS, trials_wanted
from harness.analysis.history import boundaries
from harness.analysis.search import Strategy, anchors, bisect, sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.analysis.document import Searched
    from harness.analysis.history import Boundary
    from harness.analysis.series import Series
    from harness.model.cell import Cell
    from harness.model.result import CellResult


def wanted(
    series: Series,
    results: Mapping[str, CellResult],
    searched: Searched,
    *,
    claimed: str | None,
    trials: int = 1,
    causes: bool = True,
) -> dict[Cell, int]:
    """Return the cells to run next with the trials that they are to have in all; none when the history stands.

    Args:
        series: what it is about.
        results: of the cells that were run, by id.
        searched: the strategy, and the seed of a bisection.
        claimed: the release that a document names.
        trials: how many of each release; never fewer than the scenario's own rule needs.
        causes: whether the boundaries are to be attributed.

    """
    enough = max(trials, series.trials)
    verdicts = {version: result.verdict for version, result in series.results(results).items()}
    if searched.strategy is Strategy.BISECT:
        always = anchors(series.versions, claimed, seed=f"{searched.seed} {series.key}")
        found = bisect(series.versions, verdicts, always)
    else:
        found = sweep(series.versions, verdicts)
    if found:
        return {series.cell(version): enough for version in found}
    points = series.points(results)
    if again := trials_wanted(points):
        return {series.cell(version): count for version, count in again.items()}
    exchanged = [cell for boundary in boundaries(points) for cell in _exchanged(series, boundary, results)]
    return {cell: max(TRIALS, series.trials) for cell in exchanged if cell.id not in results} if causes else {}


def _exchanged(series: Series, boundary: Boundary, results: Mapping[str, CellResult]) -> list[Cell]:
    """Return a boundary's two cells with exchanged dependencies, where these differ."""
    older, newer = boundary.older.version, boundary.newer.version
    cells = series.four_cells(boundary, results)
    pair = [series.cell(older, newer), series.cell(newer, older)]
    return [cell for cell in pair if cell.id in {cells.older_exchanged, cells.newer_exchanged}]
