"""cheroot-serves: cheroot serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import cheroot

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start cheroot and ask."""
    with cheroot.run(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="cheroot-serves",
    title="cheroot does not serve",
    subject="cheroot",
    variants=(Variant(),),
    applications=(*READY, "run_cheroot.py"),
    platforms=("linux", "macos", "windows"),
    pythons=cheroot.PYTHONS,
    observe=observe,
    judge=judge,
)
