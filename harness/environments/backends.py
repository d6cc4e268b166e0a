"""One dict names the backend of each platform; `harness.model.platforms` says everything else about platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.environments import runtimes, store, wine
from harness.environments.venv import VirtualEnvironments
from harness.environments.wine_environments import WineEnvironments
from harness.errors import EnvironmentFailedError
from harness.model.platforms import own_platform, platform_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.environments.backend import Backend
    from harness.environments.store import Store


def _in_containers(store: Store) -> Backend:
    from harness.environments.container import ContainerEnvironments  # noqa: PLC0415 - most runs need no engine

    return ContainerEnvironments(store)


BACKENDS: dict[str, Callable[[Store], Backend]] = {
    "linux": VirtualEnvironments,
    "macos": VirtualEnvironments,
    "windows": VirtualEnvironments,
    "windows-wine": WineEnvironments,
    "docker:IMAGE": _in_containers,
}
"""By the names of `harness.model.platforms.PLATFORMS`."""


def protocols_of(platform: str) -> tuple[int, ...]:
    """Return the protocol numbers of a platform; one is raised when its environments are made in a new way."""
    match platform_of(platform).name:
        case "windows-wine":
            return store.PROTOCOL, wine.PROTOCOL, runtimes.PROTOCOL
        case "docker:IMAGE":
            from harness.environments import container  # noqa: PLC0415 - likewise

            return store.PROTOCOL, container.PROTOCOL
    return (store.PROTOCOL,)


def backend_for(platform: str, store: Store) -> Backend:
    """Return the backend that makes the environments of a platform here.

    Raises:
        EnvironmentFailedError: this machine, or this version of the program, cannot run that platform.

    """
    try:
        known, own = platform_of(platform), own_platform()
    except KeyError:
        message = f"platform {platform} cannot be run by this version of the harness; it runs {', '.join(BACKENDS)}"
        raise EnvironmentFailedError(message) from None
    if own in known.machines:
        return BACKENDS[known.name](store)
    if known.machines == (platform,):
        raise EnvironmentFailedError(f"platform {platform} is another machine's, this one is {own}; run the cell there")
    named = " and ".join(known.machines)
    raise EnvironmentFailedError(f"platform {platform} is for {named} machines, this one is {own}")
