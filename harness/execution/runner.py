"""The runner carries out a task and returns an observation. It reads no stored result and judges nothing.

It makes the backend of each platform once. Everything that it starts belongs to the run's workspace, which ends all of
it however the run ends.
"""

from __future__ import annotations

import functools
import itertools
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from harness.environments.backend import Environment, Resolution
from harness.environments.backends import backend_for
from harness.environments.recipes import resolved
from harness.environments.store import Store
from harness.environments.taken import Taken
from harness.environments.uv import Uv
from harness.errors import EngineError, EnvironmentFailedError, HarnessError, StorageError
from harness.execution.observing import run_trial
from harness.execution.ports import LEASES, Ports
from harness.model.evidence import Evidence
from harness.reaper.reaper import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from harness.catalog.loading import LoadedScenario
    from harness.environments.backend import Backend
    from harness.model.task import DatedRequirement, Task


class AbandonedError(HarnessError):
    """The run was interrupted while this cell was in flight."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a task has given: where its trials ran, their evidence, and how many seconds they took.

    ``files`` says of each package what it was installed from. ``failure`` says how the harness or the container engine
    failed, None where neither did; the evidence is then that of the trials before the failure.
    """

    resolution: Resolution
    files: dict[str, str]
    evidence: tuple[Evidence, ...]
    took_s: float
    failure: str | None = None


class Runner:
    """Runs tasks on this machine. Leaving the context ends and removes all that is left. Safe for many threads."""

    def __init__(self, scenarios: Mapping[str, LoadedScenario], *, cache: Path, retry: bool = False) -> None:
        """Take what tasks refer to; nothing starts before the context is entered.

        Args:
            scenarios: all that tasks name, by id.
            cache: the user cache folder.
            retry: try again to build environments that are remembered as impossible to build.

        """
        self._scenarios = scenarios
        self._cache = cache
        self._retry = retry
        self._ports = Ports(LEASES)
        self._abandoned = threading.Event()
        self._folders = itertools.count(1)
        self._local = Taken(cache)
        self._begun: Workspace | None = None
        self._beginning = threading.Lock()

    def __enter__(self) -> Self:
        """Make what tasks share; the run's workspace is made when it is first needed."""
        uv = Uv(self._workspace, abandoned=self._abandoned, kept=self._cache / "sources")
        self._store = Store(self._cache, uv=uv, retry=self._retry)
        self._backend = functools.cache(functools.partial(backend_for, store=self._store))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End and remove all that is left."""
        self._store.close()
        if self._begun:
            self._begun.close()

    def abandon(self) -> None:
        """End everything that runs now; the tasks in flight raise `AbandonedError`.

        Call it again until all of them have raised it: what was about to start may start in between.
        """
        self._abandoned.set()
        if self._begun:
            self._begun.end()

    def go_on(self) -> None:
        """Refuse to go on with an abandoned run: what was observed since then proves nothing.

        Raises:
            AbandonedError: the run was abandoned.

        """
        if self._abandoned.is_set():
            raise AbandonedError

    def environment_of(self, task: Task) -> object:
        """Return what a task's environment is made from; tasks with equal values share one environment."""
        cell = task.cell
        try:
            companions = self._companions(task)
        except (EnvironmentFailedError, OSError):  # reported when the task is resolved
            return cell.id
        return cell.subject, cell.release, cell.python, cell.platform, cell.recipe, companions

    def resolve(self, task: Task) -> Resolution:
        """Return what a task's environment holds.

        Raises:
            EnvironmentFailedError: it cannot be resolved; the message is one line, with the remedy where there is one.

        """
        return resolved(self._backend_of(task), task.cell, self._companions(task))

    def prepare(self, task: Task, resolution: Resolution) -> Environment:
        """Return a task's environment, and build it unless it exists already.

        Raises:
            EnvironmentFailedError: the environment cannot be built.

        """
        return self._backend_of(task).build(resolution)

    def run(self, task: Task, environment: Environment | None = None) -> Observation:
        """Run a task's trials one after the other.

        Args:
            task: what to run.
            environment: the task's, where it is prepared already; None to prepare it now.

        Raises:
            AbandonedError: the run was abandoned meanwhile.
            EnvironmentFailedError: the environment cannot be had.
            StorageError: nothing can be stored any more.

        """
        environment = environment or self.prepare(task, self.resolve(task))
        began, evidence, failure = time.monotonic(), [], None
        try:
            for number in task.numbers:
                self.go_on()
                evidence.append(self._trial(task, environment, number))
        except EngineError as error:
            failure = str(error)
        except (AbandonedError, StorageError):
            raise
        except Exception as error:  # noqa: BLE001 - the harness's own failure is this cell's, and ends no other
            failure = own_failure(error)
        self.go_on()
        return Observation(
            resolution=environment.resolution,
            files=environment.files,
            evidence=tuple(evidence),
            took_s=time.monotonic() - began,
            failure=failure,
        )

    def _workspace(self) -> Workspace:
        """Return the run's workspace, made when it is first asked for: a run that starts nothing needs none."""
        with self._beginning:
            self._begun = self._begun or Workspace()
            return self._begun

    def _backend_of(self, task: Task) -> Backend:
        return self._backend(task.cell.platform)

    def _companions(self, task: Task) -> tuple[DatedRequirement, ...]:
        folder = self._scenarios[task.cell.scenario].module.parent
        return tuple(
            msgspec.structs.replace(one, requirement=self._local.requirement(one.requirement, folder))
            for one in task.companions
        )

    def _trial(self, task: Task, environment: Environment, number: int) -> Evidence:
        """Run one trial in a folder with a short name: the path of a Unix socket in it holds at most 107 bytes."""
        workspace = self._workspace()
        return run_trial(
            self._scenarios[task.cell.scenario],
            task.cell,
            environment,
            number=number,
            folder=workspace.folder / str(next(self._folders)),
            ports=self._ports,
            mark=workspace.mark,
        )


def own_failure(error: BaseException) -> str:
    """Say how the harness itself failed, and where."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}, line {where.lineno}"
    return f"the harness itself failed: {type(error).__name__}: {error} ({place})"
