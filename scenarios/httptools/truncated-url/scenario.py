"""truncated-url: of a path of 65,542 bytes the application is told the first six.

``parse_url`` keeps places and lengths in 16 bits, so that 65,542 becomes 6. The application serves ``/hello`` to a
request whose path merely begins so, and that a proxy has let through for what it is. A release that knows its bound
refuses the request; one without a bound tells the whole path.

uvicorn, which hands every URL to ``parse_url``, stays the same release beside every httptools, and so does what it
requires.
"""

import re

from harness import Companion, Scenario, Variant, control, request, trigger
from harness.subjects import uvicorn

BESIDE = ("uvicorn==0.33.0", "click", "h11", "typing-extensions")
LONG, TOO_LONG = "/read/" + "a" * 60_000, "/hello" + "a" * 65_536
WHOLE = r"200 b'answer to /helloa+'… \(65552 bytes, sha256 \w+\)"

SCENARIO = Scenario(
    title="of a path of 65,542 bytes the application is told the first six",
    references=("httptools #144", "httptools #142", "httptools #68", "httptools #43"),
    serve=lambda trial: uvicorn.cli(trial, "ready", http="httptools", access_log=False),
    checks=(
        control("a path of 60,006 bytes", request("GET", LONG), owed="200 b'read 0 bytes'"),
        trigger(
            "a path of 65,542 bytes",
            request("GET", TOO_LONG),
            owed=re.compile(WHOLE + "|400 b'Invalid HTTP request received.'"),
            failure="200 b'hello'",
        ),
    ),
    applications=("ready.py",),
    variants=(Variant(companions=tuple(Companion(one, as_of="2025-01-15") for one in BESIDE)),),
    pythons=(("<0.6", "3.8"), (">=0.6", "3.12")),
)
