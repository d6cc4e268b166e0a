"""starlette-serves: a server serves on starlette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import ask, judge

from harness import Scenario, Variant
from harness.subjects import starlette

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start the server and ask."""
    with starlette.cli(trial, "starlette_application") as server:
        ask(server)


SCENARIO = Scenario(
    id="starlette-serves",
    title="a server does not serve on starlette",
    subject="starlette",
    variants=(Variant(companions=starlette.COMPANIONS),),
    applications=("starlette_application.py", "dialects.py"),
    pythons=starlette.PYTHONS,
    observe=observe,
    judge=judge,
)
