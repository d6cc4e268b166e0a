"""httptools-serves: a server serves on httptools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import httptools

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start the server and ask."""
    with httptools.cli(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="httptools-serves",
    title="a server does not serve on httptools",
    subject="httptools",
    variants=(Variant(companions=httptools.COMPANIONS),),
    applications=READY,
    pythons=httptools.PYTHONS,
    observe=observe,
    judge=judge,
)
