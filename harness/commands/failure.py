"""The record of a failure of the program itself, for a report of the mistake: a file in a folder of the user's own."""

from __future__ import annotations

import datetime as dt
import os
import platform
import tempfile
import traceback
from pathlib import Path

import platformdirs

import harness

_KEPT = 20  # records, the newest
_MOST = 256 * 1024  # characters of one


def record(error: BaseException, named: str) -> Path | None:
    """Write what is needed to report a failure into a new file, and return its path; None where it cannot be written.

    Older files than the newest `_KEPT` are removed.
    """
    folder = Path(platformdirs.user_state_dir("harness", appauthor=False)) / "failures"
    now = dt.datetime.now(dt.UTC)
    head = f"harness {harness.__version__}, Python {platform.python_version()} on {platform.platform()}\n{named}\n\n"
    text = (head + "".join(traceback.format_exception(error)))[-_MOST:]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=f"{now:%Y%m%dT%H%M%S.%f}-", suffix=".txt", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        for old in sorted(folder.glob("*.txt"))[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return Path(name)
