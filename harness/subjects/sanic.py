"""sanic, started by a script: ``sanic.run(trial, "ready", "access_log=False")``.

The scenario names "run_sanic.py" among its applications. Words are keyword arguments of ``Sanic.run``. The
application is a ``Sanic``, or an ASGI function; a request of the latter is read and answered as a whole, without
WebSocket and lifespan. 0.1 needs an uvloop of 2016, which has no wheel for the Pythons of today.
"""

from __future__ import annotations

from harness.subjects.command_lines import Script

PYTHONS = (("<19", "3.6"), (">=19,<23", "3.8"), (">=23", "3.12"))

DIALECTS = {"0": "asgi3"}

_SCRIPT = Script(server="sanic", script="run_sanic.py", dialects=DIALECTS)
run = _SCRIPT.run
words = _SCRIPT.words
