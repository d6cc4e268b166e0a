"""httptools under uvicorn: ``httptools.cli(trial, "ready")``."""

from __future__ import annotations

from harness.subjects.libraries import Library, served_by

PYTHONS = (("<0.5", "3.8"), (">=0.5,<0.6", "3.11"), (">=0.6", "3.12"))

COMPANIONS = (
    *served_by("uvicorn==0.33.0", "2025-01-15", "click", "h11", "typing-extensions", releases="<0.5"),
    *served_by("uvicorn==0.48.0", "2026-06-01", "click", "h11", releases=">=0.5"),
)
"""The server for each era of httptools."""

_LIBRARY = Library(package="httptools", options={"0": {"http": "httptools"}})
cli = _LIBRARY.cli
