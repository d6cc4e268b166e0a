"""The names of a release's files are read by pip's rule: it says which files pip can install, and what each is for.

A file's name is read with the package's name known, so that ``Cheroot-4.0.0beta-20140210.zip`` is the pre-release
4.0.0b20140210 and no release 20140210. See ``LinkEvaluator`` in
https://github.com/pypa/pip/blob/main/src/pip/_internal/index/package_finder.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion

from harness.model import release

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.tags import Tag
    from packaging.version import Version

# uv takes only the first; it refuses the others since PEP 625 does not allow them, see `harness.environments.sources`.
OF_UV = (".tar.gz", ".zip")
REFUSED_BY_UV = (".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar.lzma", ".tlz")
SOURCES = (*OF_UV, *REFUSED_BY_UV)
ARCHIVES = (".whl", *SOURCES)
_LONGEST = 255  # bytes of a file's name on every system
_NO_PACKAGE = (".metadata", ".asc", ".sig", ".sha256", ".provenance")  # files about a release's file
_ODD_KINDS = re.compile(r"\.(egg|exe|msi|rpm|deb|dmg|pkg|whl|[a-z0-9]{1,8})$", re.IGNORECASE)
_END_OF_VERSION = re.compile(r"[.-](?:win|linux|macosx|py[23]|src\b|noarch)", re.IGNORECASE)


class Installable(msgspec.Struct, frozen=True, kw_only=True):
    """A file that pip can install: its version, and the tags of a wheel; a source distribution has no tags.

    A tag is like ``cp38-cp38-linux``: the installer decides about the architecture and the libc.
    """

    version: str
    tags: tuple[str, ...] = ()


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A release that cannot be installed, and why."""

    version: str
    reason: str


def read(filename: str, package: str) -> Installable | LeftOut | None:
    """Read the name of a package's file; None for a file that belongs to no release."""
    if filename.endswith(_NO_PACKAGE) or len(filename) > _LONGEST:
        return None
    suffix = next((one for one in sorted(SOURCES, key=len, reverse=True) if filename.lower().endswith(one)), None)
    if filename.endswith(".whl"):
        return _wheel(filename, package)
    if suffix is None:
        return _odd(filename, package)
    text = _after_name(filename[: -len(suffix)], package)
    if text is None:
        return None
    version = parsed(text)
    if version is None:
        return LeftOut(version=text, reason="its version is none by PEP 440")
    return Installable(version=str(version))


def parsed(text: str) -> Version | None:
    """Return the version that a text states; None where the text is no version."""
    try:
        return release.parsed(text)
    except InvalidVersion:
        return None


def source_suffix(filename: str) -> str | None:
    """Return the suffix of a source distribution that uv refuses; None for other files."""
    return next((one for one in sorted(REFUSED_BY_UV, key=len, reverse=True) if filename.lower().endswith(one)), None)


def _wheel(filename: str, package: str) -> Installable | LeftOut | None:
    try:
        name, version, _, tags = parse_wheel_filename(filename)
    except (InvalidWheelFilename, InvalidVersion, ValueError):
        text = (_after_name(filename.removesuffix(".whl"), package) or "").split("-")[0]
        return LeftOut(version=text, reason="the name of its wheel is none") if text else None
    return Installable(version=str(version), tags=_families(tags)) if name == canonicalize_name(package) else None


def _families(tags: Iterable[Tag]) -> tuple[str, ...]:
    return tuple(sorted({f"{tag.interpreter}-{tag.abi}-{_system(tag.platform)}" for tag in tags}))


def _system(platform: str) -> str:
    """Return the operating system of a wheel's platform: ``linux``, ``win``, ``macosx``, ``any``, or as it stands."""
    return next((system for system in ("linux", "macosx", "win") if system in platform), platform)


def _after_name(stem: str, package: str) -> str | None:
    """Return what follows the package's name, in any spelling; None where the file is another package's."""
    wanted = canonicalize_name(package)
    for match in re.finditer("-", stem):
        if canonicalize_name(stem[: match.start()]) == wanted:
            return stem[match.end() :]
    return None


def _odd(filename: str, package: str) -> LeftOut | None:
    """Read the name of an installer, an egg or another file that pip cannot install."""
    text, kind = _after_name(filename, package), _ODD_KINDS.search(filename)
    if text is None or kind is None:
        return None
    text = _END_OF_VERSION.split(text.removesuffix(kind[0]), maxsplit=1)[0]
    version = parsed(text)
    return LeftOut(version=str(version), reason=f"only {kind[0].lower()}") if version else None
