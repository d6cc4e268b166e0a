"""The laboratory: from one cell to its result, with everything that takes.

A stored result of the same scenario, environment and protocol is the result. Otherwise the environment is built
(or found built), the trials are run one after the other, the evidence is kept, judged and entered in the journal.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from harness import process
from harness.environments import Environment, Request, Resolution, Store, kind_for
from harness.environments.uv import Uv
from harness.errors import EnvironmentFailedError, HarnessError
from harness.execution.journal import PROTOCOL as JOURNAL_PROTOCOL
from harness.execution.keeper import Kept
from harness.execution.ports import LEASES, Ports
from harness.execution.trial import run_trial
from harness.model.judge import judge
from harness.model.result import CellResult, EnvironmentResult, result_of, unsupported
from harness.model.verdict import Judgement, Verdict, combine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from harness.execution.catalog import LoadedScenario
    from harness.execution.journal import Journal
    from harness.model.cell import Cell

_DAY = dt.timedelta(days=1)


class AbandonedError(HarnessError):
    """The run was interrupted while this cell was in flight."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What a call decides about how its cells are executed.

    ``cache`` is the user cache folder; ``trials`` how often each cell is run; ``rerun`` ignores stored results
    and remembered failures.
    """

    cache: Path
    trials: int = 1
    rerun: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prepared:
    """A cell whose environment stands ready, with the key that its result will be stored under."""

    cell: Cell
    environment: Environment
    key: str


class Laboratory:
    """A place where cells are executed; as a context, it cleans up after all of them. Safe for many threads."""

    def __init__(self, *, scenarios: Mapping[str, LoadedScenario], journal: Journal, settings: Settings) -> None:
        """Bind what the cells refer to; nothing starts before the context is entered."""
        self._scenarios = scenarios
        self._journal = journal
        self._settings = settings
        self._ports = Ports(LEASES)
        self._abandoned = threading.Event()

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
        self._kept.close()

    def abandon(self) -> None:
        """End everything that runs now; the cells in flight raise `AbandonedError` and are not entered.

        Call it again until they have: what was about to start may have started in between.
        """
        self._abandoned.set()
        process.end_marked(self._kept.mark)

    def _go_on(self) -> None:
        """Refuse to go on where the user has not waited: what was seen since then proves nothing."""
        if self._abandoned.is_set():
            raise AbandonedError

    def failed(self, cell: Cell, error: Exception) -> CellResult:
        """Return the result of a cell in which the harness itself failed.

        Raises:
            AbandonedError: it failed because it was abandoned.

        """
        self._go_on()
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
        return self._unjudged(cell, Verdict.ENVIRONMENT_FAILED, f"the harness itself failed: {told}")

    def result(self, cell: Cell) -> CellResult:
        """Return the result of a cell, whatever it takes."""
        outcome = self.prepare(cell)
        return outcome if isinstance(outcome, CellResult) else self.execute(outcome)

    def prepare(self, cell: Cell) -> CellResult | Prepared:
        """Return the result of a cell that need not run or cannot, or else what it takes to run it."""
        scenario = self._scenarios[cell.scenario].scenario
        if reason := unsupported(cell, scenario):
            return self._unjudged(cell, Verdict.UNSUPPORTED, reason)
        try:
            kind = kind_for(cell.platform, self._store)
            resolution = kind.resolve(self._request(cell))
            key = self._key(cell, resolution)
            if not self._settings.rerun and (stored := self._journal.find(key)):
                expected = scenario.variant(cell.variant).expects(cell.release.version, cell.python)
                return msgspec.structs.replace(stored, expected=expected)
            return Prepared(cell=cell, environment=kind.build(resolution), key=key)
        except EnvironmentFailedError as failure:
            self._go_on()
            return self._unjudged(cell, Verdict.ENVIRONMENT_FAILED, str(failure))

    def execute(self, prepared: Prepared) -> CellResult:
        """Run the trials of a prepared cell, judge them, and enter the result in the journal."""
        cell, resolution = prepared.cell, prepared.environment.resolution
        loaded = self._scenarios[cell.scenario]
        began = time.monotonic()
        evidence = []
        for number in range(1, self._settings.trials + 1):
            self._go_on()
            trial = run_trial(
                loaded,
                cell,
                prepared.environment,
                number=number,
                folder=self._kept.folder / f"{cell.id}.{number}",
                ports=self._ports,
                mark=self._kept.mark,
            )
            evidence.append(trial)
        self._go_on()
        judgement = combine([judge(loaded.scenario, trial) for trial in evidence])
        result = result_of(
            cell,
            loaded.scenario,
            judgement,
            trials=len(evidence),
            duration_s=time.monotonic() - began,
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
        return result

    def _request(self, cell: Cell) -> Request:
        """Return what the cell's environment is to hold, as of its release's upload and a day."""
        release = cell.release
        exact = f" @ {release.source}" if release.source else f"=={release.version}"
        variant = self._scenarios[cell.scenario].scenario.variant(cell.variant)
        return Request(
            subject=cell.subject,
            requirements=(f"{cell.subject}{exact}", *variant.requirements(release.version)),
            as_of=(release.uploaded + _DAY).replace(second=0, microsecond=0),
            python=cell.python,
            platform=cell.platform,
        )

    def _key(self, cell: Cell, resolution: Resolution) -> str:
        """Digest all that the verdict of a cell depends on."""
        digest = self._scenarios[cell.scenario].digest
        parts = (str(JOURNAL_PROTOCOL), digest, cell.id, resolution.digest, str(self._settings.trials))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _unjudged(self, cell: Cell, verdict: Verdict, reason: str) -> CellResult:
        line = " ".join(reason.split()).encode(errors="backslashreplace").decode()
        judgement = Judgement(verdict=verdict, reason=line)
        result = result_of(cell, self._scenarios[cell.scenario].scenario, judgement)
        self._journal.note(result)
        return result
