"""sanic-serves: sanic serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import sanic

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start sanic and ask."""
    with sanic.run(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="sanic-serves",
    title="sanic does not serve",
    subject="sanic",
    variants=(Variant(),),
    applications=(*READY, "run_sanic.py"),
    platforms=("linux", "macos", "windows"),
    pythons=sanic.PYTHONS,
    observe=observe,
    judge=judge,
)
