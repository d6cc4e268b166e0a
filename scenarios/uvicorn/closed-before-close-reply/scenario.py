"""closed-before-close-reply: a server that closes a WebSocket closes TCP without waiting for the client's close frame.

The server that sends the first close frame waits for the client's, and only then closes TCP (RFC 6455, section 7.1.1).
The affected releases write the frame and close the transport in one go. The client's reply then meets a closed socket,
which answers with a reset; the client sees an abnormal end (1006), and what it had not read yet may be lost. A browser
replies at once; a client that does not reply shows which side ends the connection.

Margin: an affected server closes in the moment in which it sends its frame; the others give the client 10 s. The client
looks for 5 s, which leaves 5 s on either side.
"""

import re

from harness import Scenario, closing, control, end, handshake, messages, quiet, trigger
from harness.subjects import uvicorn

CLOSED = (handshake("/ws/close/4001"), messages(1))

SCENARIO = Scenario(
    title="the server closes a WebSocket's connection without waiting for the reply to its close frame",
    references=("uvicorn #3053", "uvicorn #3047", "uvicorn #3049"),
    serve=lambda trial: uvicorn.cli(trial, "ready", ws=trial.variant),
    checks=(
        control(
            "the client replies to the close frame",
            *(*CLOSED, closing(4001), end()),
            owed=re.compile("101, close 4001 '', then (closed|reset) by server"),
        ),
        trigger(
            "the client does not reply",
            *(*CLOSED, quiet(5)),
            owed="101, close 4001 ''",
            failure="101, close 4001 '', then closed by server",
        ),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("websockets", "websockets-sansio", "wsproto"),
    pythons=uvicorn.PYTHONS,
)
