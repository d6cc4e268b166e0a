"""truncated-url: of a path of 65,542 bytes the application is told the first six.

``parse_url`` keeps places and lengths in 16 bits, so that 65,542 becomes 6. What a proxy has let through is then not
what the application serves. A release that knows its bound refuses the request; one without a bound tells the path.

uvicorn, which hands every URL to ``parse_url``, stays the same release beside every httptools.
"""

import re

from harness import Companion, Scenario, Variant, control, request, trigger
from harness.subjects import uvicorn

WHOLE = r"200 b'answer to /a+'… \(%d bytes, sha256 \w+\)"
ANSWER = len("answer to ")

SCENARIO = Scenario(
    title="of a path of 65,542 bytes the application is told the first six",
    references=("httptools #144", "httptools #142", "httptools #68", "httptools #43"),
    serve=lambda trial: uvicorn.cli(trial, "ready", http="httptools"),
    checks=(
        control(
            "a path of 65,000 bytes", request("GET", f"/{'a' * 64_999}"), owed=re.compile(WHOLE % (ANSWER + 65_000))
        ),
        trigger(
            "a path of 65,542 bytes",
            request("GET", f"/{'a' * 65_541}"),
            owed=re.compile(WHOLE % (ANSWER + 65_542) + "|400 b'Invalid HTTP request received.'"),
            failure="200 b'answer to /aaaaa'",
        ),
    ),
    applications=("ready.py",),
    variants=(Variant(companions=(Companion("uvicorn==0.33.0", as_of="2025-01-15"),)),),
    pythons=(("<0.6", "3.8"), (">=0.6", "3.12")),
)
