"""confined: what a server in a container can do and reach, told by itself; and what becomes of one that eats memory."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from harness import Check, Evidence, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness.execution.trial import Trial


def observe(trial: Trial) -> None:
    """Ask the application; where the variant says so, have it eat, or leave a child behind."""
    arguments = ("-m", "uvicorn", "confined_application:app", "--port", "{port}")
    with trial.server("uvicorn", "python", *arguments, console=trial.variant == "console") as server:
        server.get("/told", name="told")
        trial.record("reached by another address", _reached(server.port))
        if trial.variant in {"memory", "orphan", "ends"}:
            server.get(f"/{trial.variant}", name=trial.variant, deadline_s=30)
            if trial.variant != "orphan":
                server.wait_for_log("never said", deadline_s=5)


def _reached(port: int) -> bool:
    """Whether the port answers on the address by which this machine reaches others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=2):
        return True
    return False


def judge(evidence: Evidence) -> Judgement:
    """Demand one answer, with something in it."""
    answers = [answer for exchange in evidence.all_exchanges("told") for answer in exchange.answers]
    return conclude(
        signature=None,
        controls=[Check(name="it answers", expected=[200], actual=[answer.status for answer in answers])],
        requirement=Check(name="it tells", expected=[True], actual=[answer.size > 0 for answer in answers]),
    )


SCENARIO = Scenario(
    id="confined",
    title="a server tells what it can do",
    subject="uvicorn",
    variants=tuple(Variant(name=name) for name in ("plain", "console", "memory", "orphan", "ends")),
    applications=("confined_application.py",),
    observe=observe,
    judge=judge,
)
