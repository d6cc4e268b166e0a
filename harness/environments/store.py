"""The store keeps resolutions and built environments in the user cache, by content; all runs share them.

The store remembers failures too, so that a release that cannot be built is not tried again in vain. It does not
remember failures that the network, the engine, a deadline or an interruption caused.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from typing import TYPE_CHECKING

import filelock
import msgspec

from harness.environments.backend import Request, Resolution
from harness.environments.uv import TransientEnvironmentError
from harness.errors import EngineError, EnvironmentFailedError, UnsatisfiableError
from harness.storage import sealed
from harness.storage.files import read_json, write_json
from harness.storage.leases import Uses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.environments.uv import Uv

PROTOCOL = 2  # raised when environments are made in a new way, so that old environments no longer count
_AGAIN = "'--rerun' tries it again"


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a resolution or a build that need not be tried again: a resolution, or why it failed.

    ``unsatisfiable`` says that the failure is that no set of packages satisfies the request.
    """

    protocol: int
    resolution: Resolution | None = None
    failure: str | None = None
    unsatisfiable: bool = False


class Store:
    """Resolutions and environments in the user cache; with ``retry`` each remembered failure is tried again once."""

    def __init__(self, root: Path, *, uv: Uv, retry: bool = False) -> None:
        """Use a folder, which need not exist."""
        self.root = root
        self.uv = uv
        self._retry = retry
        self._uses = Uses(root, uuid.uuid4().hex)
        self._failed_now: set[Path] = set()  # failures of this run itself, which are not tried again

    def close(self) -> None:
        """End the leases of all environments."""
        self._uses.close()

    def resolution(self, request: Request, interpreter: str, resolve: Callable[[], Resolution]) -> Resolution:
        """Return the stored resolution of a request on an interpreter, or resolve the request and store the answer."""
        text = msgspec.json.encode((request, interpreter))
        path = self.root / "resolutions" / f"{hashlib.sha256(text).hexdigest()[:20]}.json"
        remembered = self._recall(path) or self._remember(path, resolve)
        if remembered.resolution is None:
            raise self._failed_before(path, remembered)
        _touch(path)
        return remembered.resolution

    def environment(self, resolution: Resolution, build: Callable[[Path], None]) -> Path:
        """Return the folder of a resolution's environment, built by ``build`` where it is not stored.

        Raises:
            EnvironmentFailedError: the build failed, now or when it was last tried.

        """
        folder = self.root / "environments" / resolution.digest
        failure = folder.with_suffix(".failed.json")

        def make(folder: Path) -> None:
            if remembered := self._recall(failure):
                raise self._failed_before(failure, remembered)
            try:
                build(folder)
            except EnvironmentFailedError as error:
                self._remember_failure(failure, error)
                raise
            failure.unlink(missing_ok=True)

        self._uses.add(folder.name)  # before `ensure` looks: what was pruned until now is made anew
        sealed.ensure(folder, make, protocol=PROTOCOL)
        _touch(folder)
        return folder

    def _recall(self, path: Path) -> Remembered | None:
        remembered = read_json(path, Remembered)
        if remembered is None or remembered.protocol != PROTOCOL:
            return None
        tried = not self._retry or path in self._failed_now
        return remembered if tried or not remembered.failure else None

    def _remember(self, path: Path, resolve: Callable[[], Resolution]) -> Remembered:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_suffix(".lock")):
            if remembered := self._recall(path):
                return remembered
            try:
                remembered = Remembered(protocol=PROTOCOL, resolution=resolve())
            except EnvironmentFailedError as error:
                self._remember_failure(path, error)
                raise
            write_json(path, remembered)
            return remembered

    def _remember_failure(self, path: Path, error: EnvironmentFailedError) -> None:
        """Remember a failure, unless the network, the engine, a deadline or an interruption caused it."""
        if not (isinstance(error, TransientEnvironmentError | EngineError) or self.uv.abandoned.is_set()):
            self._failed_now.add(path)
            unsatisfiable = isinstance(error, UnsatisfiableError)
            write_json(path, Remembered(protocol=PROTOCOL, failure=str(error), unsatisfiable=unsatisfiable))

    def _failed_before(self, path: Path, remembered: Remembered) -> EnvironmentFailedError:
        """Return a remembered failure; an earlier run's comes with the remedy."""
        again = "" if path in self._failed_now else f" ({_AGAIN})"
        if remembered.unsatisfiable:
            return UnsatisfiableError(str(remembered.failure), again)
        return EnvironmentFailedError(f"{remembered.failure}{again}")


def _touch(path: Path) -> None:
    """Set the modification time to now, by which pruning knows when a file or folder was last used."""
    with contextlib.suppress(OSError):
        os.utime(path)
