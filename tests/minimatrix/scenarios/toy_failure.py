"""toy-failure: GET /failure answers ``broken`` where it should answer ``fine``.

The harness's own test: its subject is made in `tests/minimatrix`, one release for every way a cell can end.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness import Check, Evidence, Heard, Judgement, Scenario, conclude

if TYPE_CHECKING:
    from harness import Trial

# Only the releases that are made never to answer have little time, so that a busy machine judges as an idle one.
MUTE = ("1.3", "1.3.1")
READY_S = 60.0
HELLO = "hello"
FAILURE = "failure"


def observe(trial: Trial) -> None:
    """Make the control, then pull the trigger."""
    arguments = ("--port", "{port}", "--ledger", os.environ.get("TOY_LEDGER", os.devnull))
    ready_s = float(os.environ.get("TOY_PATIENCE_S", "1.5")) if str(trial.version) in MUTE else READY_S
    with trial.server("toyserver", "toyserver", *arguments, ready_s=ready_s) as server:
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
    id="toy-failure",
    title="the toy is broken",
    subject="toyserver",
    observe=observe,
    judge=judge,
    typical_s=1.0,
    deadline_s=120.0,
)
