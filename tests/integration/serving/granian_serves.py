"""granian-serves: granian serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import granian

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start granian and ask."""
    with granian.cli(trial, "ready", interface="asgi") as server:
        ask(server, websocket=True)


SCENARIO = Scenario(
    id="granian-serves",
    title="granian does not serve",
    subject="granian",
    variants=(Variant(),),
    applications=READY,
    platforms=("linux", "macos", "windows"),
    pythons=granian.PYTHONS,
    observe=observe,
    judge=judge,
)
