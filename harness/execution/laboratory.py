"""The laboratory: from one cell to its result, with everything that takes.

A stored result of the same scenario, environment and protocol is the result. Otherwise the environment is built
(or found built), the trials are run one after the other, the evidence is kept, judged and entered in the journal.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from harness.environments import Environment, Request, Resolution, Store, exchanged, kind_for
from harness.environments.uv import Uv
from harness.errors import EngineError, EnvironmentFailedError, HarnessError, StorageError
from harness.execution.keeper import Kept
from harness.execution.key import key_of
from harness.execution.ports import LEASES, Ports
from harness.execution.trial import run_trial
from harness.model.judge import combined, judge
from harness.model.result import CellResult, EnvironmentResult, expected_of, result_of, unsupported
from harness.model.verdict import Judgement, Verdict, tally_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from harness.environments import Kind
    from harness.execution.catalog import LoadedScenario
    from harness.execution.journal import Journal
    from harness.model.cell import Cell
    from harness.model.evidence import Evidence
    from harness.model.release import Release

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
    """A cell whose environment stands ready, with the key that its result will be stored under.

    It is to have ``trials`` trials, ``earlier`` ones included.
    """

    cell: Cell
    environment: Environment
    key: str
    trials: int
    earlier: CellResult | None = None


class Laboratory:
    """A place where cells are executed; as a context, it cleans up after all of them. Safe for many threads."""

    def __init__(self, *, scenarios: Mapping[str, LoadedScenario], journal: Journal, settings: Settings) -> None:
        """Bind what the cells refer to; nothing starts before the context is entered."""
        self._scenarios = scenarios
        self._journal = journal
        self._settings = settings
        self._ports = Ports(LEASES)
        self._abandoned = threading.Event()
        self._executed: set[str] = set()  # keys of this call: 'rerun' does not ignore what it has itself run

    def __enter__(self) -> Self:
        """Make the run's folder and start its keeper."""
        self._kept = Kept()
        uv = Uv(mark=self._kept.mark, temporary=self._kept.folder, abandoned=self._abandoned)
        self._store = Store(self._settings.cache, uv=uv, retry=self._settings.rerun)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End and remove all that is left."""
        self._store.close()
        self._journal.close()
        self._kept.close()

    def abandon(self) -> None:
        """End everything that runs now; the cells in flight raise `AbandonedError` and are not entered.

        Call it again until they have: what was about to start may have started in between.
        """
        self._abandoned.set()
        self._kept.end()

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
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
        return self._unjudged(cell, Verdict.ENVIRONMENT_FAILED, f"the harness itself failed: {told}")

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
            kind = kind_for(cell.platform, self._store)
            resolution = self._resolve(kind, cell)
            key = key_of(cell, self._scenarios[cell.scenario], resolution)
            fresh = self._settings.rerun and key not in self._executed
            stored = None if fresh else self._journal.find(key)
            if stored and stored.id == cell.id and stored.trials >= trials:
                return msgspec.structs.replace(stored, expected=expected_of(cell, scenario))
            environment = kind.build(resolution)
            return Prepared(cell=cell, environment=environment, key=key, trials=trials, earlier=stored)
        except EnvironmentFailedError as failure:
            self._go_on()
            return self._unjudged(cell, Verdict.ENVIRONMENT_FAILED, str(failure))

    def execute(self, prepared: Prepared) -> CellResult:
        """Run the trials that a prepared cell lacks, judge all of them, and enter the result in the journal."""
        cell, resolution = prepared.cell, prepared.environment.resolution
        loaded = self._scenarios[cell.scenario]
        began = time.monotonic()
        try:
            evidence = self._trials(prepared)
        except EngineError as failure:  # it shows nothing of the cell, so that it is not stored as its result
            self._go_on()
            return self._unjudged(cell, Verdict.ENVIRONMENT_FAILED, str(failure))
        self._go_on()
        judgements = [judge(loaded.scenario, trial) for trial in evidence]
        result = result_of(
            cell,
            loaded.scenario,
            combined(loaded.scenario, judgements),
            tally=tally_of(judgements),
            duration_s=time.monotonic() - began + (prepared.earlier.duration_s if prepared.earlier else 0.0),
            evidence=self._journal.keep_evidence(evidence),
            python_full=resolution.python_full,
            environment=EnvironmentResult(
                interpreter=resolution.interpreter,
                pins=resolution.pinned,
                resolved_as_of=resolution.request.as_of.isoformat(),
                runtime=resolution.runtime,
            ),
        )
        self._journal.add(prepared.key, result)
        self._executed.add(prepared.key)
        return result

    def _trials(self, prepared: Prepared) -> list[Evidence]:
        """Return the evidence of all trials that a cell is to have; those that it lacks are run."""
        cell = prepared.cell
        evidence = list(self._journal.evidence_of(prepared.earlier)) if prepared.earlier else []
        for number in range(len(evidence) + 1, prepared.trials + 1):
            self._go_on()
            trial = run_trial(
                self._scenarios[cell.scenario],
                cell,
                prepared.environment,
                number=number,
                folder=self._kept.folder / f"{cell.id}.{number}",
                ports=self._ports,
                mark=self._kept.mark,
            )
            evidence.append(trial)
        return evidence

    def environment_of(self, cell: Cell) -> tuple[Request, Request | None, int]:
        """Return what a cell's environment is made from: cells of which it is the same share one."""
        other = self._request(cell, cell.dependencies_of) if cell.dependencies_of else None
        return self._request(cell, cell.release), other, cell.copy

    def _resolve(self, kind: Kind, cell: Cell) -> Resolution:
        """Return the cell's environment: the release's own, or with another's dependencies, or a copy of it."""
        own, other, copy = self.environment_of(cell)
        resolution = kind.resolve(own)
        if other:
            resolution = exchanged(resolution, kind.resolve(other))
        return msgspec.structs.replace(resolution, copy=copy)

    def _request(self, cell: Cell, release: Release) -> Request:
        """Return what a release's environment is to hold, as of its upload and a day."""
        exact = f" @ {release.source}" if release.source else f"=={release.version}"
        variant = self._scenarios[cell.scenario].scenario.variant(cell.variant)
        return Request(
            subject=cell.subject,
            requirements=(f"{cell.subject}{exact}", *variant.requirements(release.version)),
            as_of=(release.uploaded + _DAY).replace(second=0, microsecond=0),
            python=cell.python,
            platform=cell.platform,
        )

    def _unjudged(self, cell: Cell, verdict: Verdict, reason: str) -> CellResult:
        line = " ".join(reason.split()).encode(errors="backslashreplace").decode()
        judgement = Judgement(verdict=verdict, reason=line)
        result = result_of(cell, self._scenarios[cell.scenario].scenario, judgement)
        self._journal.note(result)
        return result
