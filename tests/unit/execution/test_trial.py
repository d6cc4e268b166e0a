"""A trial: whatever its observation does, there is evidence, and nothing of it is left."""

from __future__ import annotations

import itertools
import sys
import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import filelock
import pytest

from harness.execution.observing import run_trial
from harness.execution.ports import Ports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.execution.trial import Trial
    from harness.model.cell import Cell
    from harness.model.evidence import Evidence
    from harness.model.scenario import Scenario


@pytest.fixture
def run(
    tmp_path: Path, make_scenario: Callable[..., Scenario], make_cell: Callable[..., Cell]
) -> Callable[[Callable[[Trial], None]], Evidence]:
    """Run a trial of an observation, in which no server is started, and demand that its folder is gone."""

    def run(observe: Callable[[Trial], None]) -> Evidence:
        folder = tmp_path / "1"
        loaded: Any = SimpleNamespace(scenario=make_scenario(observe=observe), applications=())
        environment: Any = None
        evidence = run_trial(
            loaded,
            make_cell(),
            environment,
            number=1,
            folder=folder,
            ports=Ports(tmp_path / "ports"),
            mark=uuid.uuid4().hex,
        )
        assert not folder.exists()
        return evidence

    return run


def test_a_folder_goes_with_its_trial(run: Callable[[Callable[[Trial], None]], Evidence]) -> None:
    """With all that the scenario wrote into it; what it recorded is kept."""

    def observe(trial: Trial) -> None:
        (trial.folder / "below").mkdir()
        (trial.folder / "below" / "file").write_text("x")
        trial.record("was there", trial.folder.is_dir())

    evidence = run(observe)
    assert (evidence.facts, evidence.error) == ({"was there": True}, None)


def test_a_trial_has_one_certificate(run: Callable[[Callable[[Trial], None]], Evidence]) -> None:
    """Its files lie where servers find them by name; asked again, it is the same."""

    def observe(trial: Trial) -> None:
        first, again = trial.certificate(), trial.certificate()
        trial.record("is one", first is again)
        trial.record("files", " ".join(sorted(path.name for path in trial.folder.iterdir())))

    evidence = run(observe)
    assert evidence.facts == {"is one": True, "files": "authority.pem certificate.pem key.pem"}


@pytest.mark.parametrize("error", [ValueError("odd"), SystemExit("enough"), GeneratorExit()])
def test_an_observation_that_raises_leaves_evidence(
    error: BaseException, run: Callable[[Callable[[Trial], None]], Evidence]
) -> None:
    """What it recorded before, and what it raised."""

    def observe(trial: Trial) -> None:
        trial.record("seen", 1)
        raise error

    evidence = run(observe)
    assert evidence.facts == {"seen": 1}
    assert evidence.error
    assert type(error).__name__ in evidence.error
    assert evidence.error_verdict == "environment-failed"


@pytest.mark.skipif(sys.platform == "win32", reason="JSON of surrogates is the same there, files are not")
def test_facts_are_what_can_be_kept(run: Callable[[Callable[[Trial], None]], Evidence]) -> None:
    """Text that is no Unicode, numbers that JSON has not, and texts without end."""

    def observe(trial: Trial) -> None:
        trial.record("nan", float("nan"))
        trial.record("bytes \udcff", "\udcff")
        trial.record("long", "x" * 1_000_000)

    facts = run(observe).facts
    assert (facts["nan"], facts["bytes \\udcff"]) == ("nan", "\\udcff")
    assert len(str(facts["long"])) < 70_000


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"stdin": b"x" * 65_537}, "stdin is at most 65536 bytes"),
        ({"stdin": b"x", "console": True}, "of a server without a console"),
        ({"env": {"A=B": "c"}}, "'A=B' is no name of a variable"),
        ({"env": {"": "c"}}, "'' is no name of a variable"),
        ({"port": 80}, "port=80: no earlier server of this trial has had that port"),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_place(
    wrong: dict[str, Any], told: str, run: Callable[[Callable[[Trial], None]], Evidence]
) -> None:
    """Before anything starts: there is no environment here."""

    def observe(trial: Trial) -> None:
        with trial.server("server", "python", **wrong):
            pytest.fail("it was started")

    evidence = run(observe)
    assert evidence.error
    assert told in evidence.error
    assert "line" in evidence.error
    assert evidence.servers == ()


def test_leases_end_with_the_trial(tmp_path: Path, run: Callable[[Callable[[Trial], None]], Evidence]) -> None:
    """Also that of a server which could not be started; each can be had again."""

    def observe(trial: Trial) -> None:
        trial.run("server", "python", deadline_s=1)

    assert run(observe).error  # there is no environment here
    locks = list((tmp_path / "ports").iterdir())
    assert len(locks) == (0 if sys.platform == "win32" else 1)  # a lock's file ends with the lock on Windows
    for lock in locks:
        with filelock.FileLock(lock, blocking=False):
            pass


def test_conditions_are_awaited(run: Callable[[Callable[[Trial], None]], Evidence]) -> None:
    """As often as there is time; the last question comes at the end of the time."""

    def observe(trial: Trial) -> None:
        asked = itertools.count(1)
        trial.record("third", trial.until(lambda: next(asked) == 3, 60, every_s=0.01))
        trial.record("asked", next(asked) - 1)
        trial.record("never", trial.until(lambda: False, 0.05, every_s=0.01))

    assert run(observe).facts == {"third": True, "asked": 3, "never": False}


def test_a_trial_knows_the_release_of_every_installed_package(
    run: Callable[[Callable[[Trial], None]], Evidence],
) -> None:
    """Of the subject, of a package from the index, of a wheel by path; of what is not installed, that it is not."""

    def observe(trial: Trial) -> None:
        pinned = {"gunicorn": "20.1.0", "toy-part": "file:///a/toy_part-1.2-py3-none-any.whl", "tree": "file:///a/tree"}
        environment: Any = SimpleNamespace(resolution=SimpleNamespace(pinned=pinned))
        trial._environment = environment
        for package in ("uvicorn", "Gunicorn", "toy_part", "h11"):
            trial.record(package, str(trial.release(package)))
        trial.release("tree")

    evidence = run(observe)
    assert evidence.facts == {"uvicorn": "0.27.0", "Gunicorn": "20.1.0", "toy_part": "1.2", "h11": "None"}
    assert evidence.error == "'file:///a/tree' does not tell which release of tree is installed"
