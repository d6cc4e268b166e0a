"""What a kind of environment offers to the trials, whatever the platform."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Protocol

import msgspec
from packaging.utils import canonicalize_name


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment is to hold: requirements (PEP 508) as of a moment, on a Python, on a platform.

    ``subject`` is the package on trial, which the health check imports and looks for.
    """

    subject: str
    requirements: tuple[str, ...]
    as_of: dt.datetime
    python: str
    platform: str


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """The exact answer to a request: an interpreter in full and the pins; its digest names the environment."""

    request: Request
    interpreter: str
    python_full: str
    pins: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The content address: same interpreter, same platform, same pins, same environment."""
        content = "\n".join((self.request.platform, self.interpreter, self.python_full, *sorted(self.pins)))
        return hashlib.sha256(content.encode()).hexdigest()[:20]

    @property
    def pinned(self) -> dict[str, str]:
        """The pins as name to version (a file's path where the package came from one)."""
        pairs = (pin.split(" @ " if " @ " in pin else "==", 1) for pin in self.pins)
        return {canonicalize_name(name): version.split(";")[0].strip() for name, version in pairs}


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A built environment: where it lies, and the resolution that it holds."""

    folder: str
    resolution: Resolution

    @property
    def scripts(self) -> Path:
        """The folder of its programs."""
        windows = Path(self.folder) / "Scripts"
        return windows if windows.is_dir() else Path(self.folder) / "bin"

    def program(self, name: str) -> str:
        """Return the path of one of its programs, ``python`` or a console script such as ``uvicorn``."""
        suffix = ".exe" if self.scripts.name == "Scripts" else ""
        return str(self.scripts / f"{name}{suffix}")


class Kind(Protocol):
    """One way to make environments."""

    def resolve(self, request: Request) -> Resolution:
        """Return the exact set for a request, from the store where it was resolved before.

        Raises:
            EnvironmentFailedError: it cannot be had; the message is one line with the remedy where there is one.

        """

    def build(self, resolution: Resolution) -> Environment:
        """Return the built, healthy environment; built at most once however many ask at the same time.

        Raises:
            EnvironmentFailedError: it cannot be built or is not healthy.

        """
