"""unix-socket-answers-nothing: whoever connects by a Unix socket (``--uds``) gets no answer.

A Unix socket's own address is a path. The affected release takes the first two characters of the path for a host and a
port, so that setting up each connection raises an exception. Under uvloop nobody then serves the connection; under
asyncio the request is answered all the same, which is why the loop is uvloop here.

Margin: a healthy server answers within milliseconds, the client waits 10 s, and the log has the exception.
"""

from harness import Scenario, Trial, Unix, Variant, control, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known


def observe(trial: Trial) -> None:
    """Ask once by TCP and once by a Unix socket."""
    http, loop = where_known(trial.variant), where_known("uvloop")
    with uvicorn.cli(trial, "ready", name="by TCP", http=http, loop=loop) as server:
        server.get("/hello", name="a request by TCP")
    with uvicorn.cli(trial, "ready", name="by path", http=http, loop=loop, at=Unix(), ready=Unix()) as server:
        server.get("/hello", name="a request by a Unix socket")


SCENARIO = Scenario(
    title="whoever connects by a Unix socket gets no answer",
    references=("uvicorn #729", "uvicorn #733"),
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
    variants=tuple(
        Variant(name=name, companions=("uvloop", *uvicorn.CHOICES[name], *uvicorn.COMPANIONS))
        for name in ("h11", "httptools")
    ),
    pythons=uvicorn.PYTHONS,
)
