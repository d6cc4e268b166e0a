"""uds-ignored-with-workers: with ``--workers`` the server listens on TCP, though told to listen on a Unix socket.

The parent of several workers makes the socket that they share, and makes it of host and port, whatever ``--uds`` says:
what was to be reached by a file alone is open to the network. The port is named because it is 8000 otherwise.
"""

from harness import Scenario, Trial, Unix, control, trigger
from harness.subjects import uvicorn

WORKERS = 2


def observe(trial: Trial) -> None:
    """Look where one process listens, where two workers listen by default, and where with a Unix socket."""
    with uvicorn.cli(trial, "ready", at=Unix(name="alone"), ready=Unix(name="alone")) as server:
        server.get("/hello", name="one process, by its Unix socket")
    with uvicorn.cli(trial, "ready", workers=WORKERS) as server:
        server.get("/hello", name="two workers, by their port")
    with uvicorn.cli(trial, "ready", "--port", "{port}", workers=WORKERS, at=Unix(), ready=None) as server:
        trial.until(lambda: server.lines_with("ready: lifespan.startup") == WORKERS, deadline_s=30)
        found = ["a Unix socket"] if server.get("/hello", name="two workers, by their Unix socket") else []
        found += ["a TCP port"] if server.listening() else []
        trial.record("where two workers listen", " and ".join(found))


SCENARIO = Scenario(
    title="with --workers the server listens on TCP, though told to listen on a Unix socket",
    references=("uvicorn #1009",),
    observe=observe,
    checks=(
        control("one process, by its Unix socket", owed="200 b'hello'"),
        control("two workers, by their port", owed="200 b'hello'"),
        trigger("where two workers listen", owed="a Unix socket", failure="a TCP port"),
    ),
    applications=("ready.py",),
    pythons=uvicorn.PYTHONS,
)
