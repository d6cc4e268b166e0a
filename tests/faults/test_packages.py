"""Kinds 3 and 7: packages that would burst whoever reads them, and old ones that pip can install all the same."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.minimatrix.driving import User, servers
from tests.minimatrix.index import Index
from tests.minimatrix.packages import PACKAGES, Package, Source, wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Seen

_MIB = 1024 * 1024
NAME = "toyserver-1.0-py3-none-any.whl"


def _with_large_metadata(path: Path) -> Path:
    """Write a wheel of 1.5 MB whose METADATA unpacks to 1.5 GB."""
    file = path / NAME
    info = "toyserver-1.0.dist-info/METADATA"
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(info, "w", force_zip64=True) as entry,
    ):
        entry.write(b"Metadata-Version: 2.1\nName: toyserver\nVersion: 1.0\nDescription: ")
        for _ in range(1500):
            entry.write(b"x" * _MIB)
    return file


def _with_long_specifier(path: Path) -> Path:
    """Write a wheel that requires a Python in a million words."""
    file = path / NAME
    file.write_bytes(wheel("1.0", ">=3.8," * 500_000))
    return file


def _packed_otherwise(path: Path) -> Path:
    """Write a wheel whose METADATA is packed by bzip2, a few bytes for a gigabyte."""
    file = path / NAME
    packed = zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2)
    with packed as archive, archive.open("toyserver-1.0.dist-info/METADATA", "w") as entry:
        for _ in range(512):
            entry.write(b"x" * _MIB)
    return file


def _with_long_name(path: Path) -> Path:
    """Write a source distribution with a name of a gigabyte, which `tarfile` reads whole."""
    file = path / "toyserver-1.0.tar.gz"
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 1024 * _MIB
    with gzip.open(file, "wb", compresslevel=1) as packed:
        packed.write(member.tobuf(tarfile.GNU_FORMAT))
        for _ in range(1024):
            packed.write(b"x" * _MIB)
    return file


@pytest.mark.fault(3, "a wheel or a source distribution that unpacks to gigabytes")
@pytest.mark.parametrize("make", [_with_large_metadata, _with_long_specifier, _packed_otherwise, _with_long_name])
def test_a_package_that_would_burst_is_told(make: Callable[[Path], Path], user: User, seen: Seen) -> None:
    """It is the user's file: 2, in one line that names it."""
    file = make(user.folder)
    called = user.run("--server", f"./{file.name}")
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (2, "", 1), called.stderr
    assert file.name in called.stderr
    seen("2, in one line that names the file", called)


class Old(Source):
    """A release whose only file is one of before PEP 625."""

    @property
    def filename(self) -> str:
        """The name of its only file."""
        return f"Toyserver-{self.version}.tar.bz2"

    def content(self) -> bytes:
        """Return its only file."""
        return bz2.compress(gzip.decompress(super().content()))


class Egg(Package):
    """A release that no installer takes."""

    @property
    def filename(self) -> str:
        """The name of its only file."""
        return f"{self.name}-{self.version}-py2.7.egg"


def _user(tmp_path: Path, index: Index) -> User:
    return User(folder=tmp_path / "user", cache=tmp_path / "cache", index=index.url)


@pytest.mark.fault(7, "a release whose only file is a .tar.bz2")
def test_what_pip_can_install_is_a_release(tmp_path: Path, seen: Seen) -> None:
    """It is built, tried and judged; what no installer takes is named."""
    with Index((*PACKAGES, Old(version="2.2", what="is old"), Egg(version="2.3", what="is an egg"))) as index:
        user = _user(tmp_path, index)
        called = user.run("--server", "toyserver>=2.1")
    assert called.verdicts == {"2.1": "absent", "2.2": "absent"}, called.stderr
    assert "toyserver: 1 release has no file that pip can install, and no cell: 2.3 (only .egg)" in called.stderr
    files = {version: cell["environment"]["files"]["toyserver"] for version, cell in called.cells.items()}
    assert files == {"2.1": "wheel py3-none-any", "2.2": "built from source, pure"}
    assert called.cells["2.2"]["environment"]["pins"] == {"toyserver": "2.2"}
    assert user.left_in_the_end() == []
    seen("it is built and judged; an egg is named as left out", called)


@pytest.mark.fault(3, "the file of a release is not what the index says it is")
def test_a_file_with_another_digest_is_not_built(tmp_path: Path, seen: Seen) -> None:
    """Whoever sits between does not choose what runs here."""
    with Index((*PACKAGES, Old(version="2.2", what="is old"))) as index:
        index.replace("Toyserver-2.2.tar.bz2", bz2.compress(b"something else"))
        user = _user(tmp_path, index)
        called = user.run(*servers("2.2"))
    assert called.verdicts == {"2.2": "environment-failed"}
    assert "is not what the index says it is: its sha256 differs" in called.cells["2.2"]["reason"]
    seen("environment-failed, with the reason", called)


@pytest.mark.fault(4, "a file of a kept environment is written over with as many bytes")
def test_an_environment_that_was_changed_is_made_anew(newcomer: User, seen: Seen) -> None:
    """What runs is what the pins say."""
    assert newcomer.run(*servers("1.1")).verdicts == {"1.1": "absent"}
    (module,) = (newcomer.cache / "environments").rglob("site-packages/toyserver.py")
    text = module.read_bytes()
    module.unlink()
    module.write_bytes(text.replace(b'RELEASE = "1.1"', b'RELEASE = "1.0"'))
    called = newcomer.run(*servers("1.1"), "--rerun")
    assert called.verdicts == {"1.1": "absent"}
    seen("it is made anew", called)


def test_the_large_ones_are_large(tmp_path: Path) -> None:
    """The faults above are what they say: little that unpacks to much."""
    file = _with_long_name(tmp_path)
    assert file.stat().st_size < 16 * _MIB
    with zipfile.ZipFile(io.BytesIO(_with_large_metadata(tmp_path).read_bytes())) as archive:
        assert archive.infolist()[0].file_size > 1500 * _MIB
