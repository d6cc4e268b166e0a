"""Small typed JSON files of the cache, written atomically."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TypeVar

import msgspec

from harness.decoding import decode

T = TypeVar("T")
_PATIENCE_S = 5.0 if sys.platform == "win32" else 0.0
_POLL_S = 0.01


def read_json(path: Path, kind: type[T]) -> T | None:
    """Return what the file holds, or None where it is missing, torn or of another shape."""
    try:
        return decode(path.read_bytes(), kind)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def write_json(path: Path, value: object) -> None:
    """Write the value so that a reader sees either the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(Path(temporary), path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _put_in_place(temporary: Path, path: Path) -> None:
    """Give the written file its name. Windows refuses while somebody reads the old one, which takes a moment."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            temporary.replace(path)
        except PermissionError:
            if time.monotonic() >= end:
                raise
            time.sleep(_POLL_S)
        else:
            return
