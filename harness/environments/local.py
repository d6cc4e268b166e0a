"""A local project folder, wheel or source distribution as a release: built once per content, told apart by it."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shutil
import tarfile
import threading
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from harness.environments import complete
from harness.errors import EnvironmentFailedError, UsageError
from harness.model.release import Release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.environments.uv import Uv

PROTOCOL = 1
_ARCHIVES = (".whl", ".tar.gz", ".zip")
# What is no source wherever it lies, and what is none at the top of a project: a package may be called `build`.
_NO_SOURCE = {".git", ".hg", ".svn", ".tox", ".nox", ".venv", "__pycache__", "node_modules"}
_NO_SOURCE_AT_THE_TOP = {"venv", "build", "dist"}


def is_local(spec: str) -> bool:
    """Whether a release is named by a path rather than by a version."""
    return bool(re.match(r"(\.{0,2}|~|[A-Za-z]:)[/\\]", spec)) or spec in {".", ".."} or spec.endswith(_ARCHIVES)


def release_of(spec: str, *, cache: Path, uv: Uv, where: str) -> tuple[str, Release]:
    """Return the name and the release of a local project; its version ends in ``+local.`` and its digest.

    Its packages are resolved as of the day it is run on.

    Raises:
        UsageError: there is no such project, or it does not build.

    """
    path = Path(spec).expanduser().resolve()
    if not path.exists() or (path.is_dir() and not _is_project(path)):
        message = f"{where}: {spec} is not a project folder (pyproject.toml or setup.py), a wheel or an sdist"
        raise UsageError(message)
    digest = _digest(path)
    folder = cache / "local" / digest

    def make(folder: Path) -> None:
        folder.mkdir()
        if path.suffix == ".whl":
            shutil.copy(path, folder)
        else:
            uv.build_wheel(path, folder)
        _check_unchanged(path, digest)

    try:
        complete.ensure(folder, make, protocol=PROTOCOL)
        (wheel,) = folder.glob("*.whl")
        name, version, _, _ = parse_wheel_filename(wheel.name)
        requires_python = _requires_python(wheel)
    except (EnvironmentFailedError, InvalidWheelFilename, zipfile.BadZipFile, ValueError) as failure:
        raise UsageError(f"{where}: {spec}: {failure}") from None
    joint = "." if version.local else "+"
    today = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return canonicalize_name(name), Release(
        version=f"{version}{joint}local.{digest[:8]}",
        uploaded=today,
        requires_python=requires_python,
        source=wheel.as_uri(),
    )


class Taken:
    """What the requirements of a run name on this machine, taken into the cache once, by its content.

    A path says nothing of what lies there: two wheels of one name follow each other, and neither uv nor a stored
    environment can tell them apart. The place in the cache is named by the content, so that whoever compares
    requirements, pins or environments compares contents. Safe for many threads.
    """

    def __init__(self, cache: Path) -> None:
        """Take into this cache."""
        self._cache = cache
        self._known: dict[tuple[str, Path], str] = {}
        self._guard = threading.Lock()

    def requirement(self, text: str, beside: Path) -> str:
        """Return a requirement that names its file or project folder by the copy in the cache; any other as it is.

        What is not there stays as it is written, for uv to tell.

        Args:
            text: PEP 508; a path in it may be relative.
            beside: the folder that a relative path is of.

        Raises:
            EnvironmentFailedError: it cannot be read, or changes meanwhile.

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
        digest = _digest(path)
        folder = self._cache / "local" / f"{digest}-source"
        name = path.name if path.is_file() else f"{canonicalize_name(wanted.name)}.tar.gz"

        def make(folder: Path) -> None:
            folder.mkdir()
            if path.is_file():
                shutil.copy(path, folder)
            else:
                _pack(path, folder / name)
            _check_unchanged(path, digest)

        complete.ensure(folder, make, protocol=PROTOCOL)
        wanted.url = (folder / name).as_uri()
        return str(wanted)


def path_of(requirement: Requirement, beside: Path) -> Path | None:
    """Return what a requirement such as ``toypart @ ./toypart.whl`` or ``… @ file:///…`` names here, or None."""
    if requirement.url is None:
        return None
    parts = urlsplit(requirement.url)
    if parts.scheme == "file":
        path = Path(url2pathname(parts.path))
    elif parts.scheme and not re.fullmatch("[A-Za-z]", parts.scheme):  # a letter is a drive
        return None
    else:
        path = Path(requirement.url).expanduser()
    return Path(os.path.normpath(beside / path))


def _pack(project: Path, archive: Path) -> None:
    """Pack the sources of a project, for uv to build with the Python of each cell; the tree itself stays as it is."""
    with tarfile.open(archive, "w:gz", dereference=True) as packed:
        for file in _sources(project):
            packed.add(file, f"{archive.name.removesuffix('.tar.gz')}/{file.relative_to(project).as_posix()}")


def _is_project(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file() or (folder / "setup.py").is_file()


def _digest(path: Path) -> str:
    """Digest the content of a file, or the names and contents of a folder's files, and which of these are executable.

    Raises:
        EnvironmentFailedError: something of it cannot be read.

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


def _check_unchanged(path: Path, digest: str) -> None:
    """Refuse what was edited while it was taken: its name would be that of another content."""
    if _digest(path) != digest:
        raise EnvironmentFailedError(f"{path} changed while it was read; run it again")


def _sources(project: Path) -> Iterator[Path]:
    """Yield the files of a project but what tools leave there, in order; links are what they lead to, once each."""
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


def _requires_python(wheel: Path) -> str | None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".dist-info/METADATA"):
                return HeaderParser().parsestr(archive.read(name).decode())["Requires-Python"]
    return None
