"""Pruning removes from the user cache what nobody uses, and never what a living run uses or is making.

The modification time of a file or folder says when it was last used. All of the cache can be made again, so that a
wrong clock costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import filelock

from harness.storage import sealed
from harness.storage.leases import in_use

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

Taken = tuple[int, int]
"""A number of files or folders, and their size in bytes."""


def sizes(root: Path) -> dict[str, Taken]:
    """Return the number and the size of what each folder of the cache holds, by the folder's name."""
    found = {}
    for folder in sorted(path for path in root.glob("*") if path.is_dir()):
        kept = [path for path in folder.iterdir() if path.suffix != ".lock"]
        found[folder.name] = len(kept), sum(taken_by(path) for path in kept)
    return found


def taken_by(path: Path) -> int:
    """Return the size in bytes of a file or of all files in a folder; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        return _bytes(path)
    return sum(_bytes(file) for file in path.rglob("*") if file.is_symlink() or not file.is_dir())


def _bytes(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.lstat().st_size
    return 0


def prune(root: Path, *, before: dt.datetime, limit: int | None = None, dry_run: bool = False) -> dict[str, Taken]:
    """Remove what was last used before a moment, and the longest unused environments beyond a limit.

    Args:
        root: the user cache folder.
        before: a moment in UTC.
        limit: the bytes that all environments together may take; None for no limit.
        dry_run: remove nothing, and return what would be removed.

    Returns:
        The number and the size of what was removed, by ``environments`` and ``resolutions``.

    """
    stale = before.timestamp()
    kept = in_use(root)
    removed = {"environments": (0, 0), "resolutions": (0, 0)}
    environments = [(path, taken_by(path)) for path in _by_age(root / "environments")]
    total = sum(taken for _, taken in environments)
    for path, taken in environments:
        too_much = limit is not None and total > limit
        if path.name not in kept and (_used(path) < stale or too_much) and _remove(path, dry_run=dry_run):
            total -= taken
            removed["environments"] = _plus(removed["environments"], taken)
    for path in _by_age(root / "resolutions"):
        taken = _bytes(path)
        if _used(path) < stale and _remove(path, dry_run=dry_run):
            removed["resolutions"] = _plus(removed["resolutions"], taken)
    return removed


def _plus(one: Taken, taken: int) -> Taken:
    return one[0] + 1, one[1] + taken


def _by_age(folder: Path) -> Iterator[Path]:
    """Yield the entries of a folder, the longest unused first, without locks and files that are being written."""
    kept = (path for path in folder.glob("*") if path.suffix != ".lock" and not path.name.startswith("."))
    yield from sorted(kept, key=lambda path: (_used(path), path.name))


def _used(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.lstat().st_mtime
    return 0.0


def _remove(path: Path, *, dry_run: bool) -> bool:
    """Remove a file or folder whose lock nobody holds; return whether it was removed, or would be in a dry run."""
    lock = path.with_suffix(".lock") if path.is_file() else path.with_name(f"{path.name}.lock")
    try:
        with filelock.FileLock(lock).acquire(blocking=False):
            if path.name in in_use(path.parent.parent):
                return False
            if not dry_run:
                _delete(path)
            return True
    except (filelock.Timeout, OSError):
        return False


def _delete(path: Path) -> None:
    if path.is_file():
        path.unlink()
        return
    (path / sealed.MARKER).unlink(
        missing_ok=True
    )  # first: without its marker, what an interrupted removal leaves is no environment
    shutil.rmtree(path)
