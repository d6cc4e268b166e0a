"""reset-connections-kept: a connection that its client has reset stays in memory until the keep-alive timeout.

Behind each answer the server arms the keep-alive timer, which holds the connection's protocol with the whole request.
Where a reset does not disarm the timer, each connection costs memory for the timeout's length; proxies reset idle
connections. The application counts the protocols that live, of which the counting connection's own is always one.

Margin: 100 connections leave 100 protocols or none. The timeout of 600 s outlasts the trial, and the server has 20 s to
notice the resets, which takes milliseconds.
"""

import re

from harness import Scenario, Trial, at_least, control, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

KEPT, RESET = "protocols after 100 requests on one connection", "protocols after 100 connections that were reset"
FEW = re.compile("[1-9]")


def observe(trial: Trial) -> None:
    """Count what is left of a hundred requests on one connection, and of a hundred connections that are reset."""
    options = {"http": where_known(trial.variant), "loop": where_known("asyncio"), "keep_alive_s": where_known(600)}
    with uvicorn.cli(trial, "application", **options) as server, server.connect("counting") as counting:

        def count() -> str:
            answer = counting.request("GET", "/protocols")
            return answer.body.decode() if answer else "no answer"

        for _ in range(100):
            counting.request("GET", "/hello")
        trial.record(KEPT, count())
        for _ in range(100):
            with server.connect("a connection that is reset") as connection:
                connection.request("GET", "/hello")
                connection.reset()
        trial.until(lambda: FEW.fullmatch(count()), deadline_s=20, every_s=1)
        trial.record(RESET, count())


SCENARIO = Scenario(
    title="a connection that its client has reset stays in memory until the keep-alive timeout",
    references=("uvicorn RST keep-alive leak (Soju06/codex-lb#2041)",),
    observe=observe,
    checks=(control(KEPT, owed=FEW), trigger(RESET, owed=FEW, failure=at_least(90))),
    applications=("application.py", "ready.py"),
    variants=uvicorn.variants("h11", "httptools"),
    pythons=uvicorn.PYTHONS,
)
