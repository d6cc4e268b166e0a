"""websockets-serves: a server serves on websockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import websockets

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start the server and ask."""
    with websockets.cli(trial, "ready") as server:
        ask(server, websocket=True)


SCENARIO = Scenario(
    id="websockets-serves",
    title="a server does not serve on websockets",
    subject="websockets",
    variants=(Variant(companions=websockets.COMPANIONS),),
    applications=READY,
    pythons=websockets.PYTHONS,
    observe=observe,
    judge=judge,
)
