"""From ``harness new`` to a verdict, as an author goes: the draft, the start, the trigger, the mistakes on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .driving import PYTHON, Called, User, servers

if TYPE_CHECKING:
    from pathlib import Path

CELL = f"broken-answer_default_toyserver-1.0_py{PYTHON}_linux"
DRAFTED = 'trial.server("toyserver", "python", "application.py", "{port}")'
STARTED = 'trial.server("toyserver", "toyserver", "--port", "{port}")'
DRAFT = 'trigger("trigger", request("GET", "/hello"), owed=..., failure=...)'
WRITTEN = """trigger("how it is", request("GET", "/failure"), owed="200 b'fine'", failure="200 b'broken'")"""


@pytest.fixture
def module(user: User) -> Path:
    """The module of a new scenario."""
    made = user.call("new", "broken-answer", "--subject", "toyserver", "--in", "mine")
    assert made.status == 0, made.stderr
    return user.folder / "mine" / "toyserver" / "broken-answer" / "scenario.py"


def edit(module: Path, old: str, new: str) -> None:
    """Write something else into the scenario."""
    text = module.read_text()
    assert text.count(old) == 1
    module.write_text(text.replace(old, new))


def run(user: User, *versions: str) -> Called:
    """Run the scenario with these releases."""
    own = ["--scenarios", "mine", "--python", PYTHON, "--format", "json"]
    return user.call("run", "broken-answer", *servers(*(versions or ("1.0", "1.1"))), *own)


def reason(called: Called) -> str:
    """Return the reason of the release 1.0."""
    return str(called.cells["1.0"]["reason"])


def test_a_draft_runs_and_says_nothing_of_the_server(user: User, module: Path) -> None:
    """Neither of a release that has the failure nor of one that has not; what is to be written is said, and where."""
    called = run(user)
    assert called.status == 3
    assert called.verdicts == {"1.0": "inconclusive", "1.1": "inconclusive"}
    assert reason(called) == (
        "the trigger 'trigger' is to be written in toyserver/broken-answer/scenario.py: it says owed=... and "
        "failure=...; control 'hello' failed: expected 200 b'hello', got 200 b'application.py is to be written'"
    )
    edit(module, DRAFTED, STARTED)
    called = run(user)
    assert called.verdicts == {"1.0": "inconclusive", "1.1": "inconclusive"}
    assert reason(called).endswith("/scenario.py: it says owed=... and failure=...")


def test_a_start_that_was_not_written_is_no_verdict(user: User, module: Path) -> None:
    """An author may write the trigger first."""
    edit(module, DRAFT, WRITTEN)
    assert run(user).verdicts == {"1.0": "unhealthy", "1.1": "unhealthy"}


def test_a_written_scenario_is_judged(user: User, module: Path) -> None:
    """By two lines that the author changed; the commands that were printed are the ones to type."""
    edit(module, DRAFTED, STARTED)
    edit(module, DRAFT, WRITTEN)
    called = run(user)
    assert (called.status, called.verdicts) == (0, {"1.0": "reproduced", "1.1": "absent"}), called.stderr
    shown = user.call("show", "broken-answer_*-1.0_*", "--diff", "--scenarios", "mine")
    assert shown.status == 0
    assert shown.stdout == (
        f"{CELL}: reproduced\n"
        "  signature  how it is: 200 b'broken'\n"
        "trial 1 of 1: reproduced\n"
        "  control passed: hello\n"
        "      both      200 b'hello'\n"
        "  requirement NOT MET: how it is\n"
        "      expected  200 b'fine'\n"
        "      actual    200 b'broken'\n"
        "                      ^\n"
    )
    written = user.call("history", "broken-answer", *servers("1.0", "1.1"), "--scenarios", "mine", "--python", PYTHON)
    assert written.status == 0, written.stderr


def test_a_run_names_the_call_that_compares(user: User, module: Path) -> None:
    """In the line before the last, with all that the call needs."""
    edit(module, DRAFTED, STARTED)
    called = run(user, "1.0")
    words = called.stderr.splitlines()[-2].partition(": ")[2].split()
    assert words == ["harness", "show", CELL, "--diff", "--scenarios", "mine"]
    shown = user.call(*words[1:])
    assert "expected  what is to be written" in shown.stdout


MISTAKES = [
    (
        'serve=lambda trial: trial.server("toyserver", "python", "application.py", "{port}"),',
        'serve=lambda trial: trial.server("toyserver", "toyserver", "--port", "{port}", redy_s=3),',
        "TypeError: Trial.server() got an unexpected keyword argument 'redy_s'; did you mean ready_s?",
    ),
    (
        'serve=lambda trial: trial.server("toyserver", "python", "application.py", "{port}"),',
        "serve=lambda trial: trial.sever(),",
        "AttributeError: 'Trial' object has no attribute 'sever'; did you mean server?",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), MISTAKES, ids=["keyword", "attribute"])
def test_a_mistake_in_what_a_trial_does_is_told(old: str, new: str, told: str, user: User, module: Path) -> None:
    """As the cell's reason, with file and line."""
    line = next(number for number, text in enumerate(module.read_text().splitlines(), 1) if old in text)
    edit(module, old, new)
    called = run(user, "1.0")
    assert (called.status, called.verdicts) == (3, {"1.0": "environment-failed"})
    assert reason(called) == f"the scenario's observe failed: {module}, line {line}: {told}"


def test_a_mistake_in_the_module_is_told(user: User, module: Path) -> None:
    """In one line, before anything runs."""
    edit(module, "owed=..., ", "owd=..., ")
    called = run(user, "1.0")
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (2, "", 1)
    assert called.stderr.startswith(f"harness: {module}, line ")
    assert "TypeError: trigger() got an unexpected keyword argument 'owd'; did you mean owed? (exit" in called.stderr


def test_a_misspelt_observation_is_told(user: User, module: Path) -> None:
    """The observe of the author's own makes another one."""
    text = module.read_text()
    own = f"""
def observe(trial):
    with {STARTED} as server:
        server.get("/", name="before")
        server.get("/failure", name="after")

"""
    head, _, rest = text.partition("\nSCENARIO")
    rest = rest.replace(f"serve=lambda trial: {DRAFTED}", "observe=observe")
    rest = rest.replace('control("hello", request("GET", "/hello"),', 'control("befor",')
    module.write_text(f"{head}\n{own}\nSCENARIO{rest}".replace(DRAFT, WRITTEN.replace("how it is", "after")))
    called = run(user, "1.0")
    assert called.verdicts == {"1.0": "inconclusive"}
    assert reason(called) == "no observation 'befor' was made; did you mean 'before'?"
    assert json.loads(called.stdout)["cells"][0]["evidence"]
