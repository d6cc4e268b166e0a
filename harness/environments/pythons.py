"""The Pythons that a platform has here, newest first: what a release runs on where nobody names a Python."""

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
    """Return the Pythons of a platform, newest first; in full (``3.8.18``) where they are this machine's own.

    Of a platform that lacks something they are those that it would have: the environment of the cell says what it is.

    Args:
        platform: as in cells; of another machine it is taken to have what this one has.
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
