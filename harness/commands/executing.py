"""Executing cells with progress, as ``harness run`` and ``harness history`` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.execution.executors import local
from harness.execution.executors.admission import Admission
from harness.report.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.execution.laboratory import Laboratory
    from harness.model.cell import Cell
    from harness.model.result import CellResult
    from harness.selection.plan import Plan


def execute(
    plan: Plan, laboratory: Laboratory, cells: Mapping[Cell, int], *, jobs: int | None, quiet: bool
) -> tuple[dict[str, CellResult], bool]:
    """Execute so many trials of each cell; return the results by id, and whether the user interrupted."""
    found: dict[str, CellResult] = {}

    def finished(result: CellResult) -> None:
        result = plan.expecting(result)
        found[result.id] = result
        progress.finished(result)

    admission = Admission(jobs)
    costs = plan.known_costs(cells)
    with Progress(costs, quiet=quiet, at_once=admission.usual) as progress:
        try:
            local.execute(
                laboratory, cells, on_result=finished, on_wait=progress.tick, costs=costs, admission=admission
            )
        except KeyboardInterrupt:
            return found, True
    return found, False
