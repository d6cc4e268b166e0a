"""descriptor-left-by-each-tcp-ping: a client that connects and closes without a word leaves a descriptor open for good.

The affected releases hand a connection from asyncio's streams to the HTTP protocol in a task of its own. Where the
client closes before that task runs, the streams have taken the end of the connection: under uvloop nobody closes it.

Margin: 100 pings leave 100 descriptors or none. On a busy machine a few clients close late enough to leave nothing (97
of 100 were left with both cores busy). Connections are accepted in order: the request that comes last is answered when
the descriptors of all pings are open or closed. The server has 20 s to close them, which takes milliseconds.
"""

from harness import Scenario, Server, Trial, Variant, at_least, at_most, control, request, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

FEW, MANY = 10, 100
REQUESTS = control("a request", request("GET", "/hello"), owed="200 b'hello'", times=MANY)
AFTER_REQUESTS, AFTER_PINGS = "descriptors left by 100 requests", "descriptors left by 100 TCP pings"
LAST = "the request that comes last"


def observe(trial: Trial) -> None:
    """Connect a hundred times with a request, then without, and count the descriptors that are left."""
    loop, http = (where_known(name) for name in trial.variant.split("-"))
    with uvicorn.cli(trial, "ready", http=http, loop=loop) as server:
        before = server.look("at first").total.descriptors
        trial.play(server, REQUESTS)
        _count(AFTER_REQUESTS, trial, server, before)
        for _ in range(MANY):
            with server.connect("a TCP ping"):
                pass
        server.get("/hello", name=LAST)
        _count(AFTER_PINGS, trial, server, before)


def _count(name: str, trial: Trial, server: Server, before: int) -> None:
    trial.until(lambda: server.look(name).total.descriptors - before <= FEW, deadline_s=20, every_s=1)
    trial.record(name, server.look(name).total.descriptors - before)


SCENARIO = Scenario(
    title="a client that connects and closes without a word leaves a descriptor open for good",
    references=("uvicorn #1226 / #1199 / #1355", "uvicorn #1226", "uvicorn #1199", "uvicorn #1355"),
    observe=observe,
    checks=(
        *(REQUESTS, control(AFTER_REQUESTS, owed=at_most(FEW)), control(LAST, owed="200 b'hello'")),
        trigger(AFTER_PINGS, owed=at_most(FEW), failure=at_least(50)),
    ),
    applications=("ready.py",),
    variants=tuple(
        Variant(name=name, companions=("uvloop", "httptools", *uvicorn.COMPANIONS))
        for name in ("uvloop-httptools", "uvloop-h11", "asyncio-httptools")
    ),
    pythons=uvicorn.PYTHONS,
)
