"""tornado-serves: tornado serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import tornado

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start tornado and ask."""
    with tornado.run(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="tornado-serves",
    title="tornado does not serve",
    subject="tornado",
    variants=(Variant(),),
    applications=(*READY, "run_tornado.py"),
    platforms=("linux", "macos", "windows"),
    pythons=tornado.PYTHONS,
    observe=observe,
    judge=judge,
)
