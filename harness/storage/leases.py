"""Nobody removes from a shared folder what a living run uses: a run names what it uses before it uses it.

A run enters names in a file of its own below ``in-use`` and holds that file's lock as long as the run lives. The system
releases the lock however the run ends, and the next call of `in_use` removes the file.
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
_MOST = 16 * 1024 * 1024  # bytes of one run's names


class Uses:
    """The leases of one run in a shared folder, until `close`. Safe for many threads."""

    def __init__(self, root: Path, mark: str) -> None:
        """Lease for the run of this mark; no file is made before the first `add`."""
        self._path = root / _FOLDER / f"{mark}.txt"
        self._lock = filelock.FileLock(self._path.with_suffix(".lock"), thread_local=False)
        self._names: set[str] = set()
        self._guard = threading.Lock()

    def add(self, name: str) -> None:
        """Enter a name, which `in_use` returns from now on."""
        with self._guard:
            if name in self._names:
                return
            if not self._names:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._lock.acquire()  # before the file exists: a file without a lock counts as left by a run that ended
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{name}\n")
            self._names.add(name)

    def close(self) -> None:
        """End all leases of the run."""
        with self._guard:
            if self._names:
                _remove(self._path)
                self._lock.release()
                self._names.clear()


def in_use(root: Path) -> frozenset[str]:
    """Return the names that living runs have entered, and remove the files of runs that have ended.

    Raises:
        StorageError: the file of a living run cannot be read.

    """
    names: set[str] = set()
    for path in sorted((root / _FOLDER).glob("*.txt")):
        try:
            with filelock.FileLock(path.with_suffix(".lock")).acquire(blocking=False):
                _remove(path)
        except OSError:  # the run lives (`filelock.Timeout`), or is another user's, whose lock we may not take
            names.update(_names_in(path))
    return frozenset(names)


def _names_in(path: Path) -> list[str]:
    try:
        return read_whole(path, most=_MOST).decode(errors="replace").splitlines()
    except FileNotFoundError:  # the run has ended just now
        return []
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}; what it says is in use stays") from None


def _remove(path: Path) -> None:
    for one in (path, path.with_suffix(".lock")):
        with contextlib.suppress(OSError):  # Windows does not remove an open file
            one.unlink(missing_ok=True)
