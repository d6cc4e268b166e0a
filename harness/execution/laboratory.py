"""The laboratory: from one cell to its result, with everything that takes.

A stored result of the same scenario, environment and protocol is the result. Where only the judging has changed, the
evidence that is kept is judged again. Otherwise the environment is built (or found built), the trials that are lacking
are run one after the other, and the evidence is kept, then judged and entered in the journal.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from harness.environments.backend import Environment, Request, Resolution, exchanged
from harness.environments.backends import backend_for
from harness.environments.store import Store
from harness.environments.taken import Taken
from harness.environments.uv import Uv
from harness.errors import EngineError, EnvironmentFailedError, HarnessError, StorageError
from harness.execution.keys import Keys, keys_of
from harness.execution.ports import LEASES, Ports
from harness.execution.trial import run_trial
from harness.model.judge import combined, judge
from harness.model.result import CellResult, EnvironmentResult, expected_of, result_of, unsupported
from harness.model.verdict import Judgement, Verdict, tally_of
from harness.reaper.reaper import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from harness.catalog.loading import LoadedScenario
    from harness.environments.backend import Backend
    from harness.model.cell import Cell
    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.results.journal import Journal

_DAY = dt.timedelta(days=1)


class AbandonedError(HarnessError):
    """The run was interrupted while this cell was in flight."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What a call decides about how its cells are executed.

    ``cache`` is the user cache folder; ``rerun`` ignores stored results, and remembered failures, of earlier calls.
    """

    cache: Path
    rerun: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prepared:
    """A cell whose environment stands ready, with the keys that its result will be stored under.

    It is to have ``trials`` trials, ``earlier`` ones included.
    """

    cell: Cell
    environment: Environment
    keys: Keys
    trials: int
    earlier: CellResult | None = None


class Ran(NamedTuple):
    """Where the trials of a cell ran, where their evidence lies, and how long they took."""

    python_full: str | None
    environment: EnvironmentResult | None
    folder: str
    took_s: float


class Laboratory:
    """A place where cells are executed; as a context, it cleans up after all of them. Safe for many threads."""

    def __init__(self, *, scenarios: Mapping[str, LoadedScenario], journal: Journal, settings: Settings) -> None:
        """Bind what the cells refer to; nothing starts before the context is entered."""
        self._scenarios = scenarios
        self._journal = journal
        self._settings = settings
        self._ports = Ports(LEASES)
        self._abandoned = threading.Event()
        self._executed: set[str] = set()  # trial keys of this call: 'rerun' does not ignore what it has itself run
        self._numbers = itertools.count(1)
        self._local = Taken(settings.cache)

    def __enter__(self) -> Self:
        """Make the run's folder and start its reaper."""
        self._workspace = Workspace()
        uv = Uv(
            mark=self._workspace.mark,
            temporary=self._workspace.folder,
            abandoned=self._abandoned,
            kept=self._settings.cache / "sources",
        )
        self._store = Store(self._settings.cache, uv=uv, retry=self._settings.rerun)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End and remove all that is left."""
        self._store.close()
        self._journal.close()
        self._workspace.close()

    def abandon(self) -> None:
        """End everything that runs now; the cells in flight raise `AbandonedError` and are not entered.

        Call it again until they have: what was about to start may have started in between.
        """
        self._abandoned.set()
        self._workspace.end()

    def _go_on(self) -> None:
        """Refuse to go on where the user has not waited: what was seen since then proves nothing."""
        if self._abandoned.is_set():
            raise AbandonedError

    def failed(self, cell: Cell, error: BaseException) -> CellResult:
        """Return the result of a cell in which the harness itself failed.

        Raises:
            AbandonedError: it failed because it was abandoned.
            StorageError: its result cannot be kept, and no other's could.

        """
        self._go_on()
        if isinstance(error, StorageError):
            raise error
        return self._unjudged(cell, Verdict.ENVIRONMENT_FAILED, _own_failure(error))

    def result(self, cell: Cell, trials: int = 1) -> CellResult:
        """Return the result of a cell, whatever it takes."""
        outcome = self.prepare(cell, trials)
        return outcome if isinstance(outcome, CellResult) else self.execute(outcome)

    def prepare(self, cell: Cell, trials: int = 1) -> CellResult | Prepared:
        """Return the result of a cell that need not run or cannot, or else what it takes to have so many trials."""
        scenario = self._scenarios[cell.scenario].scenario
        if reason := unsupported(cell, scenario):
            return self._unjudged(cell, Verdict.UNSUPPORTED, reason)
        try:
            backend = backend_for(cell.platform, self._store)
            resolution = self._resolve(backend, cell)
            keys = keys_of(cell, self._scenarios[cell.scenario], resolution)
            if known := self._known(cell, keys, trials):
                return known
            return Prepared(
                cell=cell,
                environment=backend.build(resolution),
                keys=keys,
                trials=trials,
                earlier=self._earlier(cell, keys),
            )
        except EnvironmentFailedError as failure:
            self._go_on()
            return self._unjudged(cell, Verdict.ENVIRONMENT_FAILED, str(failure))

    def execute(self, prepared: Prepared) -> CellResult:
        """Run the trials that a prepared cell lacks, judge all of them, and enter the result in the journal.

        Where that fails, what was observed by then is kept, for the next call to go on from.
        """
        cell, earlier = prepared.cell, prepared.earlier
        evidence = list(self._evidence_of(earlier)) if earlier else []
        before, began = len(evidence), time.monotonic()
        failure = None
        try:
            for number in range(before + 1, prepared.trials + 1):
                self._go_on()
                evidence.append(self._trial(prepared, number))
        except EngineError as error:  # it shows nothing of the cell, so that it is not stored as its result
            failure = str(error)
        except (AbandonedError, StorageError):
            raise
        except Exception as error:  # noqa: BLE001 - the harness's own failure is this cell's, and ends no other
            failure = _own_failure(error)
        self._go_on()
        if failure and len(evidence) == before:
            return self._unjudged(cell, Verdict.ENVIRONMENT_FAILED, failure)
        took = time.monotonic() - began + (earlier.duration_s if earlier and before else 0.0)
        folder = self._journal.keep_evidence(evidence)  # before anything of the scenario's judges it
        if failure is None:
            self._executed.add(prepared.keys.trial)
        ran = Ran(prepared.environment.resolution.python_full, _told(prepared.environment), folder, took)
        return self._enter(cell, prepared.keys, evidence, ran, failure=failure)

    def _known(self, cell: Cell, keys: Keys, trials: int) -> CellResult | None:
        """Return the result of a cell of which so many trials are kept: the stored one, or by a new judge's verdict."""
        earlier = self._earlier(cell, keys)
        if earlier is None or earlier.trials < trials:
            return None
        stored = self._journal.find(keys.result)
        if (
            stored == earlier and not earlier.unjudged_here
        ):  # else another judge has said something since, which reports show
            return msgspec.structs.replace(earlier, expected=expected_of(cell, self._scenarios[cell.scenario].scenario))
        evidence = self._evidence_of(earlier)
        if not evidence:
            return None
        ran = Ran(earlier.python_full, earlier.environment, str(earlier.evidence), earlier.duration_s)
        judged = self._enter(cell, keys, evidence, ran)
        return msgspec.structs.replace(judged, cached=True)

    def _earlier(self, cell: Cell, keys: Keys) -> CellResult | None:
        """Return the newest result that has trials of this very cell, however judged; none where all is run again."""
        if self._settings.rerun and keys.trial not in self._executed:
            return None
        found = self._journal.find_trials(keys.trial)
        return found if found and found.id == cell.id else None

    def _evidence_of(self, earlier: CellResult) -> tuple[Evidence, ...]:
        """Return the evidence of a stored result; nothing where it cannot be read, so that it is had again."""
        try:
            evidence = self._journal.evidence_of(earlier)
        except (HarnessError, OSError, ValueError, msgspec.MsgspecError):
            return ()
        return evidence if len(evidence) == earlier.trials else ()

    def _enter(
        self, cell: Cell, keys: Keys, evidence: Sequence[Evidence], ran: Ran, *, failure: str | None = None
    ) -> CellResult:
        """Judge kept evidence and enter the result in the journal; of a failure only that its trials are there."""
        scenario = self._scenarios[cell.scenario].scenario
        judgements = [judge(scenario, trial) for trial in evidence]
        failed = Judgement(verdict=Verdict.ENVIRONMENT_FAILED, reason=_line(failure)) if failure else None
        result = result_of(
            cell,
            scenario,
            failed or combined(scenario, judgements),
            tally=tally_of(judgements),
            duration_s=ran.took_s,
            evidence=ran.folder,
            python_full=ran.python_full,
            environment=ran.environment,
            judged_by=self._scenarios[cell.scenario].closure.judgement,
        )
        self._journal.add("" if failure else keys.result, result, trial_key=keys.trial)
        return result

    def _trial(self, prepared: Prepared, number: int) -> Evidence:
        """Run one trial. Its folder's name is short: the path of a Unix socket in it holds 107 bytes."""
        return run_trial(
            self._scenarios[prepared.cell.scenario],
            prepared.cell,
            prepared.environment,
            number=number,
            folder=self._workspace.folder / str(next(self._numbers)),
            ports=self._ports,
            mark=self._workspace.mark,
        )

    def environment_of(self, cell: Cell) -> object:
        """Return what a cell's environment is made from: cells of which it is the same share one."""
        try:
            return self._requests(cell)
        except (EnvironmentFailedError, OSError):  # told when the cell is prepared
            return cell.id

    def _requests(self, cell: Cell) -> tuple[Request, Request | None, int]:
        other = self._request(cell, cell.dependencies_of) if cell.dependencies_of else None
        return self._request(cell, cell.release), other, cell.copy

    def _resolve(self, backend: Backend, cell: Cell) -> Resolution:
        """Return the cell's environment: the release's own, or with another's dependencies, or a copy of it."""
        own, other, copy = self._requests(cell)
        resolution = backend.resolve(own)
        if other:
            resolution = exchanged(resolution, backend.resolve(other))
        return msgspec.structs.replace(resolution, copy=copy)

    def _request(self, cell: Cell, release: Release) -> Request:
        """Return what a release's environment is to hold, as of its upload and a day."""
        exact = f" @ {release.source}" if release.source else f"=={release.version}"
        loaded = self._scenarios[cell.scenario]
        beside = loaded.scenario.variant(cell.variant).requirements(release.version)
        companions = (self._local.requirement(one, loaded.module.parent) for one in beside)
        return Request(
            subject=cell.subject,
            requirements=(f"{cell.subject}{exact}", *companions),
            as_of=(release.uploaded + _DAY).replace(second=0, microsecond=0),
            python=cell.python,
            platform=cell.platform,
        )

    def _unjudged(self, cell: Cell, verdict: Verdict, reason: str) -> CellResult:
        judgement = Judgement(verdict=verdict, reason=_line(reason))
        result = result_of(cell, self._scenarios[cell.scenario].scenario, judgement)
        self._journal.note(result)
        return result


def _told(environment: Environment) -> EnvironmentResult:
    """Return what a result tells of the environment."""
    resolution = environment.resolution
    return EnvironmentResult(
        interpreter=resolution.interpreter,
        pins=resolution.pinned,
        resolved_as_of=resolution.request.as_of.isoformat(),
        runtime=resolution.runtime,
        files=environment.files,
    )


def _own_failure(error: BaseException) -> str:
    """Say how the harness itself failed, and where."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}, line {where.lineno}"
    return f"the harness itself failed: {type(error).__name__}: {error} ({place})"


def _line(reason: str) -> str:
    return " ".join(reason.split()).encode(errors="backslashreplace").decode()
