"""A sealed folder is either whole or counts as missing: made once under a lock, marked last, checked when used.

What an interrupted maker left is removed first. The marker is written last and atomically; it holds a fingerprint of
the files, so that a folder that was damaged later is noticed and made anew.
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
    """The content of the marker: the protocol that the folder was made by, and the fingerprint of its files."""

    protocol: int
    fingerprint: str


def ensure(folder: Path, make: Callable[[Path], None], *, protocol: int, watched: str = "**/*") -> None:
    """Make the folder by ``make`` unless it is whole already; other processes wait meanwhile.

    Args:
        folder: the folder; its parents are made.
        make: makes and fills the folder; whatever ``make`` raises is raised, and the folder is removed.
        protocol: a folder made by another protocol does not count.
        watched: the files whose names, sizes and times must stay the same, as a glob below the folder.

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
    """Whether the folder has been whole; only `is_complete` says whether it still is."""
    marker = read_json(folder / MARKER, Marker)
    return marker is not None and marker.protocol == protocol


def is_complete(folder: Path, *, protocol: int, watched: str = "**/*") -> bool:
    """Whether the folder is whole."""
    marker = read_json(folder / MARKER, Marker)
    return marker is not None and marker.protocol == protocol and marker.fingerprint == fingerprint(folder, watched)


def fingerprint(folder: Path, watched: str = "**/*") -> str:
    """Return a digest of the names, sizes and times of the files, without byte code and the marker.

    The time reveals a file that was overwritten by as many bytes. Times count in whole seconds, as archives and image
    layers keep them. Contents are not read: that would take longer than most cells, and this takes milliseconds.
    """
    lines = []
    for file in sorted(folder.glob(watched)):
        if file.name != MARKER and file.suffix != ".pyc" and not (file.is_dir() and not file.is_symlink()):
            seen = file.stat() if file.exists() else None
            lines.append(f"{file.relative_to(folder)} {seen and (seen.st_size, int(seen.st_mtime))}")
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:20]
