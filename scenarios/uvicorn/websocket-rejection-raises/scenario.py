"""websocket-rejection-raises: the server raises in an application that rejects a WebSocket.

An application rejects a WebSocket by closing before it accepts. The client is answered 403, and an application that
then receives is told ``websocket.disconnect``. With websockets the affected releases answer 403, and receive from a
connection that was never opened: a TypeError. With wsproto they send an answer that wsproto does not know: sending
raises, the client gets no answer. The failure can thus spoil the control that owes 403.

Margin: the application is asked what it was told 1 s later. Had it not been told by then, the verdict is none of both.
"""

import re

from harness import Scenario, control, handshake, messages, pause, request, text, trigger
from harness.subjects import uvicorn

SCENARIO = Scenario(
    title="the server raises in an application that rejects a WebSocket",
    references=("uvicorn #704/#881", "uvicorn #704", "uvicorn #881", "uvicorn #244", "uvicorn #811"),
    serve=lambda trial: uvicorn.cli(trial, "ready", ws=trial.variant),
    checks=(
        control("an accepted WebSocket", handshake("/ws/echo"), text("a"), messages(1), owed="101, text 'a'"),
        control("a rejected WebSocket", handshake("/ws/reject/receive"), owed="403 b''"),
        trigger(
            *("what the application was told of it", pause(1), request("GET", "/heard")),
            owed=re.compile(r"""200 b'\[\["disconnect", (1006|null)\]\]'"""),
            failure="200 b'[]'",
            log={
                "websockets": "TypeError: An asyncio.Future, a coroutine or an awaitable is required",
                "wsproto": "LocalProtocolError: Event Response(status_code=403",
            },
            whatever_controls=True,
        ),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("websockets", "wsproto"),
    pythons=uvicorn.PYTHONS,
)
