"""tab-in-header-value: an answer with a tab in a header's value is never sent, and the connection is closed.

Requirement
    A field value may have horizontal tabs between its visible characters (RFC 9110, section 5.5). The server owes
    the application's answer.
Trigger
    The application answers with ``content-disposition: attachment;<TAB>filename=a``, under the parser httptools. The
    control has a space in the tab's place, and nothing else differs.
Signature
    The connection is closed without an answer, and the log says ``Invalid HTTP header value.``
"""

from harness import Scenario, control, request, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

SCENARIO = Scenario(
    title="an answer with a tab in a header's value is never sent, and the connection is closed",
    references=("uvicorn #2345",),
    serve=lambda trial: uvicorn.cli(trial, "ready", http=where_known("httptools")),
    checks=(
        control(
            "a space in the header's value",
            request("GET", "/headers?content-disposition=attachment;%20filename=a"),
            owed="200 b'headers'",
        ),
        trigger(
            "a tab in the header's value",
            request("GET", "/headers?content-disposition=attachment;%09filename=a"),
            owed="200 b'headers'",
            failure="then closed by server",
            log="Invalid HTTP header value.",
        ),
    ),
    variants=uvicorn.variants("httptools"),
    applications=("ready.py",),
    pythons=uvicorn.PYTHONS,
)
