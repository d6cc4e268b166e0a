"""wsproto under uvicorn: ``wsproto.cli(trial, "ready")``.

The first release beside which a uvicorn that knows wsproto can be installed is 0.12.
"""

from __future__ import annotations

from harness.subjects.libraries import Library, served_by

PYTHONS = (("<0.13", "3.6"), (">=0.13,<1", "3.8"), (">=1", "3.12"))

COMPANIONS = (
    *served_by("uvicorn==0.3.32", "2019-02-01", "click", "h11", "httptools", "uvloop", "websockets", releases="<0.13"),
    *served_by(
        "uvicorn==0.11.8", "2020-08-15", "click", "h11", "httptools", "uvloop", "websockets", releases=">=0.13,<0.15"
    ),
    *served_by("uvicorn==0.13.4", "2021-03-01", "click", "h11", releases=">=0.15,<1"),
    *served_by("uvicorn==0.48.0", "2026-06-01", "click", "h11", releases=">=1"),
)
"""The server for each era of wsproto."""

_LIBRARY = Library(package="wsproto", options={"0": {"ws": "wsproto"}})
cli = _LIBRARY.cli
