"""The keeper: a small process beside a run that cleans up after it, however the run ends.

It waits for its standard input to close, which happens when the run ends or is killed at any moment, then ends
every process that carries the run's mark and removes the run's folder. Should the keeper itself be killed, the
next run finds the folder without an owner and does the same (`sweep`).
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import filelock

from harness import process
from harness.containers import leftovers
from harness.containers.engine import NOTE
from harness.errors import EngineError

if TYPE_CHECKING:
    from types import TracebackType

_PREFIX = "harness-run-"


class Kept:
    """A run's folder and mark, kept by a keeper until `close`.

    Everything temporary of the run lies in ``folder``; everything that it starts carries ``mark``.
    """

    def __init__(self) -> None:
        """Clean up after runs that were killed, then make the folder and start the keeper."""
        sweep()
        self.mark = process.new_mark()
        self.folder = Path(tempfile.gettempdir()) / f"{_PREFIX}{self.mark}"
        self._owner = _owner(self.folder)
        self._owner.acquire()  # before there is a folder that a sweep could take for one without an owner
        self.folder.mkdir(mode=0o700)
        self._keeper = process.start_watching([sys.executable, "-m", "harness.execution.keeper", str(self.folder)])

    def __enter__(self) -> Self:
        """Use as a context; leaving it closes."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def end(self) -> None:
        """End all that runs now; what is started afterwards is not ended."""
        _end(self.folder)

    def close(self) -> None:
        """Clean up and wait until the keeper has looked after it."""
        self._owner.release()
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait()
        clean(self.folder)


def _owner(folder: Path) -> filelock.BaseFileLock:
    """Return the lock that the owner of a run's folder holds as long as it lives."""
    return filelock.FileLock(folder.with_suffix(".lock"), thread_local=False)


def _end(folder: Path) -> bool:
    """End what carries the mark of a run's folder; False where the engine that it used does not answer now."""
    mark, note = folder.name.removeprefix(_PREFIX), folder / NOTE
    process.end_marked(mark)
    try:
        if note.exists():
            leftovers.remove_of_run(mark, where=note.read_text())
    except (EngineError, OSError):
        return False
    return True


def clean(folder: Path) -> None:
    """End what carries the mark of a run's folder, and remove the folder.

    Where containers may be left on an engine that does not answer, the folder stays, and the next run tries again.
    """
    if not _end(folder):
        return
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.with_suffix(".lock").unlink(missing_ok=True)


def sweep_engine() -> tuple[str, ...]:
    """Remove from the engine what runs of this machine left that live no more; return what it was.

    Raises:
        EngineError: there is no engine, or it refuses.

    """
    return leftovers.remove_of_the_dead(_is_owned)


def _is_owned(folder: Path) -> bool:
    """Whether the run of a folder lives, or there is no telling."""
    if not folder.name.startswith(_PREFIX) or not folder.with_suffix(".lock").exists():
        return not folder.name.startswith(_PREFIX)
    try:
        with _owner(folder).acquire(blocking=False):
            return False
    except (filelock.Timeout, OSError):
        return True


def sweep() -> None:
    """Clean up after every run whose owner is gone."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        folder = path.with_suffix("")
        if not process.is_mark(folder.name.removeprefix(_PREFIX)):
            continue  # somebody else's
        with contextlib.suppress(filelock.Timeout, OSError), _owner(folder).acquire(blocking=False):
            clean(folder)


if __name__ == "__main__":  # pragma: no cover - runs as a process of its own
    sys.stdin.buffer.read()
    clean(Path(sys.argv[1]))
