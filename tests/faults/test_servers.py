"""Kinds 3 and 4: what servers send is bounded, what scenarios do is survived, and a verdict rests on whole values."""

from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.minimatrix.driving import PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.minimatrix.driving import Called, User

    from .conftest import Seen

SCENARIOS = Path(__file__).parent / "scenarios" / "servers"
ANSWERS = {
    "endless": "a body that never ends",
    "endless-chunked": "chunks that never end",
    "endless-head": "a header that never ends",
    "endless-answers": "answers that never end, on a raw connection",
    "unpacks": "3 MB of gzip that unpack to 3 GB",
    "drip": "an answer that drips byte by byte",
    "sixty": "60 MB on a raw connection",
    "plain-as-gzip": "a plain body that is called gzip",
    "long": "a body of 5 MB",
    "to-the-end": "an answer without a length",
    "head": "an answer to HEAD",
}
AUTHORS = {
    "asks for ever": ("inconclusive", "the trial did not end within its 4 s"),
    "sleeps for ever": ("inconclusive", "its observe did not come back in 5 s more and was left behind"),
    "swallows everything": ("inconclusive", "the trial did not end within its 4 s"),
    "goes on after the deadline": ("inconclusive", "the trial did not end within its 4 s"),
    "exits": (
        "environment-failed",
        "hostile_authors.py, line 78: SystemExit: I have seen enough",
    ),
    "fails as pytest does": ("environment-failed", "Failed: no"),
    "mistaken judge": ("environment-failed", "hostile_authors.py, line 92: TypeError:"),
    "judge that exits": ("environment-failed", "hostile_authors.py, line 94: SystemExit:"),
    "odd facts": ("environment-failed", "TypeError: a fact is a text or a number, not bytes"),
    "kills on purpose": ("absent", ""),
    "silent on purpose": ("unhealthy", "control 'hello' failed: expected 200 b'something else', got 200 b'hello'"),
    "named like a path": ("absent", ""),
}


def faults(told: dict[str, str]) -> list[Any]:
    """Return the parameters of a test, each a fault of its own."""
    return [pytest.param(name, marks=pytest.mark.fault(3, what), id=name) for name, what in told.items()]


def run(user: User, *arguments: str) -> Called:
    """Run a scenario of this folder on a release that does nothing wrong itself."""
    selection = ("--scenarios", str(SCENARIOS), "--server", "toyserver==1.1", "--python", PYTHON)
    return user.call("run", *selection, "--format", "json", *arguments)


def cells(called: Called) -> dict[str, dict[str, Any]]:
    """Return the cells of a printed document by variant."""
    return {cell["variant"]: cell for cell in json.loads(called.stdout)["cells"]}


@pytest.mark.parametrize("variant", faults({name: f"a server sends {what}" for name, what in ANSWERS.items()}))
def test_whatever_a_server_sends(user: User, seen: Seen, variant: str) -> None:
    """It is given up at its deadline, or is the whole answer that it is; the harness keeps little of it."""
    called = run(user, "hostile-answers", "--cell", f"*_{variant}_*")
    cell = cells(called)[variant]
    assert cell["verdict"] == "absent", cell["reason"]
    evidence = next((user.results / cell["evidence"]).glob("trial-*.json"))
    assert evidence.stat().st_size < 4 * 1024 * 1024
    whole = variant in {"plain-as-gzip", "long", "to-the-end", "head"}
    seen("it is read as the whole answer that it is" if whole else "it is given up at its deadline", called)


@pytest.mark.parametrize("variant", faults({name: f"a scenario: {name}" for name in AUTHORS}))
def test_whatever_an_author_does(user: User, seen: Seen, variant: str) -> None:
    """The cell gets a verdict that says what happened, its evidence is kept, and the run goes on and ends."""
    verdict, reason = AUTHORS[variant]
    called = run(user, "hostile-authors", "--cell", f"*_{variant.replace(' ', '-')}*_toyserver-*")
    cell = cells(called)[variant]
    assert cell["verdict"] == verdict, cell["reason"]
    assert reason in (cell["reason"] or "")
    assert cell["evidence"]
    shown = user.call("show", cell["id"], "--scenarios", str(SCENARIOS))
    assert shown.status == 0, shown.stderr
    assert "Traceback" not in called.stderr + shown.stderr
    told = f"{verdict}: {cell['reason']}" if cell["reason"] else verdict
    seen(told.replace(f"{SCENARIOS}/", ""), called)


def _busy(until: float) -> None:
    while time.monotonic() < until:
        pass


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Four loops that keep every core busy."""
    loops = [multiprocessing.get_context("spawn").Process(target=_busy, args=(time.monotonic() + 180,)) for _ in "1234"]
    for loop in loops:
        loop.start()
    yield
    for loop in loops:
        loop.kill()
        loop.join()


@pytest.mark.fault(4, "a line that is printed before the answer, both cores busy, 60 trials, four at a time")
@pytest.mark.usefixtures("busy_machine")
def test_what_was_printed_before_the_stop_is_before_it(user: User, seen: Seen) -> None:
    """In every trial: the log is cut at what was written, not at what had been read."""
    called = run(user, "printed-before", "--trials", "15", "--jobs", "4")
    found = cells(called)
    assert len(found) == 4
    assert {(cell["verdict"], cell["tally"].get("reproduced")) for cell in found.values()} == {("reproduced", 15)}
    seen("it stands before the stop in all of them", called)
