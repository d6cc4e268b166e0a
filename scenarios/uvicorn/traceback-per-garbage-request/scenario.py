"""traceback-per-garbage-request: each invalid request, whoever sends it, puts a traceback into the log.

The first releases do not catch what the parser raises, and leave the connection open besides. Much later ones log the
exception with its traceback on purpose, to find another failure. A traceback ends by the name of the exception; as many
of these names as requests were sent are the failure.

Before 0.2 httptools is the only parser, in every variant.
"""

import re

from harness import Scenario, control, end, request, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

TIMES = 5
ENDS = r"\.(RemoteProtocolError|HttpParser\w*Error): "

SCENARIO = Scenario(
    title="each invalid request puts a traceback into the log",
    references=("uvicorn #886/#889, reverted by #1518", "uvicorn #886", "uvicorn #889", "uvicorn #1296", "uvicorn #75"),
    serve=lambda trial: uvicorn.cli(trial, "ready", http=where_known(trial.variant), loop=where_known("asyncio")),
    checks=(
        control("a valid request", request("GET", "/hello"), owed="200 b'hello'"),
        trigger(
            *("an invalid request", b"\x16\x03\x01 garbage\r\n\r\n", end()),
            owed=re.compile("then closed by server|400 b'Invalid HTTP request received.'.*"),
            log=re.compile(rf"(?s){ENDS}(?=(.*?{ENDS}){{{TIMES - 1}}})"),
            times=TIMES,
        ),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("h11", "httptools"),
    pythons=uvicorn.PYTHONS,
)
