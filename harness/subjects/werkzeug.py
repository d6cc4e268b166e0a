"""werkzeug's development server, started by a script: ``werkzeug.run(trial, "ready", "threaded=True")``.

The scenario names "run_werkzeug.py" among its applications. Words are keyword arguments of ``run_simple``. Before 0.9
werkzeug runs on Python 2 alone.
"""

from __future__ import annotations

from harness.subjects.command_lines import Script

PYTHONS = (("<2", "3.6"), (">=2,<2.3", "3.8"), (">=2.3", "3.12"))

DIALECTS = {"0": "wsgi"}

_SCRIPT = Script(server="werkzeug", script="run_werkzeug.py", dialects=DIALECTS)
run = _SCRIPT.run
words = _SCRIPT.words
