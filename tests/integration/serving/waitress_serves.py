"""waitress-serves: waitress serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import waitress

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start waitress and ask."""
    with waitress.run(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="waitress-serves",
    title="waitress does not serve",
    subject="waitress",
    variants=(Variant(),),
    applications=(*READY, "run_waitress.py"),
    platforms=("linux", "macos", "windows"),
    pythons=waitress.PYTHONS,
    observe=observe,
    judge=judge,
)
