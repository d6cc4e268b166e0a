"""starlette under uvicorn: ``starlette.cli(trial, "ready")``, whose answers are starlette's responses.

Of a module of the scenario's own the attribute ``starlette`` is taken, unless another one is named.
"""

from __future__ import annotations

from harness.subjects.libraries import Library, served_by

PYTHONS = (("<0.28", "3.8"), (">=0.28", "3.12"))

COMPANIONS = (
    *served_by("uvicorn==0.33.0", "2025-01-15", "click", "h11", "typing-extensions", releases="<0.28"),
    *served_by("uvicorn==0.48.0", "2026-06-01", "click", "h11", releases=">=0.28"),
)
"""The server for each era of starlette."""

_LIBRARY = Library(package="starlette", options={"0": {"http": "h11"}}, dialects={"0": "starlette"})
cli = _LIBRARY.cli
