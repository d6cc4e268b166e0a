"""Runs that are ended from outside, at any moment: nothing is left, nothing is lost, nothing false is kept."""

from __future__ import annotations

import dataclasses
import random
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

from . import golden
from .driving import PATIENCE_S, User, ended, servers
from .index import Index

if TYPE_CHECKING:
    from collections.abc import Callable

resource = pytest.importorskip("resource")  # where there is none the toy's cells cannot exist either
VERDICTS = {"1.0": "reproduced", "1.1": "absent", "1.2": "unhealthy", "1.4": "unhealthy", "1.6": "absent"}
_LINE = re.compile(r"\[\d+/\d+\] \S \S*_toyserver-([^_]+)_")
LARGEST = 64 * 1024 * 1024  # more than any other file of a run
LONGEST_S = 3.0  # about what such a run takes on an idle machine


@pytest.mark.fault("machine", "kill -9 at ten random moments")
@pytest.mark.parametrize("seed", range(10))
def test_kill_9_at_a_random_moment(user: User, newcomer: User, seed: int) -> None:
    """Everything that it started ends and its folder goes; the same call then gives the whole table.

    Odd seeds find their environments built, even ones are killed among builds as well.
    """
    someone = user if seed % 2 else newcomer
    moment = random.Random(seed).uniform(0.1, LONGEST_S)  # noqa: S311 - the same moments every time
    with someone.start("run", *someone.selection, *servers(*VERDICTS)) as running:
        time.sleep(moment)
        running.send_signal(signal.SIGKILL)
        finished = _LINE.findall(ended(running).stderr)
    assert someone.left_in_the_end() == []
    resumed = someone.run(*servers(*VERDICTS))
    assert resumed.verdicts == VERDICTS
    assert [version for version in finished if not resumed.cells[version]["cached"]] == []
    assert someone.left() == []


@pytest.mark.fault("machine", "Ctrl-C while cells run")
def test_ctrl_c_keeps_what_is_finished_and_nothing_else(user: User) -> None:
    """Status 130; what had not ended is not-run in the table, and is run, not recalled, by the same call."""
    user.run(*servers("1.0"))
    patient = dataclasses.replace(user, patience_s=PATIENCE_S)
    selection = ["run", *user.selection, *servers("1.0", "1.1", "1.3", "1.3.1"), "--format", "json"]
    with patient.start(*selection) as running:
        until(lambda: len(patient.started("1.3")) == 1 and len(patient.started("1.3.1")) == 1)
        assert running.stderr is not None
        assert "_toyserver-1.1_" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        stopped = ended(running)
    assert stopped.status == 130
    assert stopped.last_line == (
        "4 cells: 1 reproduced, 1 absent, 2 not-run, 1 from stored results; interrupted (exit status 130)"
    )
    assert user.left() == []
    golden.check("interrupted", stopped.stdout)
    resumed = user.run(*servers("1.0", "1.1", "1.3", "1.3.1"))
    assert resumed.status == 3
    assert {version: cell["cached"] for version, cell in resumed.cells.items()} == {
        "1.0": True,
        "1.1": True,
        "1.3": False,
        "1.3.1": False,
    }
    assert "without answering" in resumed.cells["1.3"]["reason"]


@pytest.mark.fault("machine", "Ctrl-C during a download")
def test_ctrl_c_during_a_download_is_not_held_against_a_release(newcomer: User) -> None:
    """What the user ended has not failed: the same call fetches it, builds it and judges it."""
    with Index() as index:
        user = dataclasses.replace(newcomer, index=index.url)
        index.hold()
        with user.start("run", *user.selection, *servers("1.1", "2.1")) as running:
            until(lambda: sum("/files/" in path for path in index.asked) >= 2)
            running.send_signal(signal.SIGINT)
            stopped = ended(running)
        index.let_go()
        assert stopped.status == 130, stopped.stderr
        assert user.left() == []
        assert user.run(*servers("1.1", "2.1")).verdicts == {"1.1": "absent", "2.1": "absent"}


@pytest.mark.fault("machine", "Ctrl-C among builds")
def test_ctrl_c_among_builds_is_not_held_against_a_release(newcomer: User) -> None:
    """Nor has a build that was ended half way, whatever it was doing just then."""
    with newcomer.start("run", *newcomer.selection, *servers("1.1", "2.1")) as running:
        until(lambda: any((newcomer.cache / "environments").glob("*/*")))
        running.send_signal(signal.SIGINT)
        stopped = ended(running)
    assert stopped.status == 130, stopped.stderr
    assert newcomer.left() == []
    assert newcomer.run(*servers("1.1", "2.1")).verdicts == {"1.1": "absent", "2.1": "absent"}


STUCK = """
import pathlib, time
from harness import Scenario, conclude

def observe(trial):
    with trial.server("toyserver", "toyserver", "--port", "{port}") as server:
        server.get("/", name="hello")
        pathlib.Path(%r).touch()
        time.sleep(3600)

SCENARIO = Scenario(id="stuck", title="it never ends", subject="toyserver", observe=observe, judge=conclude)
"""


@pytest.mark.fault("machine", "Ctrl-C while a scenario is stuck")
def test_ctrl_c_does_not_wait_for_a_scenario_that_is_stuck(user: User) -> None:
    """Nothing interrupts its sleep: it is left behind, with the last line saying how to go on, and then cleaned up."""
    (user.folder / "stuck").mkdir()
    (user.folder / "stuck" / "stuck.py").write_text(STUCK % str(user.folder / "asleep"))
    selection = ["run", "stuck", "--scenarios", "stuck", "--server", "toyserver==1.1"]
    with user.start(*selection) as running:
        until((user.folder / "asleep").exists)
        running.send_signal(signal.SIGINT)
        stopped = ended(running)
    assert stopped.status == 130
    assert stopped.last_line == (
        "interrupted; what is finished is kept in .harness, go on with: harness run stuck --scenarios stuck "
        "--server toyserver==1.1; ended at once (exit status 130)"
    )
    assert user.left_in_the_end() == []


def test_full_disk_ends_the_run_in_one_line(user: User) -> None:
    """What was finished is kept and found again; what could not be kept is not said to be finished."""
    user.run(*servers("1.0"))
    journal = user.results / "journal.jsonl"
    with journal.open("ab") as file:  # only the journal is large enough to meet the limit
        file.write(b" " * LARGEST + b"\n")
    limit = journal.stat().st_size + 20

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with user.start("run", *user.selection, *servers("1.0", "1.1", "1.2"), before=limited) as running:
        full = ended(running)
    assert (full.status, full.stdout) == (3, "")
    assert full.last_line == (
        "harness: .harness cannot be written to: File too large; what was finished before is kept, "
        "make room and the same call goes on (exit status 3)"
    )
    assert "_toyserver-1.1_" not in full.stderr
    assert user.left_in_the_end() == []
    resumed = user.run(*servers("1.0", "1.1", "1.2"))
    assert {version: cell["cached"] for version, cell in resumed.cells.items()} == {
        "1.0": True,
        "1.1": False,
        "1.2": False,
    }


def until(true: Callable[[], bool]) -> None:
    """Wait for something that will happen."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
