"""A draft is a scenario that runs at once and judges no server: its cells are inconclusive until it is written.

Where the harness knows how a subject is started, the draft's control passes on every release. Of any other subject the
draft has an application, whose answer says that the application is to be written.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from harness.catalog.folders import MODULE

if TYPE_CHECKING:
    from collections.abc import Mapping

APPLICATION = "application.py"
_HEAD = '''\
"""{id}: to be written: what goes wrong, in one sentence.

Requirement
    What the server owes, and the source that says so.
Trigger
    What brings the failure about, and why.
Signature
    What shows the failure, and nothing else.
Margin
    Where time matters: how much of it there is, with the arithmetic.
"""

from harness import Scenario, {imports}control, request, trigger
'''
_BODY = """\

SCENARIO = Scenario(
    title="to be written: what goes wrong, in one line",
{serve}
    checks=(
        control("hello", request("GET", "/hello"), owed="200 b'hello'"),
        # Write the steps. In place of '...': what a server without the failure says, and what a server with it says.
        trigger("trigger", request("GET", "/hello"), owed=..., failure=...),
    ),
{fields}
)
# What a document says of this failure is data, in claims/DOCUMENT.toml: failure = "{id}", fixed = "VERSION".
"""
_OWN_START = """\
    # A server with a command line: trial.server("{subject}", PROGRAM, "application:app", "--port", "{{port}}")
    serve=lambda trial: trial.server("{subject}", "python", "application.py", "{{port}}"),\
"""
_APPLICATION = '''\
"""To be written: start {subject} here, on 127.0.0.1 and the port that is given; answer GET /hello by ``hello``.

Runs inside the cells: the syntax of the oldest Python, and nothing but {subject} and the standard library. Until it is
written, Python's own server answers, and no control passes.
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"application.py is to be written"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """How the module of a subject starts the subject's server.

    Attributes:
        module: the name of the module in `harness.subjects`.
        function: the function of the module that starts the server.
        applications: the ready-made applications that the start needs.
        needs_companions: the module has ``COMPANIONS``, which some releases need.

    """

    module: str
    function: str
    applications: tuple[str, ...]
    needs_companions: bool


def draft(name: str, subject: str, start: Start | None) -> Mapping[str, str]:
    """Return the files of a new scenario's folder: their texts by their names, the module first.

    Args:
        name: the scenario's id.
        subject: the package on trial.
        start: how the harness starts the subject; None where it does not know.

    """
    head = _HEAD.format(id=name, imports="Variant, " if start and start.needs_companions else "")
    if start is None:
        serve, fields = _OWN_START.format(subject=subject), f'    applications=("{APPLICATION}",),'
        return {
            MODULE: head + _BODY.format(id=name, serve=serve, fields=fields),
            APPLICATION: _APPLICATION.format(subject=subject),
        }
    files = ", ".join(f'"{file}"' for file in start.applications) + ("," if len(start.applications) == 1 else "")
    variants = f"    variants=(Variant(companions={start.module}.COMPANIONS),),\n" if start.needs_companions else ""
    fields = f"{variants}    applications=({files}),\n    pythons={start.module}.PYTHONS,"
    serve = f'    serve=lambda trial: {start.module}.{start.function}(trial, "ready"),'
    known = f"from harness.subjects import {start.module}\n"
    return {MODULE: head + known + _BODY.format(id=name, serve=serve, fields=fields)}
