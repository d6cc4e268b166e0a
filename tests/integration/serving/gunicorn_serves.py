"""gunicorn-serves: gunicorn serves the ready-made application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serves import READY, ask, judge

from harness import Scenario
from harness.subjects import gunicorn

if TYPE_CHECKING:
    from harness import Trial


def observe(trial: Trial) -> None:
    """Start gunicorn and ask."""
    with gunicorn.cli(trial, "ready", worker_class=trial.variant) as server:
        ask(server)


SCENARIO = Scenario(
    id="gunicorn-serves",
    title="gunicorn does not serve",
    subject="gunicorn",
    variants=gunicorn.variants(*gunicorn.WORKER_CLASSES),
    applications=READY,
    pythons=gunicorn.PYTHONS,
    observe=observe,
    judge=judge,
)
