"""connection-close-ignored: after a request with ``Connection: close`` the connection stays open.

A server closes the connection after the answer to such a request (RFC 9112, section 9.6). The affected releases look
for the option in the response's headers alone, and whoever waits for the end waits for the keep-alive timeout.
h11 keeps the state of the connection by itself, and closes.

Margin: a server that closes does so where it has written the answer. The client has the answer and waits 10 s more;
the keep-alive timeout is a minute. In the controls, before and after, the application asks for the end: the server
closes, and is not merely slow.
"""

from harness import Scenario, control, end, request, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

BY_APPLICATION = request("GET", "/headers?connection=close")
CLOSED = "then closed by server"

SCENARIO = Scenario(
    title="after a request with 'Connection: close' the connection stays open",
    references=("uvicorn #721", "uvicorn #720"),
    serve=lambda trial: uvicorn.cli(
        trial, "ready", http=where_known(trial.variant), loop=where_known("asyncio"), keep_alive_s=where_known(60)
    ),
    checks=(
        control("closed by the application", BY_APPLICATION, end(), owed=f"200 b'headers', {CLOSED}"),
        trigger(
            *("closed by the client", request("GET", "/hello", ("Connection", "close")), end()),
            owed=f"200 b'hello', {CLOSED}",
            failure="200 b'hello', then deadline",
        ),
        control("closed by the application, afterwards", BY_APPLICATION, end(), owed=f"200 b'headers', {CLOSED}"),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("httptools"),
    pythons=uvicorn.PYTHONS,
)
