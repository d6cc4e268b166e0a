"""uds-ignored-with-workers: with ``--workers`` the server listens on TCP, though told to listen on a Unix socket.

The parent of several workers makes the socket that they share, and makes it of host and port, whatever ``--uds`` says:
what was to be reached by a file alone is open to the network. The port is named because it is 8000 otherwise.
"""

from harness import Scenario, Server, Trial, Unix, control, trigger
from harness.subjects import uvicorn


def observe(trial: Trial) -> None:
    """Ask one process with a Unix socket and two workers without, then look where two workers with one listen."""
    with uvicorn.cli(trial, "ready", at=Unix(name="alone"), ready=Unix(name="alone")) as server:
        server.get("/hello", name="one process, by its Unix socket")
    with uvicorn.cli(trial, "ready", workers=2) as server:
        server.get("/hello", name="two workers, by their port")
    with uvicorn.cli(trial, "ready", "--port", "{port}", workers=2, at=Unix(), ready=None) as server:
        trial.until(lambda: bool(_places(server)), deadline_s=30, every_s=0.5)
        trial.record("where two workers listen", _places(server))


def _places(server: Server) -> str:
    places = ["a Unix socket"] if server.get("/hello", name="two workers, by their Unix socket") else []
    return " and ".join([*places, "a TCP port"] if server.listening() else places)


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
