"""ignored-transfer-encoding: a request in the body of another one is carried out.

A body whose last transfer coding is ``chunked`` ends with its last chunk; a ``Content-Length`` beside it counts for
nothing, and whoever does not know the other coding refuses the request (RFC 9112, sections 6.1 and 6.3). The affected
releases know ``chunked`` alone and by itself: of ``gzip, chunked`` they see nothing and read the body by its length.
What is left of the body is their next request, whatever a proxy before them had checked.

The smuggled request swallows the end of the chunks as its own body. gthread looks at what it has read already only when
the connection becomes readable again, which the last request sees to; the sync worker closes after each answer.
A refusal is one error page of any status, 500 in 22.0.0, and the connection's end.
"""

import re

from harness import Scenario, answers, control, end, request, trigger
from harness.subjects import gunicorn

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n"
BODY = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
LAST = (answers(1), request("GET", "/last", ("Connection", "close")), end())

SCENARIO = Scenario(
    title="a request in the body of another one is carried out, where its transfer coding is 'gzip, chunked'",
    references=("gunicorn CVE-2024-1135", "CVE-2024-1135", "GHSA-w3h3-4rj7-4ph4"),
    serve=lambda trial: gunicorn.cli(trial, "ready", worker_class="gthread", keep_alive_s=20),
    checks=(
        control(
            "the same body, of chunks alone",
            *(request("POST", "/read", ("Transfer-Encoding", "chunked"), body=BODY), *LAST),
            owed=f"200 b'read {len(SMUGGLED)} bytes', 200 b'answer to /last', then closed by server",
        ),
        trigger(
            "a body of the codings 'gzip, chunked', and a length",
            request("POST", "/read", ("Content-Length", "4"), ("Transfer-Encoding", "gzip, chunked"), body=BODY),
            *LAST,
            owed=re.compile(r"(400|500|501) b'[^']*'… \(\d+ bytes, sha256 \w+\), then (closed|reset) by server"),
            failure="200 b'read 4 bytes', 200 b'answer to /smuggled', 200 b'answer to /last', then closed by server",
        ),
    ),
    applications=("ready.py",),
    variants=gunicorn.variants("gthread"),
    pythons=gunicorn.PYTHONS,
)
