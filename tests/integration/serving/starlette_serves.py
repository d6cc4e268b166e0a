"""starlette-serves: a server serves on starlette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import starlette

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start the server and ask."""
    with starlette.cli(trial, "ready") as server:
        ask(server)


SCENARIO = Scenario(
    id="starlette-serves",
    title="a server does not serve on starlette",
    subject="starlette",
    variants=(Variant(companions=starlette.COMPANIONS),),
    applications=READY,
    pythons=starlette.PYTHONS,
    observe=observe,
    judge=judge,
)
