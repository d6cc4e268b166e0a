"""Scenarios in folders by subject, as a user runs them: by id, by glob, from a matrix; and what mistakes are told."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from .driving import PYTHON, SCENARIOS, User, cell_id, servers

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = '[[cells]]\nscenarios = ["{}"]\nreleases = ["==1.0", "==1.1"]\nplatforms = ["linux"]\n'
STATED = '    id="toy-failure",\n', '    subject="toyserver",\n'


@pytest.fixture
def author(user: User) -> User:
    """Someone whose scenario lies in a folder; what it expects was measured, and a broken one lies beside it."""
    subject = user.folder / "mine" / "toyserver"
    text = (SCENARIOS / "toy_failure.py").read_text()
    assert all(line in text for line in STATED)
    for line in STATED:
        text = text.replace(line, "")
    (subject / "toy-failure").mkdir(parents=True)
    (subject / "toy-failure" / "scenario.py").write_text(text)
    (subject / "toy-failure" / "expected.json").write_bytes((SCENARIOS / "toy_failure.expected.json").read_bytes())
    (subject / "unfinished").mkdir()
    (subject / "unfinished" / "scenario.py").write_text(
        "raise RuntimeError('nobody asked for this')\nSCENARIO = None\n"
    )
    return dataclasses.replace(user, scenarios=user.folder / "mine")


def module(author: User, name: str = "toy-failure") -> Path:
    """Return the module of a scenario."""
    return author.scenarios / "toyserver" / name / "scenario.py"


def matrix(author: User, scenarios: str) -> list[str | Path]:
    """Return the options of a matrix that names scenarios so, and of the author's folder."""
    path = author.folder / "own.toml"
    path.write_text(ENTRY.format(scenarios))
    return ["--matrix", path, "--scenarios", author.scenarios, "--python", PYTHON]


@pytest.mark.parametrize("named", ["toy-failure", "toyserver/toy-*"])
def test_a_scenario_in_a_folder_is_run_by_id_and_by_glob(named: str, author: User) -> None:
    """Another that does not load, and that nobody named, is not executed; what is expected lies in the folder."""
    arguments = ["--scenarios", str(author.scenarios), *servers("1.0", "1.1"), "--python", PYTHON, "--format", "json"]
    called = author.call("run", named, *arguments)
    assert called.verdicts == {"1.0": "reproduced", "1.1": "absent"}
    assert [cell["expected"] for cell in called.cells.values()] == ["reproduced", "absent"]
    assert called.status == 0


@pytest.mark.parametrize("glob", ["toyserver/toy-*", "toy-*", "*/toy-failure"])
def test_a_matrix_names_scenarios_by_glob(glob: str, author: User) -> None:
    """With a slash of subject and name, without one of the id."""
    called = author.call("list", "--cells", *matrix(author, glob))
    assert called.stdout.splitlines() == [cell_id("1.0"), cell_id("1.1")]


def test_history_is_written_into_the_folder(author: User) -> None:
    """And nowhere else."""
    expected = module(author).with_name("expected.json")
    expected.unlink()
    called = author.call("history", "toy-failure", *matrix(author, "toy-failure"), "--write", "--quiet")
    assert f"wrote {expected}" in called.stderr
    assert [one["affected"] for one in json.loads(expected.read_text())["histories"]]
    assert list(author.scenarios.rglob("*.json")) == [expected]


def test_a_glob_of_a_matrix_that_matches_nothing_is_told(author: User) -> None:
    """With the file, the entry and the nearest names."""
    called = author.call("list", "--cells", *matrix(author, "toysever/*"))
    assert called.status == 2
    assert called.last_line == (
        f"harness: {author.folder / 'own.toml'}: [[cells]] number 1: scenarios: no scenario matches 'toysever/*'; "
        "did you mean toyserver/toy-failure or toyserver/unfinished? (exit status 2)"
    )


def test_a_glob_of_a_call_that_matches_nothing_is_told(author: User) -> None:
    """Nothing selected is never a green run."""
    called = author.call("run", "toy-fialure*", "--scenarios", author.scenarios)
    assert called.status == 2
    assert called.last_line == (
        "harness: the call: no scenario matches 'toy-fialure*'; did you mean toy-failure? (exit status 2)"
    )


def test_a_broken_scenario_is_told_where_it_is_asked_for(author: User) -> None:
    """With file and line, in one line."""
    called = author.call("list", "--scenarios", author.scenarios)
    assert called.status == 2
    where = module(author, "unfinished")
    assert called.last_line == f"harness: {where}, line 1: RuntimeError: nobody asked for this (exit status 2)"


def test_a_module_that_states_another_id_is_told(author: User) -> None:
    """An id that is written twice is one that is written wrongly some day."""
    path = module(author)
    path.write_text(path.read_text().replace("    title=", '    id="other-failure",\n    title='))
    line = path.read_text().splitlines().index('    id="other-failure",') + 1
    called = author.call("run", "toy-failure", "--scenarios", author.scenarios)
    assert called.status == 2
    assert called.last_line.startswith(
        f"harness: {path}, line {line}: it states the id 'other-failure', and its folder"
    )
