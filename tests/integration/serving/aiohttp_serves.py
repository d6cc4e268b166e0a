"""aiohttp-serves: aiohttp serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import aiohttp

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start aiohttp and ask."""
    with aiohttp.run(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="aiohttp-serves",
    title="aiohttp does not serve",
    subject="aiohttp",
    variants=(Variant(),),
    applications=(*READY, "run_aiohttp.py"),
    platforms=("linux", "macos", "windows"),
    pythons=aiohttp.PYTHONS,
    observe=observe,
    judge=judge,
)
