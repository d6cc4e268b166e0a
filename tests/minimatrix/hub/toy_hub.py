"""toy-hub: GET /failure answers ``broken`` where it should answer ``fine``, because of a dependency."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness import Check, Companion, Evidence, Heard, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness import Trial

HELLO = "hello"
FAILURE = "failure"


def observe(trial: Trial) -> None:
    """Make the control, then pull the trigger."""
    arguments = ("--port", "{port}", "--ledger", os.environ.get("TOY_LEDGER", os.devnull))
    with trial.server("toyhub", "toyhub", *arguments, ready_s=60.0) as server:
        server.get("/", name=HELLO)
        server.get("/failure", name=FAILURE)


def judge(evidence: Evidence) -> Judgement:
    """Look for the one word."""
    heard = evidence.heard(FAILURE)
    return conclude(
        signature=str(heard) if heard == Heard.of((200, b"broken")) else None,
        controls=[Check(name=HELLO, expected=Heard.of((200, b"hello")), actual=evidence.heard(HELLO))],
        requirement=Check(name=FAILURE, expected=Heard.of((200, b"fine")), actual=heard),
    )


SCENARIO = Scenario(
    id="toy-hub",
    title="the hub is broken",
    subject="toyhub",
    variants=(Variant(name="usual"), Variant(name="today", companions=(Companion("toyvalve", as_of="today"),))),
    observe=observe,
    judge=judge,
    typical_s=1.0,
    deadline_s=120.0,
)
