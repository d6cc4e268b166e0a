"""websockets under uvicorn: ``websockets.cli(trial, "ready")``.

uvicorn knows websockets from 6.0 on. From 13 on uvicorn uses the part of websockets that does no I/O of its own.
"""

from __future__ import annotations

from harness.subjects.libraries import Library, served_by

PYTHONS = (("<8", "3.6"), (">=8,<13", "3.8"), (">=13", "3.12"))

COMPANIONS = (
    *served_by("uvicorn==0.3.32", "2019-02-01", "click", "h11", "httptools", "uvloop", releases="<7"),
    *served_by("uvicorn==0.8.6", "2019-08-15", "click", "h11", "httptools", "uvloop", releases=">=7,<8"),
    *served_by("uvicorn==0.11.8", "2020-08-15", "click", "h11", "httptools", "uvloop", releases=">=8,<9"),
    *served_by("uvicorn==0.15.0", "2021-09-01", "click", "h11", "asgiref", releases=">=9,<10"),
    *served_by("uvicorn==0.33.0", "2025-01-15", "click", "h11", "typing-extensions", releases=">=10,<13"),
    *served_by("uvicorn==0.54.0", "2026-10-15", "click", "h11", releases=">=13"),
)
"""The server for each era of websockets."""

_LIBRARY = Library(package="websockets", options={"0": {"ws": "websockets"}, "13": {"ws": "websockets-sansio"}})
cli = _LIBRARY.cli
