"""A local project folder, wheel or source distribution counts as a release, which its content identifies.

Each content is copied once. From a folder a source distribution is made, as `build` and tox do; the wheel is built
where the cell's environment is, with the cell's own Python.
"""

from __future__ import annotations

import datetime as dt
import gzip
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from harness.environments import filenames, metadata
from harness.environments.taken import check_unchanged, digest_of
from harness.environments.uv import TransientEnvironmentError
from harness.errors import EnvironmentFailedError, UsageError
from harness.model.release import LOCAL, Release, parsed
from harness.storage import sealed

if TYPE_CHECKING:
    from harness.environments.uv import Uv

PROTOCOL = 2
_BROKEN = (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, tarfile.TarError, EOFError, ValueError)


def release_of(spec: str, *, cache: Path, uv: Uv, where: str) -> tuple[str, Release]:
    """Return the name and the release of a local project; the version ends in ``+local.`` and a digest of the content.

    The project's dependencies are resolved as of today.

    Raises:
        UsageError: there is no such project, or no source distribution can be made of it.
        EnvironmentFailedError: the index that the build needs cannot be reached, or the build took too long.

    """
    try:
        path = Path(spec).expanduser().resolve()
        there = path.is_file() or (path.is_dir() and _is_project(path))
    except (OSError, RuntimeError, ValueError):  # too long, an unknown user's ``~``, with a NUL
        there = False
    if not there:
        message = f"{where}: {spec} is not a project folder (pyproject.toml or setup.py), a wheel or an sdist"
        raise UsageError(message)
    try:
        digest = digest_of(path)
        archive = _archive(path, cache / "local" / digest, uv)
        stated = metadata.of(archive)
        name, version = canonicalize_name(stated["Name"] or ""), parsed(stated["Version"] or "")
    except TransientEnvironmentError as failure:
        raise EnvironmentFailedError(f"{where}: {spec}: {failure}") from None
    except (EnvironmentFailedError, *_BROKEN) as failure:
        raise UsageError(f"{where}: {spec}: {failure}") from None
    joint = "." if version.local else "+"
    today = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return name, Release(
        version=f"{version}{joint}{LOCAL}{digest[:8]}",
        uploaded=today,
        requires_python=stated["Requires-Python"],
        source=archive.as_uri(),
    )


def _archive(path: Path, folder: Path, uv: Uv) -> Path:
    """Return the copy of an archive, or the source distribution of a folder; either is made once."""

    def make(folder: Path) -> None:
        from harness.environments import sources  # noqa: PLC0415 - loads HTTP, which most archives do not need

        folder.mkdir()
        if path.is_file() and filenames.source_suffix(path.name):
            sources.repacked(path, folder)
        elif path.is_file():
            shutil.copy(path, folder)
        else:
            uv.build_source(path, folder)
        check_unchanged(path, folder.name)

    sealed.ensure(folder, make, protocol=PROTOCOL)
    (found,) = (file for file in folder.iterdir() if file.name.endswith(filenames.ARCHIVES))
    return found


def _is_project(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file() or (folder / "setup.py").is_file()
