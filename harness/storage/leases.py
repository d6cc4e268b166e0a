"""What runs use at this moment of a folder that they share, so that nobody removes it meanwhile.

A run enters what it is about to use in a file of its own below ``in-use`` and holds that file's lock as long as it
lives: the system lets go of it however the run ends, and the next who looks removes the file.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import filelock

from harness.errors import StorageError
from harness.storage.files import read_whole

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "in-use"
_MOST = 16 * 1024 * 1024  # bytes of what one run enters


class Uses:
    """What one run uses of a folder, until `close`. Safe for many threads."""

    def __init__(self, root: Path, mark: str) -> None:
        """Speak for the run of this mark; nothing is made before something is used."""
        self._path = root / _FOLDER / f"{mark}.txt"
        self._lock = filelock.FileLock(self._path.with_suffix(".lock"), thread_local=False)
        self._names: set[str] = set()
        self._guard = threading.Lock()

    def add(self, name: str) -> None:
        """Enter a name; whoever looks from now on knows that it is in use."""
        with self._guard:
            if name in self._names:
                return
            if not self._names:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._lock.acquire()  # before there is a file that could be taken for one of a run that has ended
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{name}\n")
            self._names.add(name)

    def close(self) -> None:
        """Use nothing any more."""
        with self._guard:
            if self._names:
                _remove(self._path)
                self._lock.release()
                self._names.clear()


def in_use(root: Path) -> frozenset[str]:
    """Return what the runs that live use of the folder, and clear away what runs left that do not.

    Raises:
        StorageError: what somebody uses cannot be looked at.

    """
    names: set[str] = set()
    for path in sorted((root / _FOLDER).glob("*.txt")):
        try:
            with filelock.FileLock(path.with_suffix(".lock")).acquire(blocking=False):
                _remove(path)
        except OSError:  # its run lives (`filelock.Timeout`), or is another user's, whose lock is not for us to take
            names.update(_names_in(path))
    return frozenset(names)


def _names_in(path: Path) -> list[str]:
    try:
        return read_whole(path, most=_MOST).decode(errors="replace").splitlines()
    except FileNotFoundError:  # it has ended just now
        return []
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}; what it says is in use stays") from None


def _remove(path: Path) -> None:
    for one in (path, path.with_suffix(".lock")):
        with contextlib.suppress(OSError):  # Windows keeps a file that is open
            one.unlink(missing_ok=True)
