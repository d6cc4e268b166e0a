"""One trial carried out: a scenario's ``observe`` against one environment, and the evidence of it.

Whatever happens during a trial, its processes are ended and its folder is removed. Every trial gives evidence, unless
the container engine fails.
"""

from __future__ import annotations

import datetime as dt
import shutil
import threading
from typing import TYPE_CHECKING, NamedTuple

from harness.client.clock import TrialOverError
from harness.errors import EngineError, HarnessError, ScenarioError
from harness.execution.server import NotReadyError
from harness.execution.trial import Trial
from harness.mistakes import mistake
from harness.model.evidence import Evidence
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.catalog.loading import LoadedScenario
    from harness.environments.backend import Environment
    from harness.execution.ports import Ports
    from harness.model.cell import Cell
    from harness.model.scenario import Scenario

GRACE_S = 5.0  # from the deadline until an `observe` that has not returned is left behind


class _Observer:
    """A scenario's ``observe`` in a thread of its own, which is left behind where ``observe`` does not return."""

    def __init__(self, observe: Callable[[Trial], None], trial: Trial) -> None:
        """Start the thread."""
        self.raised: BaseException | None = None
        self._thread = threading.Thread(target=self._observe, args=(observe, trial), name="observe", daemon=True)
        self._thread.start()

    def _observe(self, observe: Callable[[Trial], None], trial: Trial) -> None:
        try:
            observe(trial)
        except BaseException as error:  # noqa: BLE001 - whatever it raises ends this trial and nothing else
            self.raised = error

    def is_back(self, patience_s: float) -> bool:
        """Wait at most ``patience_s`` seconds for ``observe`` to return; return whether it has."""
        self._thread.join(patience_s)
        return not self._thread.is_alive()


def run_trial(
    loaded: LoadedScenario, cell: Cell, environment: Environment, *, number: int, folder: Path, ports: Ports, mark: str
) -> Evidence:
    """Carry out one trial in a new folder and return its evidence; its processes and its folder end with the call.

    Raises:
        EngineError: the container engine failed; nothing of the trial counts, not even that it failed.

    """
    scenario = loaded.scenario
    began = dt.datetime.now(dt.UTC)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for application in loaded.applications:
        application.copy_into(folder)
    own = f"{mark}/{cell.id}/{number}"
    trial = Trial(cell, environment, folder=folder, ports=ports, mark=own, deadline_s=scenario.deadline_s)
    try:
        ended = _observe(scenario, trial)
        took_s = trial.clock()
        seen = trial.seen()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    error, verdict = _what_went_wrong(ended, scenario.deadline_s)
    return Evidence(
        **cell.fields,
        cell=cell.id,
        trial=number,
        began_at=began.isoformat(timespec="milliseconds"),
        duration_s=round(took_s, 3),
        servers=seen.servers,
        exchanges=seen.exchanges,
        exits=seen.exits,
        looks=seen.looks,
        facts=seen.facts,
        error=error,
        error_verdict=verdict,
        silent=str(ended.raised) if isinstance(ended.raised, NotReadyError) else None,
        dropped=seen.dropped,
    )


class _Ended(NamedTuple):
    """How an observation ended: what it raised, whether its time was over, and whether it returned at all."""

    raised: BaseException | None
    is_over: bool
    is_back: bool


def _observe(scenario: Scenario, trial: Trial) -> _Ended:
    """Run ``observe`` until it returns or its deadline passes; then wait at most `GRACE_S` for it to return."""
    observer = _Observer(scenario.observe, trial)
    if observer.is_back(scenario.deadline_s):
        return _Ended(observer.raised, isinstance(observer.raised, TrialOverError), is_back=True)
    trial.expire()
    is_back = observer.is_back(GRACE_S)
    return _Ended(observer.raised, is_over=True, is_back=is_back)


def _what_went_wrong(ended: _Ended, deadline_s: float) -> tuple[str | None, Verdict | None]:
    """Return the error and the verdict of an observation that ended badly; None for both where the evidence says all.

    Raises:
        EngineError: the container engine failed; nothing of the trial counts.

    """
    raised = ended.raised
    if isinstance(raised, EngineError):
        raise raised
    if ended.is_over:
        left = "" if ended.is_back else f"; its observe did not come back in {GRACE_S:.0f} s more and was left behind"
        return f"the trial did not end within its {deadline_s:.0f} s{left}", Verdict.INCONCLUSIVE
    if raised is None or isinstance(raised, NotReadyError):
        return None, None
    if isinstance(raised, HarnessError) and not isinstance(raised, ScenarioError):
        return str(raised), Verdict.ENVIRONMENT_FAILED
    return f"the scenario's observe failed: {mistake(raised)}", Verdict.ENVIRONMENT_FAILED
