"""non-ascii-forwarded-for: a request whose X-Forwarded-For has a byte beyond ASCII gets no answer but an error.

Everybody may send such a header, and many scanners do. Where uvicorn trusts the peer, as it trusts 127.0.0.1 by
default, it reads the header to tell the application who the client is, and the affected releases decode it as ASCII.
They answer 500. The first of them fail in the parser's callback: over httptools they take the request for an invalid
one and close, over h11 they leave the connection open without an answer. The log has the error, so that the client's
10 s of silence say nothing alone.
"""

import re

from harness import Scenario, control, request, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

SCENARIO = Scenario(
    title="a request whose X-Forwarded-For has a byte beyond ASCII gets no answer but an error",
    references=("uvicorn #701", "uvicorn #700"),
    serve=lambda trial: uvicorn.cli(
        *(trial, "ready"),
        http=where_known(trial.variant),
        loop=where_known("asyncio"),
        proxy_headers=where_known(value=True),
    ),
    checks=(
        control("ASCII", request("GET", "/hello", ("X-Forwarded-For", b"1.2.3.4n")), owed="200 b'hello'"),
        trigger(
            *("a byte beyond ASCII", request("GET", "/hello", ("X-Forwarded-For", b"1.2.3.4\xf1"))),
            owed="200 b'hello'",
            failure=re.compile("500 b'Internal Server Error'.*|then closed by server|then deadline"),
            log=re.compile(r"'ascii' codec can't decode byte 0xf1|Invalid HTTP request received\."),
        ),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("h11", "httptools"),
    pythons=uvicorn.PYTHONS,
)
