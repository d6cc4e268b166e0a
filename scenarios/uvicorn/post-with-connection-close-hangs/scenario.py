"""post-with-connection-close-hangs: an application that reads the body of the last request waits for ever.

h11 says that a request with ``Connection: close`` is the last one as soon as its body has ended. The affected release
stops there, before it tells the application that the body has ended.

Margin: the silence is the failure. The client waits 10 s for an answer that takes milliseconds, and the control that
follows is answered, so that the server is not merely slow. The other controls have a body or the option, not both.
"""

from harness import Scenario, control, request, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

CLOSE = ("Connection", "close")

SCENARIO = Scenario(
    title="an application that reads the body of a request with 'Connection: close' waits for ever",
    references=("uvicorn #2408",),
    serve=lambda trial: uvicorn.cli(trial, "ready", http=where_known(trial.variant), loop=where_known("asyncio")),
    checks=(
        control("a body", request("POST", "/read", body=b"abc"), owed="200 b'read 3 bytes'"),
        control("the last request", request("GET", "/hello", CLOSE), owed="200 b'hello'"),
        trigger(
            *("a body of the last request", request("POST", "/read", CLOSE, body=b"abc")),
            owed="200 b'read 3 bytes'",
            failure="then deadline",
        ),
        control("a body, afterwards", request("POST", "/read", body=b"abc"), owed="200 b'read 3 bytes'"),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("h11"),
    pythons=uvicorn.PYTHONS,
)
