"""url-in-two-packets: a request whose URL comes in two packets is refused.

httptools calls back for each part of a URL that it is fed. The affected releases take each part for the whole URL, and
the second part is none. The first releases leave the connection open without an answer; later ones say that the
request is invalid, and close. The log has the error in all of them.

Nothing here depends on time. The first packet holds a whole request and the beginning of the next one, and the server
reads both at once. The second packet follows the answer to the first request, so that the server cannot read the two
packets together, however late a busy machine lets it read. In the control the packets part behind the URL.
"""

import re

from harness import Scenario, answers, control, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

FIRST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
START, REST, LINES = b"GET /admin/sec", b"ret?x=1 HTTP/1.1\r\n", b"Host: localhost\r\n\r\n"
ANSWERS = "200 b'hello', 200 b'answer to /admin/secret'"

SCENARIO = Scenario(
    title="a request whose URL comes in two packets is refused",
    references=("uvicorn #1263", "uvicorn #1262"),
    serve=lambda trial: uvicorn.cli(trial, "ready", http=where_known(trial.variant), loop=where_known("asyncio")),
    checks=(
        control("packets that part behind the URL", FIRST + START + REST, answers(1), LINES, owed=ANSWERS),
        trigger(
            *("packets that part the URL", FIRST + START, answers(1), REST + LINES),
            owed=ANSWERS,
            failure=re.compile(
                "200 b'hello', (400 b'Invalid HTTP request received.'.*|then closed by server|then deadline)"
            ),
            log=re.compile(r"Invalid HTTP request received\.|the on_url callback failed"),
        ),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("httptools"),
    pythons=uvicorn.PYTHONS,
)
