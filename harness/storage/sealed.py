"""Folders that are either whole or not there: made once under a lock, marked complete last, checked when used.

What an interrupted maker left is wiped first. The marker, written last and atomically, carries a fingerprint of the
files, so that a folder which was damaged later is seen and made anew.
"""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import filelock
import msgspec

from harness.storage.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MARKER = ".harness-complete.json"


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a folder complete: the protocol it was made by and what its files look like."""

    protocol: int
    fingerprint: str


def ensure(folder: Path, make: Callable[[Path], None], *, protocol: int, watched: str = "**/*") -> None:
    """Have the folder whole when this returns: made by ``make`` unless it is; other processes wait meanwhile.

    Args:
        folder: where; its parents are made.
        make: fills the folder, which does not exist; whatever it raises is raised, and nothing is left.
        protocol: a folder made by another one does not count.
        watched: the files whose names, sizes and times must stay as they were made, as a glob below the folder.

    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder.with_name(f"{folder.name}.lock")):
        if is_complete(folder, protocol=protocol, watched=watched):
            return
        shutil.rmtree(folder, ignore_errors=True)
        try:
            make(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        write_json(folder / MARKER, Marker(protocol=protocol, fingerprint=fingerprint(folder, watched)))


def is_marked(folder: Path, *, protocol: int) -> bool:
    """Whether the folder was whole once; whether it is still, only `is_complete` says."""
    marker = read_json(folder / MARKER, Marker)
    return marker is not None and marker.protocol == protocol


def is_complete(folder: Path, *, protocol: int, watched: str = "**/*") -> bool:
    """Whether the folder is whole."""
    marker = read_json(folder / MARKER, Marker)
    return marker is not None and marker.protocol == protocol and marker.fingerprint == fingerprint(folder, watched)


def fingerprint(folder: Path, watched: str = "**/*") -> str:
    """Digest names, sizes and times of the files but byte code and the marker: milliseconds, and sees damage.

    The time is what tells a file that was written over with as many bytes. It counts in whole seconds, which is what
    archives and image layers keep of it; contents are not read, which would take longer than most cells.
    """
    lines = []
    for file in sorted(folder.glob(watched)):
        if file.name != MARKER and file.suffix != ".pyc" and not (file.is_dir() and not file.is_symlink()):
            seen = file.stat() if file.exists() else None
            lines.append(f"{file.relative_to(folder)} {seen and (seen.st_size, int(seen.st_mtime))}")
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:20]
