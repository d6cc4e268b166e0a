"""preload-closed-loop: the worker closes the event loop that a preloaded application keeps.

An application may keep the event loop that it saw when it was imported and hand callbacks to it. gunicorn's
``--preload`` imports it in the master, before the workers are forked, and ``UvicornWorker`` with uvloop closes that
loop; ``UvicornH11Worker`` never did. ``no-preload`` is the control of that and a variant of its own: 0.4.1 to 0.4.3
set the loop up after the import and close it there too. Nothing is awaited of the kept loop: under ``--preload`` that
fails on every release, with another error, which is another matter.

Margin: no time is judged. The trigger is answered or refused within milliseconds, before 0.2 not at all; where no
answer comes within 5 s, the log must still show the error, so that a slow answer is never taken for the failure.

From CPython 3.12 on a forked child has no current event loop, so that ``get_event_loop().close()`` closes a new one:
there the affected releases do not fail with ``--preload``. They cannot be installed there in environments of their
time either.
"""

import re

from harness import Scenario, Variant, answers, control, request, trigger
from harness.subjects import gunicorn, uvicorn

COMPANIONS = (*uvicorn.UNDER_GUNICORN, *uvicorn.EXTRAS)
IMPORTERS = {"preload": "200 b'imported by the master'", "no-preload": "200 b'imported by the worker'"}

SCENARIO = Scenario(
    title="gunicorn's worker closes the event loop that a preloaded application keeps",
    serve=lambda trial: gunicorn.cli(
        trial, "application", worker_class="uvicorn", workers=1, graceful_s=1, preload=trial.variant == "preload"
    ),
    checks=(
        control("plain request before", request("GET", "/"), owed="200 b'plain'"),
        control("who imported", request("GET", "/imported"), owed=IMPORTERS),
        trigger(
            *("use of the kept loop", request("GET", "/kept"), answers(1, within_s=5)),
            owed="200 b'kept'",
            failure=re.compile(r"500 b'Internal Server Error'|then (deadline|closed by server|reset by server)"),
            log="RuntimeError: Event loop is closed",
        ),
        control("plain request after", request("GET", "/"), owed="200 b'plain'"),
    ),
    applications=("application.py", "dialects.py"),
    variants=tuple(Variant(name=name, companions=COMPANIONS) for name in ("preload", "no-preload")),
    pythons=uvicorn.PYTHONS,
    typical_s=3.0,
)
