"""killed-worker-not-replaced: when a worker has died, the server works on with the others for ever.

The parent of the affected releases starts its workers and waits to be told to stop; others look after them every 0.5 s.

Margin: a parent that looks may first wait 5 s for a sign of life of the living worker: the new process is there after
6 s at the latest, and REPLACED_S is four times that. Controls: there were two workers; the server answers afterwards.
"""

import signal

from harness import Process, Scenario, Server, Trial, control, trigger
from harness.subjects import uvicorn

WORKERS, REPLACED_S = 2, 25


def workers(server: Server, dead: int = 0) -> list[Process]:
    """Return the living workers; Python's own tracker stands beside them."""
    return [one for one in server.children() if "_tracker" not in one.command and one.pid != dead]


def observe(trial: Trial) -> None:
    """Kill one worker of two, and count."""
    with uvicorn.cli(trial, "ready", workers=WORKERS) as server:
        trial.until(lambda: server.lines_with("Started server process") == WORKERS, deadline_s=20)
        killed, *others = workers(server)
        trial.record("workers before the kill", 1 + len(others))
        server.signal(signal.SIGKILL, to=killed)
        trial.until(lambda: len(workers(server, dead=killed.pid)) == WORKERS, deadline_s=REPLACED_S)
        trial.record("workers after the kill", len(workers(server, dead=killed.pid)))
        server.get("/hello", name="a request after the kill")


SCENARIO = Scenario(
    title="a worker that was killed is never replaced",
    references=("uvicorn #2183", "uvicorn #517"),
    observe=observe,
    checks=(
        control("workers before the kill", owed="2"),
        control("a request after the kill", owed="200 b'hello'"),
        trigger("workers after the kill", owed="2", failure="1"),
    ),
    applications=("ready.py",),
    pythons=uvicorn.PYTHONS,
)
