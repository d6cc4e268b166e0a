"""daphne-serves: daphne serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import daphne

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start daphne and ask."""
    with daphne.cli(trial, "ready") as server:
        ask(server, websocket=True)


SCENARIO = Scenario(
    id="daphne-serves",
    title="daphne does not serve",
    subject="daphne",
    variants=(Variant(),),
    applications=READY,
    platforms=("linux", "macos", "windows"),
    pythons=daphne.PYTHONS,
    observe=observe,
    judge=judge,
)
