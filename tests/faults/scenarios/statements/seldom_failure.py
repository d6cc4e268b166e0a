"""seldom-failure: every other time that 1.10 of the toy is started, GET /failure answers ``broken``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness import Check, Evidence, Heard, Judgement, Scenario, any_reproduces, conclude

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Make the control, then pull the trigger."""
    arguments = ("--port", "{port}", "--ledger", os.environ.get("TOY_LEDGER", os.devnull))
    with trial.server("toyserver", "toyserver", *arguments, ready_s=60) as server:
        server.get("/", name="hello")
        server.get("/failure", name="failure")


def judge(evidence: Evidence) -> Judgement:
    """Look for the one word."""
    heard = evidence.heard("failure")
    return conclude(
        signature=str(heard) if heard == Heard.of((200, b"broken")) else None,
        controls=[Check(name="hello", expected=Heard.of((200, b"hello")), actual=evidence.heard("hello"))],
        requirement=Check(name="failure", expected=Heard.of((200, b"fine")), actual=heard),
    )


SCENARIO = Scenario(
    id="seldom-failure",
    title="the toy is broken now and then",
    subject="toyserver",
    observe=observe,
    judge=judge,
    combine=any_reproduces(3),
    typical_s=1.0,
)
