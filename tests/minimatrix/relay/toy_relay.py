"""toy-relay: GET /failure answers ``broken`` where it should answer ``fine``; a failure with a history."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness import Check, Claim, Evidence, Heard, Judgement, Scenario, conclude

if TYPE_CHECKING:
    from harness import Trial

HELLO = "hello"
FAILURE = "failure"


def observe(trial: Trial) -> None:
    """Make the control, then pull the trigger."""
    arguments = ("--port", "{port}", "--ledger", os.environ.get("TOY_LEDGER", os.devnull))
    with trial.server("toyrelay", "toyrelay", *arguments, ready_s=60.0) as server:
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
    id="toy-relay",
    title="the relay is broken",
    subject="toyrelay",
    claims=(Claim(document="a page about the toy", references=("toyrelay #1",), fixed="0.6"),),
    observe=observe,
    judge=judge,
    typical_s=1.0,
    deadline_s=120.0,
)
