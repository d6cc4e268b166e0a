"""werkzeug-serves: werkzeug serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import werkzeug

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start werkzeug and ask."""
    with werkzeug.run(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="werkzeug-serves",
    title="werkzeug does not serve",
    subject="werkzeug",
    variants=(Variant(),),
    applications=(*READY, "run_werkzeug.py"),
    platforms=("linux", "macos", "windows"),
    pythons=werkzeug.PYTHONS,
    observe=observe,
    judge=judge,
)
