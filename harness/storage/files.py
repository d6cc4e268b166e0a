"""Files that several programs read and write: written atomically, with the mode that the umask gives, read in bounds.

What is read may have been put there by somebody else: a pipe would never end, and a file may be larger than memory.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
import uuid
from typing import TYPE_CHECKING, TypeVar

import msgspec

from harness.decoding import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedReader
    from pathlib import Path

T = TypeVar("T")
MOST_OF_JSON = 32 * 1024 * 1024  # bytes of one JSON file
_PATIENCE_S = 5.0 if sys.platform == "win32" else 0.0
_POLL_S = 0.01
_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe without a writer opens too
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def read_json(path: Path, kind: type[T]) -> T | None:
    """Return what the file holds, or None where it is missing, torn or of another shape."""
    try:
        return decode(read_whole(path, most=MOST_OF_JSON), kind)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def read_whole(path: Path, *, most: int) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: it cannot be read, is no file, or has more than ``most`` bytes.

    """
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size > most or len(content := file.read(most + 1)) > most:
            raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return content


def opened(path: Path) -> BufferedReader:
    """Open a file to read from.

    Raises:
        OSError: it cannot be opened, or is no file: a folder, a pipe, a device.

    """
    file = os.fdopen(os.open(path, _AT_ONCE), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return file


def lines_in(file: BufferedReader, *, most: int) -> Iterator[tuple[bytes | None, int]]:
    """Yield the lines from where the file stands, each with its bytes there; None for one of more than ``most``.

    A line keeps its end; the last one may have none.
    """
    while line := file.readline(most):
        taken, last = len(line), line
        while not last.endswith(b"\n") and (last := file.readline(most)):
            taken += len(last)
        yield line if taken == len(line) else None, taken


def write_json(path: Path, value: object) -> None:
    """Write the value so that a reader sees either the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, [msgspec.json.format(msgspec.json.encode(value), indent=2), b"\n"])


def write_whole(path: Path, content: Iterable[bytes]) -> None:
    """Write a file so that a reader sees either the old one or the whole new one, readable as the umask lets it be."""
    temporary = path.with_name(f".harness.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(temporary, _NEW, 0o666), "wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
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
