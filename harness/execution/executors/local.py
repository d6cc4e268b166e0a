"""Many cells side by side: environments are built ahead, dear cells go first.

How many cells run at once is not fixed: see `harness.execution.executors.admission`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import queue
from typing import TYPE_CHECKING, Self

from harness.errors import StorageError
from harness.execution.executors.admission import TICK_S, Admission
from harness.execution.laboratory import AbandonedError, Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from harness.execution.laboratory import Laboratory
    from harness.model.cell import Cell
    from harness.model.result import CellResult

_POLL_S = 0.05
_BUILDERS = 2  # for each core: half of a build is waiting for the index


def execute(
    laboratory: Laboratory,
    cells: Mapping[Cell, int],
    *,
    on_result: Callable[[CellResult], None],
    on_wait: Callable[[], None] = lambda: None,
    costs: Mapping[Cell, int] | None = None,
    admission: Admission | None = None,
) -> None:
    """Execute all cells; when the caller is interrupted, end all that runs and raise the interruption.

    Args:
        laboratory: an entered one.
        cells: what to execute, and how many trials of each there are to be.
        on_result: called in this thread with each result as it comes, also with what was finished when interrupted.
        on_wait: called some times a second while nothing is finished, for progress.
        costs: what each cell is known to take, in any unit; the dearest starts first.
        admission: lets cells in; by default by the load of the machine.

    """
    with _Crew(laboratory, admission or Admission(), costs or dict.fromkeys(cells, 0)) as crew:
        try:
            crew.prepare(cells)
            for _ in cells:
                while (result := crew.result()) is None:
                    on_wait()
                on_result(result)
        except BaseException:
            for result in crew.abandon():
                on_result(result)
            raise


class _Crew:
    """The threads that prepare cells and run them, and what they have done."""

    def __init__(self, laboratory: Laboratory, admission: Admission, costs: Mapping[Cell, int]) -> None:
        self._laboratory = laboratory
        self._admission = admission
        self._costs = costs
        self._done: queue.SimpleQueue[CellResult | Prepared | StorageError] = queue.SimpleQueue()
        self._futures: list[concurrent.futures.Future[None]] = []
        self._prepared: dict[str, Prepared] = {}  # by cell id, as long as the cell waits or runs
        self._builders = concurrent.futures.ThreadPoolExecutor(max_workers=_BUILDERS * admission.cores)
        self._runners = concurrent.futures.ThreadPoolExecutor(max_workers=admission.most)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._builders.shutdown()
        self._runners.shutdown()

    def prepare(self, cells: Mapping[Cell, int]) -> None:
        """Begin to prepare them for so many trials: one cell of each environment first, so that none is waited for."""
        dear = sorted(cells, key=lambda one: -self._costs[one])
        firsts = {self._laboratory.environment_of(cell): cell for cell in reversed(dear)}  # the dearest of each
        ahead = set(firsts.values())
        for cell in sorted(dear, key=lambda one: one not in ahead):
            step = functools.partial(self._laboratory.prepare, cell, cells[cell])
            self._futures.append(self._builders.submit(self._work, cell, step))

    def result(self) -> CellResult | None:
        """Start what may start, and return the next result; None where there is none for a moment.

        Raises:
            StorageError: no result can be kept any more.

        """
        while True:
            while cell := self._admission.admit():
                step = functools.partial(self._laboratory.execute, self._prepared[cell.id])
                self._futures.append(self._runners.submit(self._work, cell, step))
            try:
                outcome = self._done.get(timeout=TICK_S)
            except queue.Empty:
                return None
            if isinstance(outcome, StorageError):
                raise outcome
            if not isinstance(outcome, Prepared):
                if ran := self._prepared.pop(outcome.id, None):
                    self._admission.ended(ran.cell)
                return outcome
            self._prepared[outcome.cell.id] = outcome
            self._admission.wait(outcome.cell, self._costs[outcome.cell])

    def abandon(self) -> Iterator[CellResult]:
        """Cancel what waits and end what runs, until nothing does; yield the results that there are."""
        for future in self._futures:
            future.cancel()
        while not all(future.done() for future in self._futures):
            self._laboratory.abandon()
            concurrent.futures.wait(self._futures, timeout=_POLL_S)
        while not self._done.empty():
            if not isinstance(outcome := self._done.get(), (Prepared, StorageError)):
                yield outcome

    def _work(self, cell: Cell, step: Callable[[], CellResult | Prepared]) -> None:
        try:
            self._done.put(step())
        except AbandonedError:
            pass
        except BaseException as error:  # noqa: BLE001 - one cell in which the harness fails must not end the others
            with contextlib.suppress(AbandonedError):
                self._done.put(self._failed(cell, error))

    def _failed(self, cell: Cell, error: BaseException) -> CellResult | StorageError:
        """Return what the harness's own failure makes of a cell, or else of the whole run."""
        try:
            return self._laboratory.failed(cell, error)
        except StorageError as final:
            return final
