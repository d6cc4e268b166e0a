"""socket-left-behind: after a signal the server ends and leaves the file of its Unix socket behind.

Whoever looks for the file takes the server for one that runs. The affected releases never remove the file, or remove
it behind a line that a signal skips: from 0.29.0 on the server raises the signal again when its own work is done.
SIGINT then becomes a KeyboardInterrupt, which has skipped the line until it stood in a ``finally``; SIGTERM ends the
process at once. On Python 3.13 the event loop removes the file itself.

Controls: the server answers over the socket, its file is there then, and the program ends.
No time decides: of a server that is still running after EXIT_S nothing is said.
"""

import re
import signal

from harness import Scenario, Trial, Unix, Variant, control, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

EXIT_S = 20


def observe(trial: Trial) -> None:
    """Send the signal, await the end, and look for the file."""
    with uvicorn.cli(trial, "ready", at=Unix(), loop=where_known("asyncio")) as server:
        server.get("/hello", name="a request")
        trial.record("the socket before", server.socket_exists())
        server.signal(signal.Signals[trial.variant])
        server.exit("the end", deadline_s=EXIT_S)
        trial.record("the socket after", server.socket_exists())


SCENARIO = Scenario(
    title="a signal ends the server, and the file of its Unix socket is left behind",
    references=("uvicorn #2317 (partial)",),
    observe=observe,
    checks=(
        control("a request", owed="200 b'hello'"),
        control("the socket before", owed="True"),
        control("the end", owed=re.compile("exit [01]|ended by SIG(INT|TERM)")),
        trigger("the socket after", owed="False", failure="True"),
    ),
    applications=("ready.py",),
    variants=(Variant(name="SIGINT"), Variant(name="SIGTERM")),
    pythons=uvicorn.PYTHONS,
)
