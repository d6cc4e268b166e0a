"""reset-connections-kept: a connection that its client has reset stays in memory until the keep-alive timeout.

Behind each answer the server arms the keep-alive timer, which holds the connection's protocol with the whole request.
Where a reset does not disarm the timer, each connection costs memory for the timeout's length; proxies reset idle
connections. The application counts the protocols that live; the counting connection's own is always there.

Margin: 100 connections leave 100 protocols or none. The timeout of 600 s outlasts the trial, and the server has 20 s to
notice the resets, which takes milliseconds.
"""

import re

from harness import Connection, Scenario, Trial, at_least, control, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

KEPT, RESET, FEW = "after 100 requests on one connection", "after 100 connections that were reset", re.compile("[1-9]")


def observe(trial: Trial) -> None:
    """Count protocols after a hundred requests on one connection, then after a hundred connections that are reset."""
    http, loop, keep_alive_s = where_known(trial.variant), where_known("asyncio"), where_known(600)
    with (
        uvicorn.cli(trial, "application", http=http, loop=loop, keep_alive_s=keep_alive_s) as server,
        server.connect("counting") as counting,
    ):
        for _ in range(100):
            counting.request("GET", "/hello")
        trial.record(KEPT, _count(counting))
        for _ in range(100):
            with server.connect("a connection that is reset") as connection:
                connection.request("GET", "/hello")
                connection.reset()
        trial.until(lambda: bool(FEW.fullmatch(_count(counting))), deadline_s=20, every_s=1)
        trial.record(RESET, _count(counting))


def _count(connection: Connection) -> str:
    answer = connection.request("GET", "/protocols")
    return answer.body.decode() if answer else "no answer"


SCENARIO = Scenario(
    title="a connection that its client has reset stays in memory until the keep-alive timeout",
    references=("uvicorn RST keep-alive leak (Soju06/codex-lb#2041)",),
    observe=observe,
    checks=(control(KEPT, owed=FEW), trigger(RESET, owed=FEW, failure=at_least(90))),
    applications=("application.py", "ready.py"),
    variants=uvicorn.variants("h11", "httptools"),
    pythons=uvicorn.PYTHONS,
)
