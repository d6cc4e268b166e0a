"""uvicorn-serves: uvicorn serves the ready-made application, over each parser and WebSocket library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario
from harness.subjects import uvicorn
from harness.subjects.options import where_known

if TYPE_CHECKING:
    from harness import Trial

PARSERS = ("h11", "httptools")
LIBRARIES = ("websockets", "websockets-sansio", "wsproto")


def observe(trial: Trial) -> None:
    """Start uvicorn with what the variant names, and ask."""
    http = trial.variant if trial.variant in PARSERS else None
    ws = trial.variant if trial.variant in LIBRARIES else None
    with uvicorn.cli(trial, "ready", http=where_known(http), ws=where_known(ws), loop=where_known("asyncio")) as server:
        ask(server, websocket=ws is not None)


SCENARIO = Scenario(
    id="uvicorn-serves",
    title="uvicorn does not serve",
    subject="uvicorn",
    variants=uvicorn.variants(*PARSERS, *LIBRARIES),
    applications=READY,
    platforms=("linux", "macos", "windows"),
    pythons=uvicorn.PYTHONS,
    observe=observe,
    judge=judge,
)
