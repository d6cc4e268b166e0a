"""Keeping a results folder small: removing what no report shows and no run finds again.

The newest result of every cell stays, with its evidence. Superseded results are removed, and so is evidence that no
entry names, which cells leave that were in flight when a run was killed.
"""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING

import filelock

from harness.environments.pruning import Taken, taken_by
from harness.errors import UsageError
from harness.results.entries import entries_in, lines_of
from harness.results.journal import FILE, LOCK
from harness.storage.files import opened, write_whole
from harness.storage.leases import in_use

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path


def size(folder: Path) -> Taken:
    """Return how many entries a results folder has, and the bytes of all that is in it."""
    if not (folder / FILE).is_file():
        return 0, 0
    with _read(folder) as file:
        return sum(1 for _ in entries_in(file)), taken_by(folder)


def prune(folder: Path, *, before: dt.datetime, dry_run: bool = False) -> Taken:
    """Remove what was superseded, or left without an entry, before a moment; do nothing while a run uses the folder.

    Returns:
        How many folders of evidence were removed, and their bytes.

    """
    if not (folder / FILE).is_file():
        return 0, 0
    present = {path.relative_to(folder).as_posix() for path in folder.glob("evidence/*/*") if path.is_dir()}
    if in_use(folder):  # asked after listing: what a run makes from here on is not in the list
        return 0, 0
    with filelock.FileLock(folder / LOCK):
        with _read(folder) as file:
            lines = list(lines_of(file))
        entries = [line.entry for line in lines if line.entry]
        newest = {entry.result.id: entry for entry in entries}
        kept = [one for one in entries if one is newest[one.result.id] or not _is_older(one.at, before)]
        stale = {id(one) for one in entries} - {id(one) for one in kept}
        named = {entry.result.evidence for entry in kept}
        older = {one.result.evidence for one in entries} | {path for path in present if _is_left(folder / path, before)}
        gone = [folder / path for path in sorted(present & {path for path in older if path}) if path not in named]
        taken = sum(taken_by(path) for path in gone)
        if not dry_run:
            if stale:  # a line that is no entry of this protocol may be somebody's, and stays
                write_whole(folder / FILE, (_whole(line.text) for line in lines if id(line.entry) not in stale))
            for path in gone:
                shutil.rmtree(path, ignore_errors=True)
    return len(gone), taken


def _is_older(at: str, before: dt.datetime) -> bool:
    """Whether a moment is known to be before another."""
    try:
        return dt.datetime.fromisoformat(at) < before
    except (ValueError, TypeError):
        return False


def _is_left(path: Path, before: dt.datetime) -> bool:
    return path.stat().st_mtime < before.timestamp()


def _whole(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"


def _read(folder: Path) -> BufferedReader:
    try:
        return opened(folder / FILE)
    except OSError as error:
        raise UsageError(f"--results: {folder / FILE} cannot be read: {error.strerror}") from None
