"""Tasks on this machine, many side by side: environments are built ahead, expensive cells go first.

How many cells run at once is not fixed: see `harness.execution.executors.admission`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import queue
import threading
from typing import TYPE_CHECKING, NamedTuple, Self

from harness.errors import EnvironmentFailedError, ExcludedError, StorageError
from harness.execution.executors.admission import TICK_S, Admission
from harness.execution.runner import AbandonedError, own_failure
from harness.model.result import CellResult
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from harness.environments.backend import Environment
    from harness.execution.recorder import Recorder
    from harness.execution.runner import Runner
    from harness.model.cell import Cell
    from harness.model.task import Task

_POLL_S = 0.05
_MOMENT_S = 0.02  # ten times what it takes to look up something that is known
_BUILDERS = 2  # for each core: a build waits for the index half of its time


class Ready(NamedTuple):
    """A task whose environment is built."""

    task: Task
    environment: Environment


class LocalExecutor:
    """See `harness.execution.executors.executor.Executor`."""

    def __init__(self, runner: Runner, recorder: Recorder, *, admission: Callable[[], Admission] = Admission) -> None:
        """Execute by this runner and recorder; ``admission`` makes a new admission for each call of `execute`."""
        self._runner = runner
        self._recorder = recorder
        self._admission = admission

    def __enter__(self) -> Self:
        """See `harness.execution.executors.executor.Executor`."""
        self._runner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See `harness.execution.executors.executor.Executor`."""
        self._recorder.close()
        self._runner.__exit__(kind, error, trace)

    @property
    def at_once(self) -> int:
        """See `harness.execution.executors.executor.Executor`."""
        return self._admission().usual

    def execute(
        self,
        tasks: Sequence[Task],
        *,
        on_result: Callable[[CellResult], None],
        on_wait: Callable[[], None] = lambda: None,
        costs: Mapping[Cell, int] | None = None,
    ) -> None:
        """See `harness.execution.executors.executor.Executor`."""
        costs = costs or dict.fromkeys((task.cell for task in tasks), 0)
        with _Crew(self._runner, self._recorder, self._admission(), costs) as crew:
            try:
                crew.prepare(tasks)
                for _ in tasks:
                    while (result := crew.result()) is None:
                        on_wait()
                    on_result(result)
            except BaseException:
                for result in crew.abandon():
                    on_result(result)
                raise


class _Crew:
    """The threads that prepare and run tasks, and the queue of their outcomes."""

    def __init__(self, runner: Runner, recorder: Recorder, admission: Admission, costs: Mapping[Cell, int]) -> None:
        self._runner = runner
        self._recorder = recorder
        self._admission = admission
        self._costs = costs
        self._done: queue.SimpleQueue[CellResult | Ready | StorageError] = queue.SimpleQueue()
        self._futures: list[concurrent.futures.Future[None]] = []
        self._ready: dict[str, Ready] = {}  # by cell id, as long as the cell waits or runs
        self._looking_up = threading.Lock()
        self._builders = concurrent.futures.ThreadPoolExecutor(max_workers=_BUILDERS * admission.cores)
        self._runners = concurrent.futures.ThreadPoolExecutor(max_workers=admission.most)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._builders.shutdown()
        self._runners.shutdown()

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Begin to prepare tasks: first one for each environment, so that no builder waits for another."""
        expensive = sorted(tasks, key=lambda one: -self._costs[one.cell])
        firsts = {self._runner.environment_of(one): one.cell.id for one in reversed(expensive)}
        ahead = set(firsts.values())
        for task in sorted(expensive, key=lambda one: one.cell.id not in ahead):
            step = functools.partial(self._prepare, task)
            self._futures.append(self._builders.submit(self._work, task.cell, step))

    def result(self) -> CellResult | None:
        """Start the cells that may start, and return the next result; None where none comes within `TICK_S`.

        Raises:
            StorageError: no result can be stored any more.

        """
        while True:
            while cell := self._admission.admit():
                step = functools.partial(self._execute, self._ready[cell.id])
                self._futures.append(self._runners.submit(self._work, cell, step))
            try:
                outcome = self._done.get(timeout=TICK_S)
            except queue.Empty:
                return None
            if isinstance(outcome, StorageError):
                raise outcome
            if isinstance(outcome, CellResult):
                if ran := self._ready.pop(outcome.id, None):
                    self._admission.ended(ran.task.cell)
                return outcome
            cell = outcome.task.cell
            self._ready[cell.id] = outcome
            self._admission.wait(cell, self._costs[cell])

    def abandon(self) -> Iterator[CellResult]:
        """Cancel the tasks that wait and end those that run; when all have ended, yield the results that came."""
        for future in self._futures:
            future.cancel()
        while not all(future.done() for future in self._futures):
            self._runner.abandon()
            concurrent.futures.wait(self._futures, timeout=_POLL_S)
        while not self._done.empty():
            if isinstance(outcome := self._done.get(), CellResult):
                yield outcome

    def _prepare(self, task: Task) -> CellResult | Ready:
        """Return the result of a task that cannot or need not run; else what is left of the task, ready to run."""
        if foreseen := self._recorder.foreseen(task):
            return foreseen
        try:
            with self._one_by_one():
                resolution = self._runner.resolve(task)
                left = self._recorder.remaining(task, resolution)
            if isinstance(left, CellResult):
                return left
            return Ready(left, self._runner.prepare(left, resolution))
        except EnvironmentFailedError as failure:
            self._runner.go_on()
            is_excluded = isinstance(failure, ExcludedError)
            verdict = Verdict.UNSUPPORTED if is_excluded else Verdict.ENVIRONMENT_FAILED
            return self._recorder.unjudged(task.cell, verdict, str(failure))

    @contextlib.contextmanager
    def _one_by_one(self) -> Iterator[None]:
        """Look something up alone: builders that only look something up delay each other.

        A builder waits at most `_MOMENT_S` for another one: a look-up that takes longer asks an index, and delays none.
        """
        is_mine = self._looking_up.acquire(timeout=_MOMENT_S)
        try:
            yield
        finally:
            if is_mine:
                self._looking_up.release()

    def _execute(self, ready: Ready) -> CellResult:
        return self._recorder.enter(ready.task, self._runner.run(ready.task, ready.environment))

    def _work(self, cell: Cell, step: Callable[[], CellResult | Ready]) -> None:
        try:
            self._done.put(step())
        except AbandonedError:
            pass
        except BaseException as error:  # noqa: BLE001 - one cell in which the harness fails must not end the others
            with contextlib.suppress(AbandonedError):
                self._done.put(self._failed(cell, error))

    def _failed(self, cell: Cell, error: BaseException) -> CellResult | StorageError:
        """Return the result of a cell in which the harness itself failed, or the error that ends the whole run."""
        self._runner.go_on()
        if isinstance(error, StorageError):
            return error
        try:
            return self._recorder.unjudged(cell, Verdict.ENVIRONMENT_FAILED, own_failure(error))
        except StorageError as final:
            return final
