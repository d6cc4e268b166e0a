"""Runner and recorder with trials that are made up: what was observed is kept, whoever fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.catalog.closure import Closure
from harness.catalog.loading import LoadedScenario
from harness.environments.backend import Request, Resolution
from harness.errors import EngineError
from harness.execution import runner as runners
from harness.execution.executors.local import LocalExecutor
from harness.execution.recorder import Recorder
from harness.execution.runner import Runner
from harness.model.evidence import Evidence
from harness.model.task import Task
from harness.model.verdict import Judgement, Verdict
from harness.results.journal import Journal
from harness.results.received import receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from harness.model.cell import Cell
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario

TRIAL = Evidence(
    cell="some-failure_default_uvicorn-0.27.0_py3.12_linux",
    trial=1,
    scenario="some-failure",
    variant="default",
    subject="uvicorn",
    version="0.27.0",
    python="3.12",
    platform="linux",
    began_at="2026-01-01T00:00:00+00:00",
    duration_s=1.0,
)


class Backend:
    """Resolves to one set of pins and builds nothing."""

    def resolve(self, request: Request) -> Resolution:
        """See `harness.environments.backend.Backend`."""
        return Resolution(request=request, interpreter="/i", python_full="3.12.1", pins=("uvicorn==0.27.0",))

    def build(self, resolution: Resolution) -> SimpleNamespace:
        """See `harness.environments.backend.Backend`."""
        return SimpleNamespace(resolution=resolution, files={})


class Run:
    """One call: cells are executed one by one, each as a call would."""

    def __init__(self, runner: Runner, recorder: Recorder, folders: list[Path]) -> None:
        """Enter."""
        self.runner = runner
        self.folders = folders
        self._executor = LocalExecutor(runner, recorder)
        self._executor.__enter__()

    def result(self, cell: Cell, trials: int = 1) -> CellResult:
        """Execute a cell."""
        found: list[CellResult] = []
        self._executor.execute([Task(cell=cell, scenario="s", trials=trials)], on_result=found.append)
        return found[0]

    def close(self) -> None:
        """Leave."""
        self._executor.__exit__(None, None, None)


@pytest.fixture
def enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_scenario: Callable[..., Scenario]
) -> Iterator[Callable[..., Run]]:
    """Begin a run whose trials are made up; each call is another run in the same results folder."""
    entered: list[Run] = []
    monkeypatch.setattr(runners, "backend_for", lambda _platform, **_: Backend())

    def make(*trials: Evidence | Exception, closure: Closure, **fields: Any) -> Run:  # noqa: ANN401 - a scenario's
        outcomes = iter(trials)

        def run_trial(*_: object, number: int, folder: Path, **_rest: object) -> Evidence:
            folders.append(folder)
            outcome = next(outcomes)
            if isinstance(outcome, Exception):
                raise outcome
            return msgspec.structs.replace(outcome, trial=number)

        folders: list[Path] = []
        monkeypatch.setattr(runners, "run_trial", run_trial)
        loaded = LoadedScenario(
            scenario=make_scenario(**fields), module=tmp_path / "own.py", applications=(), digest=lambda: closure
        )
        scenarios = {"some-failure": loaded}
        runner = Runner(scenarios, cache=tmp_path / "cache")
        entered.append(Run(runner, Recorder(scenarios, Journal(tmp_path / "results")), folders))
        return entered[-1]

    yield make
    for one in entered:
        one.close()


FIRST = Closure(trial="t", judgement="j")


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (RuntimeError("no more"), "the harness itself failed: RuntimeError: no more (test_recorder.py, line "),
        (EngineError("the engine ended"), "the engine ended"),
    ],
    ids=["harness", "engine"],
)
def test_what_was_seen_before_the_harness_failed_is_kept(
    failure: Exception, words: str, enter: Callable[..., Run], make_cell: Callable[..., Cell], tmp_path: Path
) -> None:
    """The folder is whole, says what failed, and the next call goes on from the trial that is there."""
    result = enter(TRIAL, failure, closure=FIRST).result(make_cell(), 2)
    assert (result.verdict, result.trials) == (Verdict.ENVIRONMENT_FAILED, 1)
    assert str(result.reason).startswith(words)
    assert receive(tmp_path / "results", scenarios={}, tell=print).entries[0].result.evidence == result.evidence
    again = enter(TRIAL, closure=FIRST).result(make_cell(), 2)
    assert (again.verdict, again.trials, again.cached) == (Verdict.ABSENT, 2, False)


def test_a_failure_before_anything_was_seen_is_no_result_to_go_on_from(
    enter: Callable[..., Run], make_cell: Callable[..., Cell], tmp_path: Path
) -> None:
    """It has no evidence, and the next call runs."""
    result = enter(RuntimeError("no"), closure=FIRST).result(make_cell())
    assert (result.verdict, result.trials, result.evidence) == (Verdict.ENVIRONMENT_FAILED, 0, None)
    assert receive(tmp_path / "results", scenarios={}, tell=print).entries
    assert enter(TRIAL, closure=FIRST).result(make_cell()).verdict is Verdict.ABSENT


def test_evidence_is_kept_before_it_is_judged(
    enter: Callable[..., Run], make_cell: Callable[..., Cell], tmp_path: Path
) -> None:
    """Whatever the scenario's judge does then."""
    kept: list[int] = []

    def judge(_evidence: Evidence) -> Judgement:
        kept.append(len(list((tmp_path / "results" / "evidence").glob("*/*/trial-*.json"))))
        return Judgement(verdict=Verdict.UNHEALTHY, reason="r")

    enter(TRIAL, TRIAL, closure=FIRST, judge=judge).result(make_cell(), 2)
    assert kept == [2, 2]


def _raise(_judgements: Sequence[Judgement]) -> Judgement:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("combine", "words"),
    [(_raise, "test_recorder.py, line "), (lambda _: None, "it returned NoneType, which is no Judgement")],
    ids=["raises", "nothing"],
)
def test_a_mistake_in_combine_is_told(
    combine: Callable[..., Any], words: str, enter: Callable[..., Run], make_cell: Callable[..., Cell]
) -> None:
    """It is the scenario's; the trial is kept and stored."""
    result = enter(TRIAL, closure=FIRST, combine=combine).result(make_cell())
    assert str(result.reason).startswith("the scenario's combine failed: ")
    assert words in str(result.reason)
    assert (result.verdict, result.trials) == (Verdict.ENVIRONMENT_FAILED, 1)
    mended = enter(closure=Closure(trial="t", judgement="mended")).result(make_cell())
    assert (mended.verdict, mended.evidence, mended.cached) == (Verdict.ABSENT, result.evidence, True)


def test_another_trial_digest_runs(enter: Callable[..., Run], make_cell: Callable[..., Cell]) -> None:
    """With the same judge."""
    enter(TRIAL, closure=FIRST).result(make_cell())
    again = enter(TRIAL, closure=Closure(trial="other", judgement="j")).result(make_cell())
    assert again.cached is False


def test_a_socket_fits_below_the_folder_of_a_trial(enter: Callable[..., Run], make_cell: Callable[..., Cell]) -> None:
    """Its path holds 107 bytes; the longest release and scenario leave fifty of them, and no two trials share one."""
    opened = enter(TRIAL, TRIAL, closure=FIRST)
    opened.result(make_cell(), 2)
    assert len(set(opened.folders)) == 2
    assert max(len(folder.name) for folder in opened.folders) <= 6
    assert all(folder.parent == opened.runner._workspace().folder for folder in opened.folders)
