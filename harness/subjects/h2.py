"""h2 under hypercorn: ``h2.cli(trial, "ready")``; what runs over HTTP/1.1 is not h2, see `Server.http2`.

hypercorn needs h2 3.1 or later.
"""

from __future__ import annotations

from harness.subjects import hypercorn
from harness.subjects.libraries import served_by

PYTHONS = (("<4.1", "3.8"), (">=4.1", "3.12"))

COMPANIONS = served_by(
    *("hypercorn==0.17.3", "2024-07-01", "exceptiongroup", "h11", "priority"),
    *("taskgroup", "tomli", "typing-extensions", "wsproto"),
)
"""The server; its dependencies are those of Python 3.8, of which 3.12 needs fewer."""

cli = hypercorn.cli
