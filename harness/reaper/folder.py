"""A run's folder in the folder for temporary files, which everybody shares: when it counts, and how it is cleaned up.

A run's folder is named by the run's mark. It holds all that is temporary, and the lock that the run holds as long as it
lives. An entry of such a name counts only if it is a real folder of this user that nobody else can enter; any other
entry is never opened, asked or removed.

The reaper's process imports this module before the run may begin, so this module imports little.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
from typing import TYPE_CHECKING

from harness.containers import NOTE
from harness.errors import EngineError
from harness.processes.marks import end_marked

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "harness-run-"
LOCK = "lock"
WATCHING = "watching"  # the line that the reaper prints when it has begun to watch
_NAME = re.compile(rf"{PREFIX}([0-9a-f]{{32}})", re.ASCII)
_KEPT_OF_NOTE = 4096


def mark_of(folder: Path) -> str | None:
    """Return the mark in the name of a run's folder; None where the name is not that of a run's folder."""
    match = _NAME.fullmatch(folder.name)
    return match[1] if match else None


def is_own(folder: Path) -> bool:
    """Whether this is the folder of a run of this user: named as one, no link, and closed to everybody else."""
    if mark_of(folder) is None:
        return False
    try:
        found = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    if sys.platform == "win32":  # each user has a folder for temporary files there
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & 0o077


def end(folder: Path) -> bool:
    """End what a run has started; return False where the engine that the run used does not answer now.

    Raises:
        LeftRunningError: processes of the run cannot be ended.

    """
    mark = mark_of(folder)
    if mark is None or not is_own(folder):
        return True
    end_marked(mark)
    try:
        _remove_from_engine(mark, folder / NOTE)
    except (EngineError, OSError):
        return False
    return True


def _remove_from_engine(mark: str, note: Path) -> None:
    if not note.exists():
        return
    from harness.containers import engine, leftovers  # noqa: PLC0415 - see the head of this module

    with note.open(encoding="utf-8", errors="replace") as file:
        where = file.read(_KEPT_OF_NOTE)
    leftovers.remove_of_run(mark, where=where if engine.is_address(where) else engine.address())


def clean(folder: Path) -> None:
    """End what a run has started, and remove its folder.

    Where containers may be left on an engine that does not answer, the folder stays, and the next run tries again.

    Raises:
        LeftRunningError: processes of the run cannot be ended; the folder stays too.

    """
    if is_own(folder) and end(folder):
        shutil.rmtree(folder, ignore_errors=True)


def watch(folder: Path) -> None:
    """Act as the reaper of a run: wait until standard input closes, as at any end of the run, then clean up."""
    with contextlib.suppress(OSError):  # the run, which waits for this line, may have been killed already
        os.write(1, f"{WATCHING}\n".encode())
    sys.stdin.buffer.read()
    clean(folder)
