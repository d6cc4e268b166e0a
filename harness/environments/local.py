"""A local project folder, wheel or source distribution as a release: built once per content, told apart by it."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shutil
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from harness.environments import complete
from harness.errors import EnvironmentFailedError, UsageError
from harness.model.release import Release

if TYPE_CHECKING:
    from harness.environments.uv import Uv

PROTOCOL = 1
_ARCHIVES = (".whl", ".tar.gz", ".zip")
_PASSED_OVER = {".git", ".hg", ".tox", ".nox", ".venv", "venv", "build", "dist", "__pycache__", "node_modules"}


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


def _is_project(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file() or (folder / "setup.py").is_file()


def _digest(path: Path) -> str:
    """Digest the content of a file, or the names and contents of a folder's files."""
    content = hashlib.sha256()
    if path.is_file():
        content.update(path.read_bytes())
        return content.hexdigest()[:20]
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER and not name.endswith(".egg-info"))
        for name in sorted(names):
            file = Path(folder) / name
            if file.is_file():
                content.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes() + b"\0")
    return content.hexdigest()[:20]


def _requires_python(wheel: Path) -> str | None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".dist-info/METADATA"):
                return HeaderParser().parsestr(archive.read(name).decode())["Requires-Python"]
    return None
