"""h11-serves: a server serves on h11."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import h11

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start the server and ask."""
    with h11.cli(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="h11-serves",
    title="a server does not serve on h11",
    subject="h11",
    variants=(Variant(companions=h11.COMPANIONS),),
    applications=READY,
    pythons=h11.PYTHONS,
    observe=observe,
    judge=judge,
)
