"""killed-worker-not-replaced: when a worker has died, the server works on with the others for ever.

The parent of the affected releases starts its workers and waits to be told to stop; others look after them every 0.5 s.

Margin: a parent that looks may first wait 5 s for a sign of life of the living worker, and a worker says after its own
start, in 1 s, that it has started: REPLACED_S is four times that. Workers are counted by what they say: a process that
is about to become a worker, or a tracker of Python's own, has the parent's command line for a moment.
Controls: there were two workers, one of them was killed, and the server answers afterwards.
"""

import signal

from harness import Scenario, Trial, at_least, control, trigger
from harness.subjects import uvicorn

STARTED = "Started server process"
REPLACED_S = 25


def observe(trial: Trial) -> None:
    """Kill one worker of two, and wait for another one to start."""
    with uvicorn.cli(trial, "ready", workers=2) as server:
        trial.until(lambda: server.lines_with(STARTED) > 1, deadline_s=20)
        trial.record("workers before the kill", before := server.lines_with(STARTED))
        victims = [one for one in server.children() if f"{STARTED} [{one.pid}]" in server.log]
        trial.record("a worker is killed", bool(victims) and server.signal(signal.SIGKILL, to=victims[0]))
        trial.until(lambda: server.lines_with(STARTED) > before, deadline_s=REPLACED_S)
        trial.record("workers started after it", server.lines_with(STARTED) - before)
        server.get("/hello", name="a request after the kill")


SCENARIO = Scenario(
    title="a worker that was killed is never replaced",
    references=("uvicorn #2183", "uvicorn #517"),
    observe=observe,
    checks=(
        control("workers before the kill", owed=at_least(2)),
        control("a worker is killed", owed="True"),
        control("a request after the kill", owed="200 b'hello'"),
        trigger("workers started after it", owed=at_least(1), failure="0"),
    ),
    applications=("ready.py",),
    pythons=uvicorn.PYTHONS,
)
