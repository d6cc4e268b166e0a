"""tornado, started by a script: ``tornado.run(trial, "ready", "xheaders=True")``, with "run_tornado.py" among the applications.

Words are keyword arguments of ``tornado.httpserver.HTTPServer``. The application is a WSGI function, or what tornado itself
serves; a WSGI function in tornado blocks the loop.
"""

from __future__ import annotations

from harness.subjects.command_lines import Script

PYTHONS = (("<6", "3.6"), (">=6,<6.3", "3.8"), (">=6.3", "3.12"))

DIALECTS = {"0": "wsgi"}

_SCRIPT = Script(server="tornado", script="run_tornado.py", dialects=DIALECTS)
run = _SCRIPT.run
words = _SCRIPT.words
