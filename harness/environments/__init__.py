"""Environments: an interpreter and the exact dependency set that a cell runs in, one kind per platform.

`KINDS` is the whole list. A kind says what it lacks on this machine before anything starts, resolves what a
cell needs as of the release's own moment, and builds it once; see `Kind`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.environments import container, runtimes, store, wine
from harness.environments.container import PLATFORM as CONTAINER
from harness.environments.container import ContainerEnvironments
from harness.environments.kind import Environment, Kind, Request, Resolution, exchanged
from harness.environments.store import Store
from harness.environments.venv import VirtualEnvironments
from harness.environments.wine import WineEnvironments
from harness.errors import EnvironmentFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "KINDS",
    "WORKING",
    "Environment",
    "Kind",
    "Request",
    "Resolution",
    "Store",
    "exchanged",
    "kind_for",
    "own_platform",
    "protocols_of",
]

# The platform's name, as in a matrix, to what makes its environments.
KINDS: dict[str, Callable[[Store], Kind]] = {
    "linux": VirtualEnvironments,
    "macos": VirtualEnvironments,
    "windows": VirtualEnvironments,
    "windows-wine": WineEnvironments,
    "docker:IMAGE": ContainerEnvironments,
}


# Platforms whose cells work more than they wait: hardly more of them run at once than there are cores. A Python under
# Wine takes seconds of a core to start, and uvicorn 0.30 and later end a worker that has not started in five.
WORKING = frozenset({"windows-wine"})


def own_platform() -> str:
    """Return the platform that this machine itself is."""
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")


def protocols_of(platform: str) -> tuple[int, ...]:
    """Return the numbers that are raised when environments of a platform are made in a new way."""
    own = {"windows-wine": (wine.PROTOCOL, runtimes.PROTOCOL), CONTAINER: (container.PROTOCOL,)}
    return (store.PROTOCOL, *own.get(CONTAINER if platform.startswith(CONTAINER) else platform, ()))


def kind_for(platform: str, store: Store) -> Kind:
    """Return the kind that makes the environments of a platform here.

    Raises:
        EnvironmentFailedError: this machine or this version of the program cannot run that platform.

    """
    if platform in {"linux", "windows", "macos"} and platform != own_platform():
        message = f"platform {platform} is another machine's, this one is {own_platform()}; run the cell there"
        raise EnvironmentFailedError(message)
    if platform == "windows-wine" and own_platform() != "linux":
        raise EnvironmentFailedError(f"platform {platform} is for Linux, this machine is {own_platform()}")
    if platform.startswith(CONTAINER) and own_platform() == "windows":
        raise EnvironmentFailedError(f"platform {platform} is for Linux and macOS machines, this one is windows")
    make = KINDS["docker:IMAGE"] if platform.startswith(CONTAINER) else KINDS.get(platform)
    if make is None:
        message = f"platform {platform} cannot be run by this version of the harness; it runs {', '.join(KINDS)}"
        raise EnvironmentFailedError(message)
    return make(store)
