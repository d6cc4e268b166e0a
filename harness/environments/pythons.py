"""The Pythons that a platform has on this machine, newest first; a release runs on one where no Python is named."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from harness.environments import interpreters, runtimes
from harness.errors import EnvironmentFailedError
from harness.model.platforms import CONTAINER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def here(platform: str, *, cache: Path, of_image: Callable[[str], str]) -> Sequence[str]:
    """Return the Pythons of a platform, newest first; this machine's own with their full version (``3.8.18``).

    Where the platform lacks something, these are the Pythons that it would have; the environments of its cells then
    report what it lacks.

    Args:
        platform: a platform as in cells; another machine's is taken to have this machine's Pythons.
        cache: the user cache folder, where Windows CPythons are.
        of_image: asks an image for its Python.

    """
    if platform.startswith(CONTAINER):
        with contextlib.suppress(EnvironmentFailedError):
            return (of_image(platform.removeprefix(CONTAINER)),)
    if platform == "windows-wine":
        newest_first = runtimes.PYTHONS[::-1]
        return [python for python in newest_first if runtimes.can_be_had(python, cache)] or newest_first
    return [found.full for found in reversed(interpreters.installed().values())]
