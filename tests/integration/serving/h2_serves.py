"""h2-serves: a server serves on h2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import OVER_HTTP_2, READY, ask, judge

from harness import Scenario, Variant
from harness.subjects import h2

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start the server and ask."""
    with h2.cli(trial, "ready") as server:
        ask(server)
        with server.http2(OVER_HTTP_2) as connection:
            connection.answer(connection.request("GET", "/hello"), deadline_s=5)


SCENARIO = Scenario(
    id="h2-serves",
    title="a server does not serve on h2",
    subject="h2",
    variants=(Variant(companions=h2.COMPANIONS),),
    applications=READY,
    pythons=h2.PYTHONS,
    observe=observe,
    judge=judge,
)
