"""Files that several programs share are written whole or not at all, and read within bounds.

Somebody else may have put a file there: a pipe would never end, and a file may be larger than memory. A new file has
the mode that the umask gives.
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
_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # does not wait for a pipe's writer
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def read_json(path: Path, kind: type[T]) -> T | None:
    """Return the value that a file holds; None where the file is missing, torn or of another type."""
    try:
        return decode(read_whole(path, most=MOST_OF_JSON), kind)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def read_whole(path: Path, *, most: int) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: the file cannot be read, is no regular file, or has more than ``most`` bytes.

    """
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size > most or len(content := file.read(most + 1)) > most:
            raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return content


def opened(path: Path) -> BufferedReader:
    """Open a file for reading.

    Raises:
        OSError: the file cannot be opened, or is no regular file: a folder, a pipe, a device.

    """
    file = os.fdopen(os.open(path, _AT_ONCE), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return file


def lines_in(file: BufferedReader, *, most: int) -> Iterator[tuple[bytes | None, int]]:
    """Yield the lines from the file's position on, each with its length in bytes; None for a line longer than ``most``.

    A line keeps its line break; the last line may have none.
    """
    while line := file.readline(most):
        taken, last = len(line), line
        while not last.endswith(b"\n") and (last := file.readline(most)):
            taken += len(last)
        yield line if taken == len(line) else None, taken


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON, so that a reader sees either the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, [msgspec.json.format(msgspec.json.encode(value), indent=2), b"\n"])


def write_whole(path: Path, content: Iterable[bytes]) -> None:
    """Write a file, with the umask's mode, so that a reader sees either the old file or the whole new one."""
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
    """Give the written file its name. Windows refuses while somebody reads the old file; that lasts a moment."""
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
