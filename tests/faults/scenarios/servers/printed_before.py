"""printed-before: a server prints a line before it answers, and another one when it is asked to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import Check, Evidence, Heard, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness import Trial

BEFORE, AFTER = "printed before the answer", "printed after the stop"


def observe(trial: Trial) -> None:
    """Ask, and stop at once."""
    with trial.server("hostile", "python", "hostile_application.py", "{port}") as server:
        server.get("/logged", name="logged")


def judge(evidence: Evidence) -> Judgement:
    """Look for the line that was printed before the answer."""
    server = evidence.server("hostile")
    line = server.line_with(BEFORE) if server else None
    if server and (AFTER in server.log or BEFORE in server.log_stopping):
        line = None
    return conclude(
        signature=line,
        controls=[Check(name="logged", expected=Heard.of((200, b"hello")), actual=evidence.heard("logged"))],
        requirement=Check(name="nothing is printed", expected="", actual=server.log if server else ""),
    )


SCENARIO = Scenario(
    id="printed-before",
    title="a line is printed before the stop",
    subject="toyserver",
    variants=tuple(Variant(name=name) for name in ("one", "two", "three", "four")),  # to run at the same time
    applications=("hostile_application.py",),
    observe=observe,
    judge=judge,
    typical_s=1.0,
)
