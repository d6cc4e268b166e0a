"""A requirement that names a file or folder of this machine is known by its content: a path says nothing of that."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.errors import EnvironmentFailedError
from harness.storage import sealed

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOL = 1
# Folders that hold no sources anywhere in a project, and those that hold none at its top: a package may be `build`.
_NO_SOURCE = {".git", ".hg", ".svn", ".tox", ".nox", ".venv", "__pycache__", "node_modules"}
_NO_SOURCE_AT_THE_TOP = {"venv", "build", "dist"}


class Taken:
    """Copies files and project folders that a run's requirements name into the cache, once for each content.

    One path may hold two wheels one after the other, which neither uv nor a stored environment can distinguish. The
    path in the cache contains a digest of the content, so that comparing requirements, pins or environments compares
    contents. Safe for many threads.
    """

    def __init__(self, cache: Path) -> None:
        """Copy into this cache."""
        self._cache = cache
        self._known: dict[tuple[str, Path], str] = {}
        self._guard = threading.Lock()

    def requirement(self, text: str, beside: Path) -> str:
        """Return a requirement that names the copy of its file or project folder; any other requirement as it is.

        A requirement whose file does not exist stays as it is too: uv reports that.

        Args:
            text: a requirement (PEP 508); a path in it may be relative.
            beside: the folder that a relative path starts from.

        Raises:
            EnvironmentFailedError: the file or folder cannot be read, or changes while it is copied.

        """
        with self._guard:
            if (text, beside) not in self._known:
                self._known[text, beside] = self._taken(text, beside)
            return self._known[text, beside]

    def _taken(self, text: str, beside: Path) -> str:
        wanted = Requirement(text)
        path = path_of(wanted, beside)
        if path is None or not path.exists():
            return text
        digest = digest_of(path)
        folder = self._cache / "local" / f"{digest}-source"
        name = path.name if path.is_file() else f"{canonicalize_name(wanted.name)}.tar.gz"

        def make(folder: Path) -> None:
            folder.mkdir()
            if path.is_file():
                shutil.copy(path, folder)
            else:
                _pack(path, folder / name)
            check_unchanged(path, digest)

        sealed.ensure(folder, make, protocol=PROTOCOL)
        wanted.url = (folder / name).as_uri()
        return str(wanted)


def path_of(requirement: Requirement, beside: Path) -> Path | None:
    """Return the path that a requirement such as ``toypart @ ./toypart.whl`` or ``… @ file:///…`` names, or None."""
    if requirement.url is None:
        return None
    parts = urlsplit(requirement.url)
    if parts.scheme == "file":
        from urllib.request import url2pathname  # noqa: PLC0415 - loads TLS

        path = Path(url2pathname(parts.path))
    elif parts.scheme and not re.fullmatch("[A-Za-z]", parts.scheme):  # one letter is a drive
        return None
    else:
        path = Path(requirement.url).expanduser()
    return Path(os.path.normpath(beside / path))


def _pack(project: Path, archive: Path) -> None:
    """Pack the sources of a project, for uv to build with the Python of each cell; the project itself is unchanged."""
    with tarfile.open(archive, "w:gz", dereference=True) as packed:
        for file in _sources(project):
            packed.add(file, f"{archive.name.removesuffix('.tar.gz')}/{file.relative_to(project).as_posix()}")


def digest_of(path: Path) -> str:
    """Digest the content of a file, or the names, contents and executable bits of a folder's files.

    Raises:
        EnvironmentFailedError: the file, or one in the folder, cannot be read.

    """
    content = hashlib.sha256()
    try:
        if path.is_file():
            with path.open("rb") as opened:
                return hashlib.file_digest(opened, "sha256").hexdigest()[:20]
        for file in _sources(path):
            with file.open("rb") as opened:
                inside = hashlib.file_digest(opened, "sha256").hexdigest()
            executable = "x" if os.access(file, os.X_OK) else ""
            content.update(
                f"{file.relative_to(path).as_posix()}\0{executable}\0{inside}\0".encode(errors="surrogateescape")
            )
    except OSError as error:
        raise EnvironmentFailedError(f"{error.filename or path} cannot be read: {error.strerror or error}") from None
    return content.hexdigest()[:20]


def check_unchanged(path: Path, digest: str) -> None:
    """Refuse a file or folder that was edited while it was copied: the copy's digest would be of another content."""
    if digest_of(path) != digest:
        raise EnvironmentFailedError(f"{path} changed while it was read; run it again")


def _sources(project: Path) -> Iterator[Path]:
    """Yield the files of a project in order, without what tools leave there; links are followed, each folder once."""
    seen: set[str] = set()
    for folder, folders, names in os.walk(project, followlinks=True):
        at_the_top = _NO_SOURCE_AT_THE_TOP if Path(folder) == project else set()
        folders[:] = sorted(
            name
            for name in folders
            if name not in _NO_SOURCE | at_the_top
            and not name.endswith(".egg-info")
            and not (Path(folder) / name / "pyvenv.cfg").is_file()
        )
        if (real := os.path.realpath(folder)) in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        yield from (file for name in sorted(names) if (file := Path(folder) / name).is_file())
