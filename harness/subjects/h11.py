"""h11 under uvicorn: ``h11.cli(trial, "ready")``; uvicorn needs h11 0.8 or later."""

from __future__ import annotations

from harness.subjects.libraries import Library, served_by

PYTHONS = ((">=0", "3.12"),)

COMPANIONS = served_by("uvicorn==0.34.0", "2025-01-15", "click")
"""The server for each era of h11."""

_LIBRARY = Library(package="h11", options={"0": {"http": "h11"}})
cli = _LIBRARY.cli
