"""crlf-in-response-header: a line break in the value of a response's header ends the header, and what follows is sent.

An application that copies what a client sent into a header lets the client write further headers, or a whole body. The
value here ends all headers and has a body of its own, which fills the length that the application announced.
h11 refuses such a value by itself. httptools only parses requests: uvicorn writes the answer.

A server without the failure raises an error in the application, and closes the connection without an answer.
"""

import re

from harness import Scenario, control, request, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

SCENARIO = Scenario(
    title="a line break in the value of a response's header lets a client write the answer",
    references=("uvicorn #725 (CVE-2020-7695)", "uvicorn #725", "CVE-2020-7695", "PYSEC-2020-151"),
    serve=lambda trial: uvicorn.cli(trial, "ready", http=where_known(trial.variant), loop=where_known("asyncio")),
    checks=(
        control("a header without a line break", request("GET", "/headers?x-a=1forged!"), owed="200 b'headers'"),
        trigger(
            "two line breaks in a header",
            request("GET", "/headers?x-a=1%0D%0A%0D%0Aforged!"),
            owed="then closed by server",
            failure=re.compile("200 b'forged!'.*"),
        ),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("httptools"),
    pythons=uvicorn.PYTHONS,
)
