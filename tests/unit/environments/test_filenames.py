"""Names of files as pip reads them: which are releases, what each is for, what is left out and why."""

from __future__ import annotations

import pytest

from harness.environments import filenames
from harness.environments.filenames import Installable, LeftOut


@pytest.mark.parametrize(
    ("filename", "package", "version"),
    [
        ("uvicorn-0.27.0.tar.gz", "uvicorn", "0.27.0"),
        ("Twisted-18.9.0.tar.bz2", "twisted", "18.9.0"),
        ("zope.interface-4.5.0.zip", "zope-interface", "4.5.0"),
        ("aiohttp-cors-0.7.0.tgz", "aiohttp_cors", "0.7.0"),
        ("some_server-1.0.tar.xz", "some-server", "1.0"),
        ("Cheroot-4.0.0beta-20140210.zip", "cheroot", "4.0.0b20140210"),
        ("server-1.0-1.tar.gz", "server", "1.0.post1"),
    ],
)
def test_a_source_distribution_of_any_name_that_pip_takes_is_a_release(
    filename: str, package: str, version: str
) -> None:
    """Its version is what follows the package's name, whatever dashes that has."""
    assert filenames.read(filename, package) == Installable(version=version)


@pytest.mark.parametrize(
    ("filename", "tags"),
    [
        ("uvicorn-0.27.0-py3-none-any.whl", ("py3-none-any",)),
        ("six-1.0-py2.py3-none-any.whl", ("py2-none-any", "py3-none-any")),
        ("Twisted-19.7.0-cp37-cp37m-manylinux1_x86_64.whl", ("cp37-cp37m-linux",)),
        ("gevent-1.0-cp38-cp38-win_amd64.whl", ("cp38-cp38-win",)),
        ("gevent-1.0-cp38-abi3-macosx_10_9_universal2.whl", ("cp38-abi3-macosx",)),
    ],
)
def test_a_wheel_says_what_it_is_for(filename: str, tags: tuple[str, ...]) -> None:
    """The architecture and the libc are the installer's matter."""
    found = filenames.read(filename, filename.split("-", maxsplit=1)[0])
    assert isinstance(found, Installable)
    assert found.tags == tags


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("gevent-0.13.0-py2.7-win32.egg", LeftOut(version="0.13.0", reason="only .egg")),
        ("Twisted-10.1.0.winxp32-py2.5.msi", LeftOut(version="10.1.0", reason="only .msi")),
        ("Twisted-12.0.0.win-amd64-py2.7.exe", LeftOut(version="12.0.0", reason="only .exe")),
        ("server-1.0-final-fix.tar.gz", LeftOut(version="1.0-final-fix", reason="its version is none by PEP 440")),
        ("server-1.0.whl", LeftOut(version="1.0", reason="the name of its wheel is none")),
    ],
)
def test_what_pip_cannot_install_is_left_out_with_the_reason(filename: str, expected: LeftOut) -> None:
    """So that it is counted."""
    assert filenames.read(filename, filename.split("-", maxsplit=1)[0]) == expected


@pytest.mark.parametrize(
    "filename",
    [
        "uvicorn-0.27.0-py3-none-any.whl.metadata",
        "uvicorn-0.27.0.tar.gz.asc",
        "uvicorn-odd-name.exe",
        "other-1.0.tar.gz",
        "uvicorn.tar.gz",
        f"uvicorn-{'9' * 4400}.tar.gz",
    ],
)
def test_what_is_no_file_of_a_release_is_none(filename: str) -> None:
    """A signature, another package's file, a number that Python does not read."""
    assert filenames.read(filename, "uvicorn") is None
