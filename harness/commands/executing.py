"""The execution of cells as ``harness run``, ``harness history`` and pytest have it in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.execution.executors.admission import Admission
from harness.execution.executors.local import LocalExecutor
from harness.execution.recorder import Recorder
from harness.execution.runner import Runner
from harness.report.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.execution.executors.executor import Executor
    from harness.model.cell import Cell
    from harness.model.result import CellResult
    from harness.selection.plan import Plan
    from harness.selection.stored import Stored


def executor(plan: Plan, stored: Stored, *, admission: Callable[[], Admission] = Admission) -> Executor:
    """Return what executes the cells of a plan and enters their results; ``admission`` admits the cells of a call."""
    options = plan.options
    return LocalExecutor(
        Runner(plan.scenarios, cache=options.cache, retry=options.rerun),
        Recorder(plan.scenarios, stored.writable, rerun=options.rerun),
        admission=admission,
    )


def execute(
    plan: Plan, stored: Stored, executor: Executor, cells: Mapping[Cell, int], *, quiet: bool
) -> tuple[dict[str, CellResult], bool]:
    """Execute the given number of trials of each cell, with progress.

    Returns:
        The results by cell id, and whether the user interrupted.

    """
    found: dict[str, CellResult] = {}

    def finished(result: CellResult) -> None:
        result = plan.expecting(result)
        found[result.id] = result
        progress.finished(result)

    costs = stored.costs(cells)
    with Progress(costs, quiet=quiet, at_once=executor.at_once) as progress:
        try:
            tasks = [plan.task(cell, trials) for cell, trials in cells.items()]
            executor.execute(tasks, on_result=finished, on_wait=progress.tick, costs=costs)
        except KeyboardInterrupt:
            return found, True
    return found, False
