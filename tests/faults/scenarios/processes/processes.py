"""Servers whose processes do what they should not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness import Check, Evidence, Heard, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness import Trial

HELLO = "hello"


def observe(trial: Trial) -> None:
    """Say hello, and give a tester the time to end the run."""
    ledger = os.environ.get("TOY_LEDGER", os.devnull)
    arguments = ("processes_application.py", trial.variant, "{port}", ledger)
    with trial.server("server", "python", *arguments, ready_s=60.0) as server:
        server.get("/", name=HELLO)
        trial.sleep(60.0 if trial.variant == "disowns" else 0.0)


def judge(evidence: Evidence) -> Judgement:
    """Nothing fails that is looked for."""
    return conclude(
        signature=None,
        controls=[Check(name=HELLO, expected=Heard.of((200, b"hello")), actual=evidence.heard(HELLO))],
        requirement=Check(name="servers", expected=1, actual=len(evidence.servers)),
    )


SCENARIO = Scenario(
    id="processes",
    title="processes",
    subject="toyserver",
    observe=observe,
    judge=judge,
    applications=("processes_application.py",),
    variants=tuple(Variant(name=name) for name in ("storm", "kills-its-parent", "disowns")),
    typical_s=1.0,
    deadline_s=100.0,
)
