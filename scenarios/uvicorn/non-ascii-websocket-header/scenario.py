"""non-ascii-websocket-header: a header that is not ASCII keeps a client from opening a WebSocket.

ASGI hands header values on as the bytes that were sent, and over HTTP uvicorn does so. websockets decodes a value with
surrogate escapes, and the affected releases encode the value as ASCII again, which raises; websockets answers 500 by
itself, before the application is asked. The application here sends back the values that it was told, as Latin-1.

websockets 16.1 decodes values in another way, upon which handshakes end without an answer: a failure of its own, which
is kept out (websockets #1735).
"""

import re

from harness import Scenario, Variant, control, handshake, messages, trigger
from harness.subjects import uvicorn

PATH = "/ws/header/x-name"

SCENARIO = Scenario(
    title="a WebSocket handshake with a header that is not ASCII is answered with 500",
    references=("uvicorn #1005", "uvicorn #968", "uvicorn #1283"),
    serve=lambda trial: uvicorn.cli(trial, "ready", ws="websockets"),
    checks=(
        control(
            *("a header in ASCII", handshake(PATH, ("X-Name", "cafe")), messages(1)),
            owed="""101, text '["cafe"]'""",
        ),
        trigger(
            *("the header in UTF-8", handshake(PATH, ("X-Name", "café".encode())), messages(1)),
            owed=r"""101, text '["caf\\u00c3\\u00a9"]'""",
            failure=re.compile("500 b'Failed to open a WebSocket connection.*"),
            log="UnicodeEncodeError: 'ascii' codec can't encode",
        ),
    ),
    applications=("ready.py",),
    variants=(Variant(name="websockets", companions=("websockets<16.1",)),),
    pythons=uvicorn.PYTHONS,
)
