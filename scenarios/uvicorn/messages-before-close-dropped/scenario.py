"""messages-before-close-dropped: messages that the application has not received when a close frame comes are lost.

A client may send its last message and close at once. websockets keeps the message for whoever receives it, also after
the close frame. The affected releases ask websockets whether the connection is open before they receive, and say
``websocket.disconnect`` when it is not. The application here is busy for 2 s after it has accepted, then receives.

Margin: the client has 2 s between the server's answer and its own packet; a client that is slower on a busy machine
lets the application receive in time. The control's close frame comes 4 s after the message, 2 s after the application
begins to receive. What was received is asked for 2 s after it is due; earlier it would be nothing, which is neither.
"""

from harness import Scenario, closing, control, end, handshake, pause, request, text, trigger
from harness.subjects import uvicorn

BUSY, CLOSED = handshake("/ws/late/2"), "101, close 1000 '', then closed by server"
HEARD = (pause(4), request("GET", "/heard"))

SCENARIO = Scenario(
    title="WebSocket messages that come together with a close frame never reach the application",
    references=("uvicorn #1230 (5478e71c)", "uvicorn #1230", "uvicorn #1252"),
    serve=lambda trial: uvicorn.cli(trial, "ready", ws=trial.variant),
    checks=(
        control("a message, much later a close frame", *(BUSY, text("a"), pause(4), closing(1000), end()), owed=CLOSED),
        control("what came of the first", *HEARD, owed="""200 b'[["text", "a"], ["disconnect", 1000]]'"""),
        control("a message and a close frame in one packet", *(BUSY, text("b"), closing(1000), end()), owed=CLOSED),
        trigger(
            *("what came of the second", *HEARD),
            owed="""200 b'[["text", "b"], ["disconnect", 1000]]'""",
            failure="""200 b'[["disconnect", 1000]]'""",
        ),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("websockets", "wsproto"),
    pythons=uvicorn.PYTHONS,
    typical_s=15.0,
)
