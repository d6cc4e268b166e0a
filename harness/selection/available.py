"""What the cells of a call are selected from: releases of the index, local projects, and this machine's Pythons."""

from __future__ import annotations

import contextlib
import functools
import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from harness.environments import index, pythons
from harness.environments.filenames import ARCHIVES
from harness.environments.store import Store
from harness.environments.uv import Uv
from harness.errors import StorageError, UsageError, nearest
from harness.model.release import WORDS
from harness.reaper.reaper import Workspace
from harness.selection.matrix import ServerOption

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from harness.model.release import Release

_PATH = re.compile(r"(\.{0,2}|~|[A-Za-z]:)[/\\]")
_SERVER = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*?)\s*(?P<spec>(?:[<>=!~]=?|===).*)?", re.DOTALL)


class Available:
    """Asks the index, local projects and the machine, each at most once in a call.

    ``asked`` has the subjects that the index was asked for, ``platforms`` the platforms whose Pythons were asked for.
    """

    def __init__(self, subjects: Iterable[str], *, cache: Path) -> None:
        """Take the subjects that there are scenarios of, and the user cache folder."""
        self._subjects = {canonicalize_name(subject): subject for subject in subjects}
        self._cache = cache
        self.asked: set[str] = set()
        self._ranges: dict[tuple[str, str], None] = {}
        self.platforms: set[str] = set()

    def server(self, spec: str) -> ServerOption:
        """Read one ``--server`` option.

        Raises:
            UsageError: ``spec`` names no release of a subject, and no local project either.

        """
        if _is_local(spec):
            return ServerOption(subject=self._local(spec)[0], spec=spec)
        match = _SERVER.fullmatch(spec.strip())
        if match is None:
            message = f"--server: '{spec}' is neither like 'uvicorn==0.27.0' nor a local project"
            raise UsageError(message)
        if (subject := self._subjects.get(canonicalize_name(match["name"]))) is None:
            near = nearest(match["name"], self._subjects.values()).replace("valid: ", "subjects are ")
            message = f"--server: no scenario is about '{match['name']}'; {near}"
            raise UsageError(message)
        wanted = match["spec"] or "latest"
        word = wanted.removeprefix("==").strip()
        return ServerOption(subject=subject, spec=word if word in WORDS else wanted)

    def releases_of(self, subject: str, spec: str) -> Sequence[Release]:
        """Return the releases of a subject that a specifier chooses from; a local project is itself the only one."""
        if _is_local(spec):
            name, release = self._local(spec)
            return (release,) if name == subject else ()
        if spec not in WORDS and "==" not in spec:
            self._ranges[subject, spec] = None
        return self.listed(subject)

    def left_out(self) -> tuple[str, ...]:
        """Return a line for each range asked for so far in which some releases have no file that pip can install."""
        found = (
            index.told(subject, index.left_out_of(subject, cache=self._cache), within=spec)
            for subject, spec in self._ranges
        )
        return tuple(dict.fromkeys(line for line in found if line))

    @functools.cache  # noqa: B019 - it lives as long as its call
    def listed(self, subject: str) -> Sequence[Release]:
        """Return all releases of a subject that the index knows.

        Raises:
            StorageError: the releases cannot be kept in the cache folder.

        """
        self.asked.add(subject)
        with self._storing():
            return index.releases_of(subject, cache=self._cache)

    @functools.cache  # noqa: B019 - it lives as long as its call
    def pythons_on(self, platform: str) -> Sequence[str]:
        """Return the Pythons that a platform has here, newest first."""
        self.platforms.add(platform)
        return pythons.here(platform, cache=self._cache, of_image=self._python_of)

    def _python_of(self, image: str) -> str:
        from harness.environments.container import ContainerEnvironments  # noqa: PLC0415 - most calls name no image

        with Workspace() as workspace:
            uv = Uv(lambda: workspace)
            return ContainerEnvironments(Store(self._cache, uv=uv)).python_of(image)

    @functools.cache  # noqa: B019 - it lives as long as its call
    def _local(self, spec: str) -> tuple[str, Release]:
        from harness.environments import local  # noqa: PLC0415 - most calls name none

        with Workspace() as workspace:
            uv = Uv(lambda: workspace)
            with self._storing():
                name, release = local.release_of(spec, cache=self._cache, uv=uv, where="--server")
        return self._subjects.get(canonicalize_name(name), name), release

    @contextlib.contextmanager
    def _storing(self) -> Iterator[None]:
        """Name the cache folder where it cannot be written to."""
        try:
            yield
        except OSError as error:
            message = f"the cache folder {self._cache} cannot be written to: {error.strerror or error}"
            raise StorageError(message) from None


def _is_local(spec: str) -> bool:
    """Whether a release is named by a path rather than by a version."""
    return bool(_PATH.match(spec)) or spec in {".", ".."} or spec.endswith(ARCHIVES)
