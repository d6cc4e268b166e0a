"""sigterm-leaves-workers: a SIGTERM to the parent of several workers stops nothing; the workers serve on.

On SIGTERM the parent of the affected releases waits for the ends of its workers and tells them nothing. Ctrl-C, which
the whole group gets, hides that; a service manager or a container sends the signal to the parent alone.

Control: a server ends when its parent and its workers are sent the signal.
Margin: a healthy server without connections ends within 1 s; STOPPED_S is twenty times that. The failure needs more:
a request that is sent after STOPPED_S is answered.
"""

import re
import signal

from harness import Scenario, Trial, control, trigger
from harness.subjects import uvicorn

STOPPED_S = 20
ENDED = re.compile("exit 0|ended by SIGTERM")


def observe(trial: Trial) -> None:
    """Send the signal to all processes of a server, then to the parent of another one."""
    with uvicorn.cli(trial, "ready", workers=2, name="first") as server:
        server.signal(signal.SIGTERM)
        for worker in server.children():
            server.signal(signal.SIGTERM, to=worker)
        server.exit("all are told", deadline_s=STOPPED_S)
    with uvicorn.cli(trial, "ready", workers=2, name="second") as server:
        server.signal(signal.SIGTERM)
        if server.exit("the parent is told", deadline_s=STOPPED_S) is None:
            server.get("/served-on", name="a request after that")


SCENARIO = Scenario(
    title="with several workers, SIGTERM to the parent stops neither parent nor workers",
    references=("uvicorn #1069", "uvicorn #852"),
    observe=observe,
    checks=(
        control("all are told", owed=ENDED),
        trigger("the parent is told", owed=ENDED, failure="still running", log='"GET /served-on HTTP/1.1" 200'),
    ),
    applications=("ready.py",),
    pythons=uvicorn.PYTHONS,
)
