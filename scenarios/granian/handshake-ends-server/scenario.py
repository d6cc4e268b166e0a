"""handshake-ends-server: one client ends the whole server by one WebSocket handshake.

The affected releases read ``Sec-WebSocket-Protocol`` as ASCII when they make the scope, and panic where it is not. The
panic ends the worker, and without ``--respawn-failed-workers`` the end of a worker ends the server, with status 1.

The failure spoils the control that owes an answer to that handshake; refusing it would be right as well.
Margin: an affected server has ended a fifth of a second after the handshake; its end is waited for 50 times as long.
"""

import re

from harness import Scenario, Trial, control, trigger
from harness.subjects import granian

SUBPROTOCOLS = {"a subprotocol in ASCII": b"cafe", "a subprotocol that is not ASCII": b"caf\xe9"}


def observe(trial: Trial) -> None:
    """Make both handshakes, and see whether the server lives on."""
    with granian.cli(trial, "ready", interface="asgi") as server:
        for name, subprotocol in SUBPROTOCOLS.items():
            with server.websocket(name, "/ws/echo", headers=[("Sec-WebSocket-Protocol", subprotocol)]) as websocket:
                websocket.send("a")
                websocket.receive(deadline_s=5)
        server.exit("the server afterwards", deadline_s=10)


SCENARIO = Scenario(
    title="one WebSocket handshake with a subprotocol that is not ASCII ends the server",
    references=("granian 765203d",),
    observe=observe,
    checks=(
        control("a subprotocol in ASCII", owed="101, text 'a'"),
        control("a subprotocol that is not ASCII", owed=re.compile("101, text 'a'|400 b'.*")),
        trigger(
            "the server afterwards", owed="still running", failure="exit 1", log="ToStrError", whatever_controls=True
        ),
    ),
    applications=("ready.py",),
    pythons=granian.PYTHONS,
)
