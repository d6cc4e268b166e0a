"""unix-socket-answers-nothing: whoever connects by a Unix socket (``--uds``) gets no answer.

A Unix socket's own address is a path. The affected release takes the first two characters of the path for a host and a
port, so that setting up each connection raises an exception. Under uvloop the connection is then served by nobody;
under asyncio the request is answered all the same, which is why the loop is uvloop here.

Margin: a healthy server answers within milliseconds; the client waits 10 s.
"""

from harness import Scenario, Trial, Unix, Variant, control, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known


def observe(trial: Trial) -> None:
    """Ask once by TCP and once by a Unix socket."""
    options = {"http": where_known(trial.variant), "loop": where_known("uvloop")}
    with uvicorn.cli(trial, "ready", name="TCP", **options) as server:
        server.get("/hello", name="a request by TCP")
    with uvicorn.cli(trial, "ready", name="Unix socket", at=Unix(), ready=Unix(), **options) as server:
        server.get("/hello", name="a request by a Unix socket")


SCENARIO = Scenario(
    title="whoever connects by a Unix socket gets no answer",
    references=("uvicorn #729",),
    observe=observe,
    checks=(
        control("a request by TCP", owed="200 b'hello'"),
        trigger(
            "a request by a Unix socket",
            owed="200 b'hello'",
            failure="then deadline",
            log="ValueError: invalid literal for int() with base 10: 't'",
        ),
    ),
    applications=("ready.py",),
    variants=(
        Variant(name="h11", companions=("uvloop", *uvicorn.COMPANIONS)),
        Variant(name="httptools", companions=("uvloop", "httptools", *uvicorn.COMPANIONS)),
    ),
    pythons=uvicorn.PYTHONS,
)
