"""The store: resolutions and built environments in the user cache, by content, shared by all runs.

An environment is built in its final place under a lock, what an interrupted build left is wiped first, and a
marker written last and atomically makes it complete. The marker carries a fingerprint of the files, so an
environment that was damaged later is seen and built anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import msgspec

from harness.environments.files import read_json, write_json
from harness.environments.kind import Environment, Request, Resolution
from harness.environments.uv import TransientEnvironmentError
from harness.errors import EnvironmentFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.environments.uv import Uv

PROTOCOL = 1  # raised when environments are made in a new way and the old ones must not be used
_AGAIN = "'--rerun' tries it again"
_MARKER = ".harness-complete.json"


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What makes an environment complete: the protocol it was made by and what its files looked like."""

    protocol: int
    fingerprint: str


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a resolution or a build that need not be tried again: a value or the reason it failed."""

    protocol: int
    resolution: Resolution | None = None
    failure: str | None = None


class Store:
    """Where environments live. ``retry`` tries again what is remembered as failed."""

    def __init__(self, root: Path, *, uv: Uv, retry: bool = False) -> None:
        """Use the folder, which need not exist."""
        self.root = root
        self.uv = uv
        self._retry = retry

    def resolution(self, request: Request, interpreter: str, resolve: Callable[[], Resolution]) -> Resolution:
        """Return the stored resolution of a request on an interpreter, or make and keep it."""
        text = msgspec.json.encode((request, interpreter))
        path = self.root / "resolutions" / f"{hashlib.sha256(text).hexdigest()[:20]}.json"
        remembered = self._recall(path)
        if remembered is None:
            remembered = self._remember(path, resolve)
        if remembered.resolution is None:
            raise EnvironmentFailedError(f"{remembered.failure} ({_AGAIN})")
        return remembered.resolution

    def environment(self, resolution: Resolution, build: Callable[[Path], None]) -> Environment:
        """Return the environment of a resolution, built by ``build`` into the folder it is given if need be.

        Raises:
            EnvironmentFailedError: the build failed, now or when it was last tried.

        """
        folder = self.root / "environments" / resolution.digest
        failure = folder.with_suffix(".failed.json")
        environment = Environment(folder=str(folder), resolution=resolution)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_suffix(".lock")):
            if self._is_complete(folder):
                return environment
            if remembered := self._recall(failure):
                raise EnvironmentFailedError(f"{remembered.failure} ({_AGAIN})")
            shutil.rmtree(folder, ignore_errors=True)
            try:
                build(folder)
            except TransientEnvironmentError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            except EnvironmentFailedError as error:
                shutil.rmtree(folder, ignore_errors=True)
                write_json(failure, Remembered(protocol=PROTOCOL, failure=str(error)))
                raise
            write_json(folder / _MARKER, Marker(protocol=PROTOCOL, fingerprint=_fingerprint(folder)))
            failure.unlink(missing_ok=True)
        return environment

    def _recall(self, path: Path) -> Remembered | None:
        remembered = read_json(path, Remembered)
        if remembered is None or remembered.protocol != PROTOCOL:
            return None
        return None if remembered.failure and self._retry else remembered

    def _remember(self, path: Path, resolve: Callable[[], Resolution]) -> Remembered:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_suffix(".lock")):
            if remembered := self._recall(path):
                return remembered
            try:
                remembered = Remembered(protocol=PROTOCOL, resolution=resolve())
            except TransientEnvironmentError:
                raise
            except EnvironmentFailedError as error:
                remembered = Remembered(protocol=PROTOCOL, failure=str(error))
            write_json(path, remembered)
            return remembered

    @staticmethod
    def _is_complete(folder: Path) -> bool:
        marker = read_json(folder / _MARKER, Marker)
        return marker is not None and marker.protocol == PROTOCOL and marker.fingerprint == _fingerprint(folder)


def _fingerprint(folder: Path) -> str:
    """Digest the names and sizes of all files but byte code and the marker: milliseconds, and sees damage."""
    lines = []
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            file = Path(path) / name
            if name != _MARKER and not name.endswith(".pyc"):
                size = file.stat().st_size if file.exists() else -1
                lines.append(f"{file.relative_to(folder)} {size}")
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:20]
