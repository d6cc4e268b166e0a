"""seldom-failure: every other time that 1.10 of the toy is started, GET /failure answers ``broken``."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from harness import Check, Evidence, Judgement, Scenario, conclude
from harness.model.verdict import any_reproduces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.execution.trial import Trial


@dataclasses.dataclass(frozen=True)
class Seldom:
    """The rule of a failure that shows only now and then, with the trials that it needs."""

    trials: int

    def __call__(self, judgements: Sequence[Judgement]) -> Judgement:
        """Reduce the judgements of a cell's trials to the cell's."""
        return any_reproduces(self.trials)(judgements)


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
        signature=heard if heard == "200 b'broken'" else None,
        controls=[Check(name="hello", expected="200 b'hello'", actual=evidence.heard("hello"))],
        requirement=Check(name="failure", expected="200 b'fine'", actual=heard),
    )


SCENARIO = Scenario(
    id="seldom-failure",
    title="the toy is broken now and then",
    subject="toyserver",
    observe=observe,
    judge=judge,
    combine=Seldom(3),
    typical_s=1.0,
)
