"""wsproto-serves: a server serves on wsproto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import wsproto

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start the server and ask."""
    with wsproto.cli(trial, "ready") as server:
        ask(server, websocket=True)


SCENARIO = Scenario(
    id="wsproto-serves",
    title="a server does not serve on wsproto",
    subject="wsproto",
    variants=(Variant(companions=wsproto.COMPANIONS),),
    applications=READY,
    pythons=wsproto.PYTHONS,
    observe=observe,
    judge=judge,
)
