"""The reaper: a small process beside a run that cleans up after it, however the run ends.

The reaper waits for its standard input to close, which happens when the run ends or is killed. Then it ends every
process that carries the run's mark and removes the run's folder. Where the reaper itself is killed, the next run finds
the folder without an owner and does the same (`sweep`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

import filelock

from harness.containers import leftovers
from harness.errors import HarnessError, LeftRunningError
from harness.processes import nursery, process
from harness.processes.marks import new_mark
from harness.reaper.folder import LOCK, PREFIX, WATCHING, clean, end, is_own, mark_of

if TYPE_CHECKING:
    import subprocess
    from types import TracebackType

_TRIES = 5
_START_S = 60.0  # the reaper takes a tenth of a second on an idle core
# The package is made by hand. So the reaper imports this very one, whatever else of its name lies in the working folder
# or earlier on the path, and does not import what the `__init__` of the package imports, which it does not need.
_PROGRAM = """
import sys, types
place, folder, *sys.path[:] = sys.argv[1:]
sys.modules["harness"] = package = types.ModuleType("harness")
package.__path__ = [place]
import pathlib
from harness.reaper.folder import watch
watch(pathlib.Path(folder))
"""


class Workspace:
    """A run's folder and mark, watched over by a reaper until `close`.

    Everything temporary of the run lies in ``folder``; everything that it starts carries ``mark``.
    """

    def __init__(self) -> None:
        """Make the folder, have a reaper watch over it, and clean up after runs that were killed.

        Raises:
            HarnessError: the folder cannot be made, or the reaper does not start.

        """
        self.folder, self._owner = _make_folder()
        self.mark = mark_of(self.folder) or ""
        nursery.open_for(self.mark)
        self._reaper = process.start_watching(_command(self.folder), cwd=self.folder.parent)
        try:
            sweep()  # while the reaper starts
            _wait_until_it_watches(self._reaper)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        """Use as a context; leaving it closes."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def end(self) -> None:
        """End every process of the run that runs now; a process that is started afterwards is not ended."""
        end(self.folder)

    def close(self) -> None:
        """Have the reaper clean up, and do what it has left undone.

        Raises:
            LeftRunningError: processes of the run cannot be ended.

        """
        nursery.close_for(self.mark)
        self._owner.release()
        with self._reaper:  # closes its standard input, and waits
            pass
        clean(self.folder)


def _make_folder() -> tuple[Path, filelock.BaseFileLock]:
    """Make a run's folder and return it with its lock, held.

    A sweep before the lock is held takes the folder for one without an owner; then another folder is made.
    """
    place = Path(tempfile.gettempdir())
    for _ in range(_TRIES):
        folder = place / f"{PREFIX}{new_mark()}"
        lock = _owner(folder)
        try:
            folder.mkdir(mode=0o700)
            lock.acquire(blocking=False)
        except filelock.Timeout:
            continue
        except OSError as error:
            message = f"no temporary folder can be made in {place}: {error.strerror}; TMPDIR names another place"
            raise HarnessError(message) from None
        if is_own(folder) and (folder / LOCK).exists():
            return folder, lock
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)
    message = (
        f"every temporary folder that is made in {place} is removed or opened to others; TMPDIR names another place"
    )
    raise HarnessError(message)


def _owner(folder: Path) -> filelock.BaseFileLock:
    """Return the lock that a run holds on its folder as long as it lives; the folder has to be this user's."""
    return filelock.FileLock(folder / LOCK, thread_local=False)


def _command(folder: Path) -> list[str]:
    """Return the command line of a reaper that imports from the same places as this process."""
    path = [os.path.abspath(entry) for entry in sys.path if entry]  # noqa: PTH100 - an entry may be an archive
    return [sys.executable, "-I", "-S", "-c", _PROGRAM, str(Path(__file__).parents[1]), str(folder), *path]


def _wait_until_it_watches(reaper: subprocess.Popen[bytes]) -> None:
    """Return when the reaper has printed `WATCHING`; raises `HarnessError` where it does not in time."""
    if reaper.stdout is None:  # pragma: no cover - it was asked for
        raise ValueError
    timer = threading.Timer(_START_S, reaper.kill)
    timer.start()
    try:
        said = reaper.stdout.readline().decode(errors="replace").strip()
        if said != WATCHING:
            lines = [said, *reaper.stdout.read(65536).decode(errors="replace").splitlines()]
            told = lines[-1] or "it says nothing"
            raise HarnessError(f"the reaper, which ends what a killed run leaves behind, does not start: {told}")
    finally:
        timer.cancel()


def sweep_engine() -> tuple[str, ...]:
    """Remove from the engine what dead runs of this user on this machine left there; return what that was.

    Raises:
        EngineError: there is no engine, or the engine refuses.

    """
    return leftovers.remove_of_the_dead(_is_owned)


def _is_owned(folder: Path) -> bool:
    """Whether the run of a folder lives, or may live."""
    if mark_of(folder) is None:
        return True
    if not os.path.lexists(folder):
        return False
    if not is_own(folder):
        return True
    try:
        with _owner(folder).acquire(blocking=False):
            return False
    except (filelock.Timeout, OSError):
        return True


def sweep() -> None:
    """Clean up after every dead run of this user; what cannot be ended now is left to the next sweep."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if not is_own(folder):
            continue
        with contextlib.suppress(filelock.Timeout, OSError, LeftRunningError):
            with _owner(folder).acquire(blocking=False):
                clean(folder)
            if sys.platform == "win32":  # Windows does not remove a lock file that is open
                clean(folder)
