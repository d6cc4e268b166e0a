"""twisted's web server, started by a script: ``twisted.run(trial, "ready")``.

The scenario names "run_twisted.py" among its applications. Words are keyword arguments of
``twisted.web.server.Site``. The application is a WSGI function, or a resource of twisted.web.
"""

from __future__ import annotations

from harness.subjects.command_lines import Script

PYTHONS = (("<20", "3.6"), (">=20,<23", "3.8"), (">=23", "3.12"))

DIALECTS = {"0": "wsgi"}

_SCRIPT = Script(server="twisted", script="run_twisted.py", dialects=DIALECTS)
run = _SCRIPT.run
words = _SCRIPT.words
