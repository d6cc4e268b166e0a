"""sanic, started by a script: ``sanic.run(trial, "ready", "access_log=False")``, with "run_sanic.py" among the applications.

Words are keyword arguments of ``Sanic.run``. The application is a ``Sanic``, or an ASGI function; a request of the latter
is read and answered as a whole, without WebSocket and lifespan.
"""

from __future__ import annotations

from harness.subjects.command_lines import Script

PYTHONS = (("<19", "3.6"), (">=19,<23", "3.8"), (">=23", "3.12"))

DIALECTS = {"0": "asgi3"}

_SCRIPT = Script(server="sanic", script="run_sanic.py", dialects=DIALECTS)
run = _SCRIPT.run
words = _SCRIPT.words
