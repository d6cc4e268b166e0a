"""Source distributions that pip installs and uv refuses, since their names are not of PEP 625, are fetched and renamed.

``Twisted-18.9.0.tar.bz2`` becomes ``twisted-18.9.0.tar.gz``, in a folder where uv is told to look too. The archive is
unpacked and packed again as a stream; only the build reads its files.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import lzma
import re
import urllib.parse
from typing import TYPE_CHECKING, BinaryIO

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from harness.environments import filenames, simple
from harness.environments.filenames import Installable
from harness.errors import EnvironmentFailedError, IndexUnavailableError
from harness.model.release import Offer
from harness.storage import sealed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from packaging.version import Version

    from harness.environments.backend import Request
    from harness.environments.simple import File

Wanted = tuple[str, str]
"""A package and the releases of it that uv refused, as a PEP 440 specifier."""

PROTOCOL = 1
_REFUSAL = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)((?:[<>=!~]=?\S+)?) (?:has|have) a non-PEP 625-compliant source distribution"
)
_LARGEST_FILE = 256 * 1024 * 1024
_LARGEST_UNPACKED = 1024 * 1024 * 1024
_FETCH_DEADLINE_S = 300.0
_CHUNK = 1024 * 1024
_ALGORITHMS = ("sha512", "sha384", "sha256", "sha1", "md5")  # strongest first


def refused(output: str) -> tuple[Wanted, ...]:
    """Return the packages that uv's output says it refused because of the names of their files."""
    flat = " ".join(output.split())
    return tuple(dict.fromkeys((canonicalize_name(match[1]), match[2].strip(",")) for match in _REFUSAL.finditer(flat)))


def found_for(wanted: Collection[Wanted], request: Request, *, into: Path, but: Collection[str]) -> dict[str, Path]:
    """Return a folder with one source distribution for each refused package, by its pin (``twisted==18.9.0``).

    Args:
        wanted: the packages that uv refused.
        request: the request, for its moment and its Python.
        into: the folder where source distributions are kept.
        but: the pins that uv has been offered already.

    Raises:
        EnvironmentFailedError: a source distribution that the index lists cannot be fetched.

    """
    found = {}
    for package, specifier in wanted:
        for version, file in _fitting(package, specifier, request):
            held = f"{package}=={version}"
            if held not in but:
                found[held] = _kept(package, version, file, into)
                break
    return found


def _fitting(package: str, specifier: str, request: Request) -> Iterator[tuple[Version, File]]:
    """Yield the source distributions that uv refuses and pip would take, the newest release first."""
    with contextlib.suppress(IndexUnavailableError):
        yield from sorted(_refused_of(package, specifier, request), key=lambda one: one[0], reverse=True)


def _refused_of(package: str, specifier: str, request: Request) -> Iterator[tuple[Version, File]]:
    try:
        allowed = SpecifierSet(specifier)
    except InvalidSpecifier:
        allowed = SpecifierSet()
    exact = specifier.startswith("==")
    for file in simple.page_of(package).files:
        named = filenames.read(file.filename, package)
        if not (isinstance(named, Installable) and filenames.source_suffix(file.filename) and file.upload_time):
            continue
        version = filenames.parsed(named.version)
        if version is None or file.upload_time > request.as_of:
            continue
        asked = exact or not (version.is_prerelease or file.yanked is not False)
        fits = Offer(requires_python=file.requires_python).fits(request.python, None)
        if asked and fits and allowed.contains(version, prereleases=True):
            yield version, file


def _kept(package: str, version: Version, file: File, into: Path) -> Path:
    """Return the folder with the renamed file; the file is fetched once."""
    content = f"{package} {version} {file.url} {sorted(file.hashes.items())}"
    folder = into / hashlib.sha256(content.encode()).hexdigest()[:20]

    def make(folder: Path) -> None:
        folder.mkdir(parents=True)
        fetched = folder / f"fetched{filenames.source_suffix(file.filename)}"
        try:
            _fetch(file, fetched)
            _repack(fetched, folder / f"{package.replace('-', '_')}-{version}.tar.gz")
        finally:
            fetched.unlink(missing_ok=True)

    try:
        sealed.ensure(folder, make, protocol=PROTOCOL)
    except IndexUnavailableError as error:
        raise EnvironmentFailedError(f"{file.filename} cannot be fetched: {error}") from None
    return folder


def _fetch(file: File, into: Path) -> None:
    """Fetch a file and compare it with the digest that the index gives."""
    if urllib.parse.urlsplit(file.url).scheme not in {"http", "https"}:
        raise EnvironmentFailedError(f"{file.filename} has no address that it could be fetched from")
    with into.open("wb") as opened:
        simple.download(file.url, opened, most=_LARGEST_FILE, deadline_s=_FETCH_DEADLINE_S)
    algorithm = next((name for name in _ALGORITHMS if name in file.hashes), None)
    if algorithm is None:
        return
    with into.open("rb") as opened:
        digest = hashlib.file_digest(opened, algorithm).hexdigest()
    if digest != file.hashes[algorithm].lower():
        raise EnvironmentFailedError(f"{file.filename} is not what the index says it is: its {algorithm} differs")


def repacked(source: Path, into: Path) -> Path:
    """Pack a local source distribution again under a name that uv takes, and return the path.

    Raises:
        EnvironmentFailedError: the file is not the archive that its name says.

    """
    suffix = filenames.source_suffix(source.name) or ""
    target = into / f"{source.name[: -len(suffix)]}.tar.gz"
    _repack(source, target)
    return target


def _repack(source: Path, target: Path) -> None:
    """Pack the tar of an archive with gzip instead, in little memory."""
    room = _LARGEST_UNPACKED
    try:
        with _opened(source) as old, gzip.open(target, "wb", compresslevel=1) as new:
            while data := old.read(_CHUNK):
                room -= len(data)
                if room < 0:
                    message = f"{source.name} unpacks to more than {_LARGEST_UNPACKED // 1024**3} GiB"
                    raise EnvironmentFailedError(message)
                new.write(data)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise EnvironmentFailedError(f"{source.name} is not the archive that its name says: {error}") from None


def _opened(source: Path) -> bz2.BZ2File | lzma.LZMAFile | gzip.GzipFile | BinaryIO:
    name = source.name.lower()
    if name.endswith((".bz2", ".tbz")):
        return bz2.open(source)
    if name.endswith((".xz", ".txz", ".lzma", ".tlz")):
        return lzma.open(source)
    return gzip.open(source) if name.endswith((".gz", ".tgz")) else source.open("rb")
