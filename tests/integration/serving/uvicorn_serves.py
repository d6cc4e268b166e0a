"""uvicorn-serves: uvicorn serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version
from serves import READY, ask, judge

from harness import Scenario
from harness.subjects import uvicorn
from harness.subjects.options import where_known

FIRST_WITH_WEBSOCKETS = Version("0.2.0")

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start uvicorn and ask."""
    with uvicorn.cli(trial, "ready", http=where_known(trial.variant), loop=where_known("asyncio")) as server:
        ask(server, websocket=trial.variant == "h11" and trial.version >= FIRST_WITH_WEBSOCKETS)


SCENARIO = Scenario(
    id="uvicorn-serves",
    title="uvicorn does not serve",
    subject="uvicorn",
    variants=uvicorn.variants("h11", "httptools"),
    applications=READY,
    pythons=uvicorn.PYTHONS,
    observe=observe,
    judge=judge,
)
