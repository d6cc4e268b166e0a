"""What is still to be run before a history stands.

The rule, in this order: the candidates that the search asks for; more trials of the candidates that the history stands
on; the cells with exchanged dependencies that tell what caused its boundaries; the cells with one exchanged dependency
that tell where a cause among the dependencies lies. The history stands when none is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.analysis.attribution import Cause
from harness.analysis.confidence import TRIALS, trials_wanted
from harness.analysis.history import boundaries
from harness.analysis.search import Strategy, anchors, bisect, sweep
from harness.analysis.tracing import trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.analysis.document import Searched
    from harness.analysis.history import Boundary
    from harness.analysis.series import Series
    from harness.analysis.tracing import ReleasesOf
    from harness.model.cell import Cell
    from harness.model.result import CellResult


def wanted(
    series: Series,
    results: Mapping[str, CellResult],
    searched: Searched,
    *,
    claimed: Sequence[str],
    trials: int = 1,
    causes: bool = True,
    releases_of: ReleasesOf = lambda _package: (),
) -> dict[Cell, int]:
    """Return the cells to run next with the trials that they are to have in all; none when the history stands.

    Args:
        series: the candidates, and their cells.
        results: of the cells that were run, by id.
        searched: the strategy, and the seed of a bisection.
        claimed: the candidates that documents name, as the documents have them.
        trials: how many of each candidate; never fewer than the scenario's own rule needs.
        causes: whether the boundaries are to be attributed.
        releases_of: returns the known releases of a package, for the search over a dependency.

    """
    enough = max(trials, series.trials)
    if found := _search(series, results, searched, claimed):
        return {series.cell(label): enough for label in found}
    points = series.points(results)
    if again := trials_wanted(points):
        return {series.cell(label): count for label, count in again.items()}
    if not (causes and series.has_causes):
        return {}
    edges = boundaries(points)
    exchanged = [cell for edge in edges for cell in _exchanged(series, edge, results) if cell.id not in results]
    traced = exchanged or [cell for edge in edges for cell in _traced(series, edge, results, releases_of)]
    return {cell: max(TRIALS, series.trials) for cell in traced}


def _search(
    series: Series, results: Mapping[str, CellResult], searched: Searched, claimed: Sequence[str]
) -> tuple[str, ...]:
    """Return the candidates that the search asks for next, none where it is over."""
    labels = series.labels
    verdicts = {label: result.verdict for label, result in series.results(results).items()}
    if searched.strategy is not Strategy.BISECT:
        return sweep(labels, verdicts)
    places = [place for name in claimed if (place := series.position(name, labels)) is not None]
    return bisect(labels, verdicts, anchors(labels, places, seed=f"{searched.seed} {series.key}"))


def _traced(
    series: Series, boundary: Boundary, results: Mapping[str, CellResult], releases_of: ReleasesOf
) -> tuple[Cell, ...]:
    """Return the cells that tell which dependency a boundary comes from, where it comes from one."""
    found = series.attribution(boundary, results)
    return trace(series, found, results, releases_of).wanted if found.cause is Cause.DEPENDENCY else ()


def _exchanged(series: Series, boundary: Boundary, results: Mapping[str, CellResult]) -> list[Cell]:
    """Return a boundary's two cells with exchanged dependencies, where these differ."""
    older, newer = boundary.older.label, boundary.newer.label
    cells = series.four_cells(boundary, results)
    pair = [series.cell(older, newer), series.cell(newer, older)]
    return [cell for cell in pair if cell.id in {cells.older_exchanged, cells.newer_exchanged}]
