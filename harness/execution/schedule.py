"""Many cells side by side: environments are built by as many as there are cores, cells run far beyond them.

A cell mostly waits: for its server to start, for a timer to fire, for a request to end.
"""

from __future__ import annotations

import concurrent.futures
import functools
import os
import queue
import threading
from typing import TYPE_CHECKING

from harness.execution.laboratory import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harness.execution.laboratory import Laboratory
    from harness.model.cell import Cell
    from harness.model.result import CellResult

_TICK_S = 0.5


def default_jobs() -> int:
    """Return how many cells run at once where nobody says: six a core, since a cell works a small part of its time."""
    return 6 * (os.cpu_count() or 1)


def results(
    laboratory: Laboratory,
    cells: Sequence[Cell],
    *,
    jobs: int | None = None,
    on_wait: Callable[[], None] = lambda: None,
) -> Iterator[CellResult]:
    """Yield the result of every cell as it comes; when the caller is interrupted, end all that runs.

    Args:
        laboratory: an entered one.
        cells: what to run.
        jobs: how many cells run at once; None for what suits the machine.
        on_wait: called about twice a second while nothing is finished, for progress.

    """
    done: queue.SimpleQueue[CellResult | Prepared] = queue.SimpleQueue()
    stopped = threading.Event()

    def work(cell: Cell, step: Callable[[], CellResult | Prepared]) -> None:
        if stopped.is_set():
            return
        try:
            done.put(step())
        except Exception as error:  # noqa: BLE001 - one cell in which the harness fails must not end the others
            done.put(laboratory.failed(cell, error))

    with (
        concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as builders,
        concurrent.futures.ThreadPoolExecutor(max_workers=jobs or default_jobs()) as workers,
    ):
        try:
            for cell in cells:
                builders.submit(work, cell, functools.partial(laboratory.prepare, cell))
            left = len(cells)
            while left:
                try:
                    outcome = done.get(timeout=_TICK_S)
                except queue.Empty:
                    on_wait()
                    continue
                if isinstance(outcome, Prepared):
                    workers.submit(work, outcome.cell, functools.partial(laboratory.execute, outcome))
                    continue
                left -= 1
                yield outcome
        except BaseException:
            stopped.set()
            for pool in (builders, workers):
                pool.shutdown(wait=False, cancel_futures=True)
            laboratory.abandon()
            raise
