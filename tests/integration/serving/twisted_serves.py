"""twisted-serves: twisted serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import twisted

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start twisted and ask."""
    with twisted.run(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="twisted-serves",
    title="twisted does not serve",
    subject="twisted",
    variants=(Variant(),),
    applications=(*READY, "run_twisted.py"),
    platforms=("linux", "macos", "windows"),
    pythons=twisted.PYTHONS,
    observe=observe,
    judge=judge,
)
