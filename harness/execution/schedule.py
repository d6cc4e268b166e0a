"""Many cells side by side: environments are built by as many as there are cores, cells run far beyond them.

A cell mostly waits: for its server to start, for a timer to fire, for a request to end. The cells of some platforms
work instead, see `harness.environments.WORKING`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import os
import queue
from typing import TYPE_CHECKING

from harness.environments import WORKING
from harness.errors import StorageError
from harness.execution.laboratory import AbandonedError, Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.execution.laboratory import Laboratory
    from harness.model.cell import Cell
    from harness.model.result import CellResult

    _Queue = queue.SimpleQueue[CellResult | Prepared | StorageError]

_TICK_S = 0.5
_POLL_S = 0.05


def default_jobs() -> int:
    """Return how many cells run at once where nobody says: six a core, since a cell works a small part of its time."""
    return 6 * (os.cpu_count() or 1)


def execute(
    laboratory: Laboratory,
    cells: Mapping[Cell, int],
    *,
    on_result: Callable[[CellResult], None],
    on_wait: Callable[[], None] = lambda: None,
    jobs: int | None = None,
) -> None:
    """Execute all cells; when the caller is interrupted, end all that runs and raise the interruption.

    Args:
        laboratory: an entered one.
        cells: what to execute, and how many trials of each there are to be.
        on_result: called in this thread with each result as it comes, also with what was finished when interrupted.
        on_wait: called about twice a second while nothing is finished, for progress.
        jobs: how many cells run at once; None for what suits the machine.

    """
    done: _Queue = queue.SimpleQueue()
    futures: list[concurrent.futures.Future[None]] = []
    cores = os.cpu_count() or 1

    def work(cell: Cell, step: Callable[[], CellResult | Prepared]) -> None:
        try:
            done.put(step())
        except AbandonedError:
            pass
        except Exception as error:  # noqa: BLE001 - one cell in which the harness fails must not end the others
            with contextlib.suppress(AbandonedError):
                done.put(_failed(laboratory, cell, error))

    with (
        concurrent.futures.ThreadPoolExecutor(max_workers=cores) as builders,
        concurrent.futures.ThreadPoolExecutor(max_workers=jobs or default_jobs()) as waiting,
        concurrent.futures.ThreadPoolExecutor(max_workers=min(jobs or cores, cores)) as working,
    ):
        futures += [
            builders.submit(work, cell, functools.partial(laboratory.prepare, cell, trials))
            for cell, trials in cells.items()
        ]
        left = len(cells)
        try:
            while left:
                outcome = _next(done)
                if outcome is None:
                    on_wait()
                    continue
                if isinstance(outcome, Prepared):
                    pool = working if outcome.cell.platform in WORKING else waiting
                    futures.append(pool.submit(work, outcome.cell, functools.partial(laboratory.execute, outcome)))
                else:
                    left -= 1
                    on_result(outcome)
        except BaseException:
            _abandon(laboratory, futures)
            while not done.empty():
                if not isinstance(finished := done.get(), (Prepared, StorageError)):
                    on_result(finished)
            raise


def _next(done: _Queue) -> CellResult | Prepared | None:
    """Return the next outcome; None where it takes its time.

    Raises:
        StorageError: no outcome can be kept any more.

    """
    try:
        outcome = done.get(timeout=_TICK_S)
    except queue.Empty:
        return None
    if isinstance(outcome, StorageError):
        raise outcome
    return outcome


def _failed(laboratory: Laboratory, cell: Cell, error: Exception) -> CellResult | StorageError:
    """Return what the harness's own failure makes of a cell, or else of the whole run."""
    try:
        return laboratory.failed(cell, error)
    except StorageError as final:
        return final


def _abandon(laboratory: Laboratory, futures: Sequence[concurrent.futures.Future[None]]) -> None:
    """Cancel what waits and end what runs, until nothing does."""
    for future in futures:
        future.cancel()
    while not all(future.done() for future in futures):
        laboratory.abandon()
        concurrent.futures.wait(futures, timeout=_POLL_S)
