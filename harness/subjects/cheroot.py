"""cheroot, started by a script: ``cheroot.run(trial, "ready", "numthreads=2")``.

The scenario names "run_cheroot.py" among its applications. Words are keyword arguments of cheroot's WSGI server.
cheroot serves WSGI alone.
"""

from __future__ import annotations

from harness.subjects.command_lines import Script

PYTHONS = (("<8", "3.6"), (">=8,<10", "3.8"), (">=10", "3.12"))

DIALECTS = {"0": "wsgi"}

_SCRIPT = Script(server="cheroot", script="run_cheroot.py", dialects=DIALECTS)
run = _SCRIPT.run
words = _SCRIPT.words
