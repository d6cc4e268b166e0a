"""Who prepares what beside whom, with a laboratory that starts nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from harness.execution.executors import local
from harness.execution.executors.admission import Admission

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.cell import Cell
    from harness.model.result import CellResult

PATIENCE_S = 10.0  # a bound against hanging for ever, nothing that is measured


class Rooms:
    """A laboratory with an environment for each release, which one builder at a time can enter.

    It stands ready when another one is being built beside it.
    """

    def __init__(self, cells: list[Cell], make_result: Callable[..., CellResult]) -> None:
        """Have the cells' environments to build."""
        self._locks = {cell.release.version: threading.Lock() for cell in cells}
        self._beside = threading.Barrier(len(self._locks))
        self._ready: set[str] = set()
        self._make_result = make_result

    def environment_of(self, cell: Cell) -> str:
        """See `harness.execution.laboratory.Laboratory`."""
        return cell.release.version

    def prepare(self, cell: Cell, trials: int) -> CellResult:
        """Build, and have the result at once."""
        version = cell.release.version
        with self._locks[version]:
            if version not in self._ready:
                self._beside.wait(PATIENCE_S)
                self._ready.add(version)
        return self._make_result(id=cell.id, trials=trials)

    def failed(self, cell: Cell, error: Exception) -> CellResult:
        """Say that nobody came."""
        return self._make_result(id=cell.id, reason=repr(error))


def test_two_builders_do_not_wait_for_one_environment(
    make_cell: Callable[..., Cell], make_result: Callable[..., CellResult]
) -> None:
    """Four builders and six dear cells of one release: the three other releases are built all the same."""
    cells = [make_cell(version="1.0", variant=f"v{number}") for number in range(6)]
    cells += [make_cell(version=version) for version in ("1.1", "1.2", "1.3")]
    costs = {cell: 9 if cell.release.version == "1.0" else 1 for cell in cells}
    found: list[CellResult] = []
    local.execute(
        Rooms(cells, make_result),  # type: ignore[arg-type]
        dict.fromkeys(cells, 1),
        on_result=found.append,
        costs=costs,
        admission=Admission(cores=2),
    )
    assert {one.id: one.reason for one in found} == dict.fromkeys((cell.id for cell in cells), None)
