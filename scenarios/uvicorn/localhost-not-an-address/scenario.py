"""localhost-not-an-address: a server that is told to listen on a host by its name ends at once.

To write an IPv6 address in brackets into the log, the affected release asks ``ipaddress`` what the host is. A name is
no address, and the ValueError ends the server after its start.

No time decides: a server that neither answers nor ends shows neither what is owed nor the failure.
"""

from harness import Scenario, Tcp, Trial, control, trigger
from harness.subjects import uvicorn

LOCALHOST = "a server at localhost"  # the request, and the server, whose end is judged where no request was possible


def observe(trial: Trial) -> None:
    """Ask a server by its address, and another one by the name of its host."""
    with uvicorn.cli(trial, "ready") as server:
        server.get("/hello", name="a server at 127.0.0.1")
    with uvicorn.cli(trial, "ready", name=LOCALHOST, at=Tcp(host="localhost")) as server:
        server.get("/hello", name=LOCALHOST)


SCENARIO = Scenario(
    title="with '--host localhost' the server ends, since 'localhost' is no IP address",
    references=("uvicorn #827", "uvicorn #825", "uvicorn #836"),
    observe=observe,
    checks=(
        control("a server at 127.0.0.1", owed="200 b'hello'"),
        trigger(
            LOCALHOST,
            owed="200 b'hello'",
            failure="exit 1",
            log="ValueError: 'localhost' does not appear to be an IPv4 or IPv6 address",
        ),
    ),
    applications=("ready.py",),
    pythons=uvicorn.PYTHONS,
)
