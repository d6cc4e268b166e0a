"""tornado, started by a script: ``tornado.run(trial, "ready", "xheaders=True")``.

The scenario names "run_tornado.py" among its applications. Words are keyword arguments of tornado's ``HTTPServer``.
The application is a WSGI function, which blocks tornado's loop, or what tornado itself serves.
"""

from __future__ import annotations

from harness.subjects.command_lines import Script

PYTHONS = (("<6", "3.6"), (">=6,<6.3", "3.8"), (">=6.3", "3.12"))

DIALECTS = {"0": "wsgi"}

_SCRIPT = Script(server="tornado", script="run_tornado.py", dialects=DIALECTS)
run = _SCRIPT.run
words = _SCRIPT.words
