"""The recorder says what is known of a task already, and makes a result of an observation. It runs nothing.

A stored result of the same trials, judged by the same judge, is the task's result. Where only the judge has changed,
the stored evidence is judged again. New evidence is stored before the scenario's judge is called.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from harness.errors import HarnessError
from harness.execution.keys import Keys, keys_of
from harness.model.judge import combined, judge
from harness.model.result import CellResult, EnvironmentResult, expected_of, result_of, unsupported
from harness.model.verdict import Judgement, Verdict, tally_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.catalog.loading import LoadedScenario
    from harness.environments.backend import Resolution
    from harness.execution.runner import Observation
    from harness.model.cell import Cell
    from harness.model.evidence import Evidence
    from harness.model.scenario import Scenario
    from harness.model.task import Task
    from harness.results.protocols import WriteResults


class Ran(NamedTuple):
    """Where the trials of a cell ran, where their evidence lies, and how long they took."""

    python_full: str | None
    environment: EnvironmentResult | None
    folder: str
    took_s: float


class Recorder:
    """Looks up, keeps, judges and enters results. Safe for many threads."""

    def __init__(self, scenarios: Mapping[str, LoadedScenario], results: WriteResults, *, rerun: bool = False) -> None:
        """Record into ``results``; with ``rerun``, ignore the results that are in them from before this call."""
        self._scenarios = scenarios
        self._results = results
        self._rerun = rerun
        self._entered: set[str] = set()  # trial keys that this call has run, which 'rerun' does not ignore
        self._guard = threading.Lock()

    def close(self) -> None:
        """Record no more."""
        self._results.close()

    def foreseen(self, task: Task) -> CellResult | None:
        """Return the result of a cell that cannot exist; None for every other cell."""
        reason = unsupported(task.cell, self._scenario(task.cell))
        return self.unjudged(task.cell, Verdict.UNSUPPORTED, reason) if reason else None

    def remaining(self, task: Task, resolution: Resolution) -> CellResult | Task:
        """Return a task's result where all of its trials are stored, else the task with the trials left to run."""
        cell = task.cell
        keys = keys_of(cell, self._scenarios[cell.scenario], resolution)
        earlier = self._earlier(cell, keys)
        if earlier is None:
            return task
        is_whole = earlier.trials >= task.trials
        if is_whole and self._results.find(keys.result) == earlier and not earlier.unjudged_here:
            return msgspec.structs.replace(earlier, expected=expected_of(cell, self._scenario(cell)))
        evidence = self._evidence_of(earlier)  # the judge is another one now, or trials are lacking
        if not is_whole or not evidence:
            return msgspec.structs.replace(task, first=len(evidence) + 1)
        ran = Ran(earlier.python_full, earlier.environment, str(earlier.evidence), earlier.duration_s)
        return msgspec.structs.replace(self._enter(cell, keys, evidence, ran), cached=True)

    def enter(self, task: Task, observation: Observation) -> CellResult:
        """Store an observation together with the cell's earlier trials, judge all of them and enter the result.

        Where the harness failed during the task, the evidence up to then is stored, and the next call goes on from it.

        Raises:
            StorageError: the evidence or the result cannot be stored.

        """
        cell, failure = task.cell, observation.failure
        if failure and not observation.evidence:
            return self.unjudged(cell, Verdict.ENVIRONMENT_FAILED, failure)
        keys = keys_of(cell, self._scenarios[cell.scenario], observation.resolution)
        earlier = self._earlier(cell, keys) if task.first > 1 else None
        evidence = (*(self._evidence_of(earlier)[: task.first - 1] if earlier else ()), *observation.evidence)
        ran = Ran(
            observation.resolution.python_full,
            _told(observation),
            self._results.keep_evidence(evidence),
            observation.took_s + (earlier.duration_s if earlier else 0.0),
        )
        if failure is None:
            with self._guard:
                self._entered.add(keys.trial)
        return self._enter(cell, keys, evidence, ran, failure=failure)

    def unjudged(self, cell: Cell, verdict: Verdict, reason: str) -> CellResult:
        """Enter and return the result of a cell of which nothing was observed."""
        result = result_of(cell, self._scenario(cell), Judgement(verdict=verdict, reason=_line(reason)))
        self._results.note(result)
        return result

    def _scenario(self, cell: Cell) -> Scenario:
        return self._scenarios[cell.scenario].scenario

    def _earlier(self, cell: Cell, keys: Keys) -> CellResult | None:
        """Return the newest result with trials of this cell, whoever judged them; None where all trials run again."""
        if self._rerun and keys.trial not in self._entered:
            return None
        found = self._results.find_trials(keys.trial)
        return found if found and found.id == cell.id else None

    def _evidence_of(self, earlier: CellResult) -> tuple[Evidence, ...]:
        """Return the evidence of a stored result; nothing where some cannot be read, so that all trials run again."""
        try:
            evidence = self._results.evidence_of(earlier)
        except (HarnessError, OSError, ValueError, msgspec.MsgspecError):
            return ()
        return evidence if len(evidence) == earlier.trials else ()

    def _enter(
        self, cell: Cell, keys: Keys, evidence: Sequence[Evidence], ran: Ran, *, failure: str | None = None
    ) -> CellResult:
        """Judge stored evidence and enter the result; after a ``failure``, only the trials are found again."""
        scenario = self._scenario(cell)
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
        self._results.add("" if failure else keys.result, result, trial_key=keys.trial)
        return result


def _told(observation: Observation) -> EnvironmentResult:
    """Return what a result says of the environment."""
    resolution = observation.resolution
    return EnvironmentResult(
        interpreter=resolution.interpreter,
        pins=resolution.pinned,
        resolved_as_of=resolution.request.as_of.isoformat(),
        runtime=resolution.runtime,
        files=observation.files,
        moments={name: moment.isoformat() for name, moment in resolution.request.moments},
        not_exchanged=resolution.not_exchanged,
    )


def _line(reason: str) -> str:
    return " ".join(reason.split()).encode(errors="backslashreplace").decode()
