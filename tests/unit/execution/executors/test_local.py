"""Who prepares what beside whom, with a runner that starts nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from harness.environments.recipes import request_for
from harness.execution.executors.admission import Admission
from harness.execution.executors.local import LocalExecutor
from harness.model.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.environments.backend import Request, Resolution
    from harness.model.cell import Cell
    from harness.model.result import CellResult
    from harness.model.verdict import Verdict

PATIENCE_S = 10.0  # a bound against hanging for ever, nothing that is measured


class Rooms:
    """A runner and a recorder with an environment for each release, which one builder at a time can enter.

    It stands ready when another one is being built beside it.
    """

    def __init__(self, cells: list[Cell], make_result: Callable[..., CellResult]) -> None:
        """Have the cells' environments to build."""
        self._locks = {cell.release.version: threading.Lock() for cell in cells}
        self._beside = threading.Barrier(len(self._locks))
        self._ready: set[str] = set()
        self._make_result = make_result

    def environment_of(self, task: Task) -> str:
        """See `harness.execution.runner.Runner`."""
        return task.cell.release.version

    def foreseen(self, _task: Task) -> None:
        """See `harness.execution.recorder.Recorder`."""

    def resolve(self, task: Task) -> Request:
        """See `harness.execution.runner.Runner`."""
        return request_for(task.cell, task.cell.release, ())

    def remaining(self, task: Task, _resolution: Resolution) -> CellResult:
        """Build, and have the result at once."""
        version = task.cell.release.version
        with self._locks[version]:
            if version not in self._ready:
                self._beside.wait(PATIENCE_S)
                self._ready.add(version)
        return self._make_result(id=task.cell.id)

    def go_on(self) -> None:
        """See `harness.execution.runner.Runner`."""

    def unjudged(self, cell: Cell, _verdict: Verdict, reason: str) -> CellResult:
        """Say that nobody came."""
        return self._make_result(id=cell.id, reason=reason)


def test_two_builders_do_not_wait_for_one_environment(
    make_cell: Callable[..., Cell], make_result: Callable[..., CellResult]
) -> None:
    """Four builders and six dear cells of one release: the three other releases are built all the same."""
    cells = [make_cell(version="1.0", variant=f"v{number}") for number in range(6)]
    cells += [make_cell(version=version) for version in ("1.1", "1.2", "1.3")]
    costs = {cell: 9 if cell.release.version == "1.0" else 1 for cell in cells}
    found: list[CellResult] = []
    rooms = Rooms(cells, make_result)
    executor = LocalExecutor(rooms, rooms, admission=lambda: Admission(cores=2))  # type: ignore[arg-type]
    executor.execute([Task(cell=cell, scenario="s") for cell in cells], on_result=found.append, costs=costs)
    assert {one.id: one.reason for one in found} == dict.fromkeys((cell.id for cell in cells), None)
