"""Every subject serves the ready-made application: its oldest release that can be installed, one between, its newest.

The releases run on the Pythons of their time. A cell whose verdict is ``absent`` has answered all that it was asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.xdist_group("subjects")

SERVING = Path(__file__).parent / "serving"
SUBJECTS = [
    ("aiohttp", "default", ("0.16.4", "2.3.10", "3.14.5")),
    ("cheroot", "default", ("5.0.0", "8.0.0", "11.1.2")),
    ("daphne", "default", ("2.0.2", "2.3.0", "4.2.3")),
    ("granian", "default", ("0.1.5", "1.6.4", "2.8.7")),
    ("gunicorn", "asgi", ("24.0.0", "25.0.2", "27.0.1")),
    ("gunicorn", "eventlet", ("19.6.0", "20.1.0", "25.0.2")),
    ("gunicorn", "gevent", ("19.6.0", "22.0.0", "27.0.1")),
    ("gunicorn", "gthread", ("19.0.0", "20.1.0", "27.0.1")),
    ("gunicorn", "sync", ("19.0.0", "20.1.0", "27.0.1")),
    ("gunicorn", "tornado", ("19.3.0", "20.0.4", "27.0.1")),
    ("gunicorn", "uvicorn", ("19.10.0", "22.0.0", "27.0.1")),
    ("gunicorn", "uvicorn-worker", ("22.0.0", "25.0.2", "27.0.1")),
    ("h11", "default", ("0.8.1", "0.11.0", "0.16.0")),
    ("h2", "default", ("3.1.1", "4.0.0", "4.4.1")),
    ("httptools", "default", ("0.0.11", "0.5.0", "0.9.0")),
    ("hypercorn", "default", ("0.1.0", "0.11.2", "0.18.0")),
    ("sanic", "default", ("0.4.0", "20.12.0", "25.12.1")),
    ("starlette", "default", ("0.12.13", "0.28.0", "1.7.0")),
    ("tornado", "default", ("2.4", "5.1", "6.6.1")),
    ("twisted", "default", ("16.0.0", "20.3.0", "26.10.0")),
    ("uvicorn", "httptools", ("0.0.4", "0.0.15", "0.1.1", "0.5.2", "0.54.0")),
    ("uvicorn", "websockets", ("0.2.6", "0.11.8", "0.54.0")),
    ("waitress", "default", ("0.1", "1.4.4", "3.0.2")),
    ("websockets", "default", ("6.0", "9.1", "17.4")),
    ("werkzeug", "default", ("0.9.3", "2.0.1", "3.1.9")),
    ("wsproto", "default", ("0.12.0", "0.15.0", "1.3.2")),
]


@pytest.mark.parametrize(("subject", "variant", "releases"), SUBJECTS, ids=[f"{one[0]}-{one[1]}" for one in SUBJECTS])
def test_a_subject_serves(
    subject: str, variant: str, releases: tuple[str, ...], verdicts: Callable[..., dict[str, str]]
) -> None:
    """Greeting and echo, and the switch to a WebSocket where the server has it."""
    servers = [part for release in releases for part in ("--server", f"{subject}=={release}")]
    cells = ("--cell", f"*_{variant}_*", "--platform", "linux")
    found = verdicts("--scenarios", str(SERVING), f"{subject}-serves", *servers, *cells)
    assert len(found) == len(releases)
    assert set(found.values()) == {"absent"}, found
