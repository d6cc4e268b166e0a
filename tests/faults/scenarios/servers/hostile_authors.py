"""hostile-authors: what an observation or a judge may do wrong, each as a variant."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from harness import Check, Evidence, Heard, Judgement, NotReadyError, Scenario, Variant, conclude

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Server, Trial

DEADLINE_S = 4.0


def observe(trial: Trial) -> None:
    """Do it."""
    if trial.variant == "silent on purpose":
        try:
            with trial.server("mute", "python", "hostile_application.py", "{port}", "mute", ready_s=0.5):
                pass
        except NotReadyError:
            trial.record("mute", value=True)
    name = "uvicorn/h11 (one)\udcff" if trial.variant == "named like a path" else "hostile"
    with trial.server(name, "python", "hostile_application.py", "{port}") as server:
        server.get("/wrong" if trial.variant == "silent on purpose" else "/", name="hello")
        ACTS[trial.variant](trial, server)


def _ask_for_ever(_trial: Trial, server: Server) -> None:
    while True:
        server.get("/", name="again")


def _sleep_for_ever(_trial: Trial, _server: Server) -> None:
    while True:
        time.sleep(1)


def _swallow_everything(_trial: Trial, server: Server) -> None:
    while True:
        try:
            server.get("/", name="again")
        except Exception:  # noqa: BLE001, S112 - what an author may write
            continue


def _go_on(trial: Trial, _server: Server) -> None:
    time.sleep(DEADLINE_S + 0.5)
    with trial.server("late", "python", "hostile_application.py", "{port}") as late:
        late.get("/", name="late")


def _record_oddly(trial: Trial, _server: Server) -> None:
    trial.record("not a number", float("nan"))
    trial.record("not unicode \udcff", "\udcff" * 100_000)
    trial.record("bytes", b"")  # type: ignore[arg-type]


def _kill(trial: Trial, server: Server) -> None:
    server.signal(signal.SIGKILL)
    while server.is_running:
        trial.sleep(0.01)
    server.get("/", name="after")


ACTS: dict[str, Callable[[Trial, Server], object]] = {
    "asks for ever": _ask_for_ever,
    "sleeps for ever": _sleep_for_ever,
    "swallows everything": _swallow_everything,
    "goes on after the deadline": _go_on,
    "exits": lambda *_: sys.exit("I have seen enough"),
    "fails as pytest does": lambda *_: pytest.fail("no"),
    "mistaken judge": lambda *_: None,
    "judge that exits": lambda *_: None,
    "odd facts": _record_oddly,
    "kills on purpose": _kill,
    "silent on purpose": lambda *_: None,
    "named like a path": lambda *_: None,
}


def judge(evidence: Evidence) -> Judgement:
    """Judge as an author would who made a mistake."""
    if evidence.variant == "mistaken judge":
        return conclude(signature=None, controls=[], requirement=None[0])  # type: ignore[index]
    if evidence.variant == "judge that exits":
        sys.exit("no verdict from me")
    expected = Heard.of((200, b"something else" if evidence.variant == "silent on purpose" else b"hello"))
    return conclude(
        signature=None,
        controls=[Check(name="hello", expected=expected, actual=evidence.heard("hello"))],
        requirement=Check(name="nothing more", expected=1, actual=len(evidence.all_exchanges("hello"))),
    )


SCENARIO = Scenario(
    id="hostile-authors",
    title="a scenario does what it should not",
    subject="toyserver",
    variants=tuple(Variant(name=name) for name in ACTS),
    applications=("hostile_application.py",),
    observe=observe,
    judge=judge,
    typical_s=2.0,
    deadline_s=DEADLINE_S,
)
