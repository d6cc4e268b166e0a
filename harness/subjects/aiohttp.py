"""aiohttp, started by a script: ``aiohttp.run(trial, "ready")``.

The scenario names "run_aiohttp.py" among its applications. Words are keyword arguments of
``aiohttp.web.Application``. The application is an ``aiohttp.web.Application``, or an ASGI function, from 0.16 on; a
request of the latter is read and answered as a whole, without WebSocket and lifespan.
"""

from __future__ import annotations

from harness.subjects.command_lines import Script

PYTHONS = (("<3.5", "3.6"), (">=3.5,<3.9", "3.8"), (">=3.9", "3.12"))

DIALECTS = {"0": "asgi3"}

_SCRIPT = Script(server="aiohttp", script="run_aiohttp.py", dialects=DIALECTS)
run = _SCRIPT.run
words = _SCRIPT.words
