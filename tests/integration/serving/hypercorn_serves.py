"""hypercorn-serves: hypercorn serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import hypercorn

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start hypercorn and ask."""
    with hypercorn.cli(trial, "ready") as server:
        ask(server, websocket=True)


SCENARIO = Scenario(
    id="hypercorn-serves",
    title="hypercorn does not serve",
    subject="hypercorn",
    variants=(Variant(companions=hypercorn.COMPANIONS),),
    applications=READY,
    platforms=("linux", "macos", "windows"),
    pythons=hypercorn.PYTHONS,
    observe=observe,
    judge=judge,
)
