"""The exit status and the last line on standard error, as a build script reads them."""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING

import pytest

from . import golden
from .driving import MATRIX, PYTHON, SCENARIOS, User, servers
from .packages import project

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = f'scenarios = ["toy-failure"]\nreleases = ["latest"]\npythons = ["{PYTHON}"]\nplatforms = ["linux"]\n'


def expecting(user: User, affected: str | None) -> User:
    """Return the user with a copy of the scenario for which something else was measured, or nothing."""
    folder = user.folder / "scenarios"
    shutil.copytree(SCENARIOS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "toy_failure.expected.json"
    text = path.read_text()
    assert '"==1.0"' in text
    if affected is None:
        path.unlink()
    else:
        path.write_text(text.replace('"==1.0"', affected))
    return dataclasses.replace(user, scenarios=folder)


def test_agreement_is_0(user: User) -> None:
    """The failure is there where it was measured and nowhere else."""
    called = user.run(*servers("1.0", "1.1"))
    assert called.status == 0
    assert called.last_line == (
        "2 cells: 1 reproduced, 1 absent; every verdict agrees with what is expected (exit status 0)"
    )


def test_contradiction_is_1(user: User) -> None:
    """A failure that came back and one that is gone: both are marked, and outweigh what was not judged."""
    called = expecting(user, '"==1.1"').run(*servers("1.0", "1.1", "1.2"))
    assert called.status == 1
    assert called.last_line == (
        "3 cells: 1 reproduced, 1 absent, 1 unhealthy, 2 contradicting the expectation; "
        "2 cells contradict what is expected; 1 cell could not be judged (exit status 1)"
    )
    golden.check("contradiction", called.stdout)


def test_contradiction_stands_first_in_the_table(user: User) -> None:
    """A person who reads the table sees which cells contradict, and what was expected of them."""
    wrong = expecting(user, '"==1.1"')
    called = wrong.call("run", *wrong.selection, *servers("1.0", "1.2"))
    assert called.status == 1
    remark = called.stdout.split("unhealthy: ")[0]
    assert "contradicts what is expected: toy-failure_default_toyserver-1.0" in remark
    assert "expected absent, measured reproduced: 200 b'broken'" in remark


def test_nothing_expected_cannot_contradict(user: User) -> None:
    """Where nothing has been measured a verdict is news: neither a contradiction nor agreement."""
    called = expecting(user, None).run(*servers("1.0", "1.1"))
    assert called.status == 0
    assert called.last_line == "2 cells: 1 reproduced, 1 absent; nothing is expected of 2 cells (exit status 0)"
    assert [cell["expected"] for cell in called.cells.values()] == [None, None]


def test_what_could_not_be_judged_is_3(user: User) -> None:
    """One judged cell does not hide one that was not."""
    called = user.run(*servers("1.1", "1.4"))
    assert called.status == 3
    assert called.last_line == (
        "2 cells: 1 absent, 1 unhealthy; "
        "nothing contradicts what is expected; 1 cell could not be judged (exit status 3)"
    )


def test_only_unsupported_cells_are_3(user: User) -> None:
    """A selection in which nothing can exist is not a success: the failure has not been tried."""
    called = user.run(*servers("1.9"))
    assert (called.status, called.verdicts) == (3, {"1.9": "unsupported"})
    assert called.last_line == "1 cells: 1 unsupported; no cell tried toy-failure (exit status 3)"


def test_asked_for_absence_a_failure_that_is_there_is_1(user: User) -> None:
    """Also where it is expected; a stored result answers both questions."""
    assert user.run(*servers("1.0", "1.1")).status == 0
    called = user.run(*servers("1.0", "1.1"), "--absent")
    assert called.status == 1
    assert [(cell["expected"], cell["cached"]) for cell in called.cells.values()] == [("absent", True)] * 2
    assert user.run(*servers("1.1"), "--absent").status == 0
    history = user.call("history", *user.selection, *servers("1.0"), "--absent")
    assert (history.status, history.last_line.endswith("(exit status 1)")) == (1, True)


def test_unsupported_cells_beside_judged_ones_are_0(user: User) -> None:
    """A release that is not for this Python takes nothing from the others."""
    called = user.run(*servers("1.1", "1.9"))
    assert (called.status, called.verdicts) == (0, {"1.1": "absent", "1.9": "unsupported"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[cells]]\nrelease = []\n" + ENTRY, ["[[cells]] number 1", "unknown key 'release'", "releases"]),
        ("jobs = 3\n[[cells]]\n" + ENTRY, ["unknown key 'jobs'", "cells"]),
        (
            "[[cells]]\n" + ENTRY.replace("toy-failure", "toy-failur"),
            ["unknown scenario 'toy-failur'", "mean toy-failure"],
        ),
        ("[[cells]]\n" + ENTRY + 'variants = ["defualt"]', ["unknown variant 'defualt'", "default?"]),
        ("[[cells]]\n" + ENTRY.replace(PYTHON, "3.x"), ["'3.x' is no Python such as 3.8"]),
        ("[[cells]]\n" + ENTRY.replace("linux", "linus"), ["unknown platform 'linus'", "linux"]),
        ("[[cells]]\n" + ENTRY.replace("latest", "newest"), ["'newest' is neither", "latest"]),
        ("[[cells]]\n" + ENTRY.replace("latest", "==1.99"), ["'==1.99'", "the nearest are 1.11 and 2.0a1"]),
        ("[[cells]]\n" + ENTRY.replace('["latest"]', "[]"), ["releases", "the list is empty"]),
        ("[[cells]]\n" + ENTRY.replace('["latest"]', "7"), ["releases", "array"]),
        ("[[cells]\n", ["not valid TOML"]),
        ("", ["cells"]),
    ],
    ids=lambda value: "_".join(value[-1].split()) if isinstance(value, list) else "",
)
def test_a_wrong_matrix_is_2_in_one_line(user: User, text: str, told: list[str]) -> None:
    """The line names the file, says what is wrong in it, and offers the nearest names."""
    (user.folder / "mine.toml").write_text(text)
    called = user.call("run", "--matrix", "mine.toml", "--scenarios", SCENARIOS)
    assert_refused(called.status, called.stdout, called.stderr, ["mine.toml", *told])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["toy-failur"], ["unknown scenario 'toy-failur'", "mean toy-failure"]),
        (["--python", "3.x"], ["--python", "'3.x' is no Python such as 3.8"]),
        (["--platform", "linus"], ["--platform", "unknown platform 'linus'", "linux"]),
        (["--server", "toyservr==1.0"], ["--server", "no scenario is about 'toyservr'", "toyserver?"]),
        (["--server", "toyserver==1.99"], ["--server", "'==1.99'", "the nearest are 1.11 and 2.0a1"]),
        (["--server", "toyserver>=9"], ["--server", "'>=9'", "2.1"]),
        (["--server", "toyserver=1.0"], ["--server", "=1.0"]),
        (["--server", "toyserver==claimed"], ["--server", "needs a scenario with a claim"]),
        (["--server", "./nowhere"], ["--server", "./nowhere", "pyproject.toml"]),
        (["toy-failure", "--server", "uvicorn==0.27.0"], ["none of toy-failure is about 'uvicorn'", "toyserver"]),
        (["--server", "./other"], ["no scenario is about 'other'; subjects are daphne, granian"]),
        (["--cell", "*toyserver-9*"], ["leaves no cell", "toy-failure_default_toyserver-2.1"]),
        (["--results", "file"], ["--results", "file is not a folder"]),
        (["--scenarios", "nowhere"], ["nowhere", "--scenarios"]),
    ],
    ids=lambda value: "_".join(value) if value[0].startswith(("--", "toy-")) else "",
)
def test_a_wrong_call_is_2_in_one_line(user: User, arguments: list[str], told: list[str]) -> None:
    """The line names the option, says what is wrong with it, and offers the nearest names."""
    (user.folder / "file").touch()
    other = project(user.folder / "other", "1.0")
    for path in other.iterdir():
        path.write_text(path.read_text().replace("toyserver", "other"))
    (other / "toyserver.py").rename(other / "other.py")
    (user.folder / "one.toml").write_text("[[cells]]\n" + ENTRY)
    called = user.call("run", "--matrix", "one.toml", "--scenarios", SCENARIOS, *arguments)
    assert_refused(called.status, called.stdout, called.stderr, told)


def assert_refused(status: int, stdout: str, stderr: str, told: list[str]) -> None:
    """One line, with all that it is to tell, and nothing else."""
    assert status == 2, stderr
    assert stdout == ""
    assert len(stderr.splitlines()) == 1, stderr
    for phrase in told:
        assert phrase in stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SCENARIO = str('Scenario()')\n", "SCENARIO is not a harness.Scenario"),
        ("SCENARIO = Scenario(\n", "SyntaxError"),
        ("import nothing_of_this_name\nSCENARIO = Scenario()\n", "nothing_of_this_name"),
    ],
)
def test_a_wrong_scenario_module_is_2_in_one_line(user: User, text: str, told: str) -> None:
    """The line names the module and what is wrong with it, without a traceback."""
    folder: Path = user.folder / "mine"
    folder.mkdir()
    (folder / "broken.py").write_text(text)
    called = user.call("run", "--matrix", MATRIX, "--scenarios", folder)
    assert_refused(called.status, called.stdout, called.stderr, ["broken.py", told])
