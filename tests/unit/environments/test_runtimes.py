"""Windows CPythons: the user's own or made from packages, believed only after they ran; no Wine is needed here."""

from __future__ import annotations

import os
import sys
import uuid
from typing import TYPE_CHECKING

import pytest

from harness.environments import interpreters, runtimes
from harness.environments.runtimes import Runtime
from harness.environments.uv import Uv
from harness.environments.wine import Wine
from harness.errors import EnvironmentFailedError
from tests.place import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Wine is for POSIX machines")
GOOD = '["3.8.10", "win32", "Z:\\\\python\\\\DLLs\\\\_overlapped.pyd"]'
CARRIED = ("python38.dll", "python3.dll", "vcruntime140.dll", "VCRUNTIME140_1.dll", "_overlapped.pyd", "_wmi.pyd")
LIBRARY = (
    "asyncio/__init__.py",
    "os.py",
    "site-packages/uvicorn.py",
    "lib-dynload/_ssl.so",
    "test/test_os.py",
    "__pycache__/os.pyc",
    "config-3.8-x86_64/Makefile",
)


class CarrierUv(Uv):
    """Unpacks what the carrier holds; fails first with the given errors."""

    def __init__(self, temporary: Path, *failures: Exception) -> None:
        """Fail with each of these, then succeed."""
        super().__init__(lambda: Fixed(uuid.uuid4().hex, temporary))
        self.failures = list(failures)
        self.unpacked: list[tuple[str, ...]] = []

    def unpack(self, requirement: str, into: Path, options: Sequence[str] = ()) -> None:
        """Stand in for a download."""
        self.unpacked.append((requirement, *options))
        if self.failures:
            raise self.failures.pop(0)
        (into / "deploy_libs").mkdir(parents=True)
        for name in (*CARRIED, "readme.txt"):
            (into / "deploy_libs" / name).write_text(name)


class Answering:
    """A Wine whose programs all print the same, which can be changed, and that counts them."""

    def __init__(self, folder: Path) -> None:
        """Write its loader and the template of its prefixes."""
        folder.mkdir()
        self.said, self.calls = folder / "said", folder / "calls"
        loader = folder / "wine64"
        loader.write_text(f'#!/bin/sh\necho "$*" >> "{self.calls}"\ncat "{self.said}"\n')
        loader.chmod(0o755)
        self.template = folder / "template"
        (self.template / "drive_c").mkdir(parents=True)
        (self.template / "dosdevices").mkdir()
        for name in ("system.reg", "user.reg", "userdef.reg", ".update-timestamp"):
            (self.template / name).write_text(name)
        self.loader = loader
        self.say(GOOD)

    def say(self, words: str) -> None:
        """Print this from now on."""
        self.said.write_text(f"{words}\n")

    def wine(self, version: str = "Wine 8.0") -> Wine:
        """Return it as a Wine of a version."""
        return Wine(program=str(self.loader), version=version, template=self.template)

    @property
    def asked(self) -> list[str]:
        """What its programs were called with."""
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without settings, with a CPython 3.8 and a compiler for Windows."""
    for name in [name for name in os.environ if name.startswith("HARNESS_WINDOWS_PYTHON")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HARNESS_SETTINGS", str(tmp_path / "settings.toml"))
    compiler = tmp_path / "bin" / "x86_64-w64-mingw32-gcc"
    compiler.parent.mkdir()
    compiler.write_text('#!/bin/sh\necho compiled >> "$0.calls"\necho launcher > "$5"\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:/usr/bin:/bin")
    for name in LIBRARY:
        (tmp_path / "library" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "library" / name).write_text(name)
    monkeypatch.setattr(runtimes, "_library", lambda _: tmp_path / "library")


@pytest.fixture
def answering(tmp_path: Path) -> Answering:
    """The Wine of this test."""
    return Answering(tmp_path / "wine")


@pytest.fixture
def uv(tmp_path: Path) -> CarrierUv:
    """The uv of this test."""
    (tmp_path / "run").mkdir()
    return CarrierUv(tmp_path / "run")


@pytest.fixture
def ensure(tmp_path: Path, uv: CarrierUv, answering: Answering) -> Callable[..., Runtime]:
    """Have a Windows CPython, as every cell does."""

    def ensure(python: str = "3.8", *, version: str = "Wine 8.0") -> Runtime:
        return runtimes.ensure(python, root=tmp_path / "cache", uv=uv, wine=answering.wine(version))

    return ensure


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own Windows CPython 3.8."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "python.exe").write_text("own")
    monkeypatch.setenv("HARNESS_WINDOWS_PYTHON_3_8", str(folder))
    return folder


@pytest.mark.parametrize("python", ["3.6", "3.14", "2.7", "38", ""])
def test_python_that_cannot_be_made_is_told(python: str, ensure: Callable[..., Runtime], uv: CarrierUv) -> None:
    """With those that can; nothing is fetched in vain."""
    with pytest.raises(EnvironmentFailedError, match=f"no Windows CPython {python} can be made; there are 3.7, 3.8"):
        ensure(python)
    assert not uv.unpacked


def test_runtime_is_put_together(ensure: Callable[..., Runtime], tmp_path: Path, uv: CarrierUv) -> None:
    """As Python looks for its parts: its DLL beside the program, the others apart, the library without what is not."""
    runtime = ensure()
    folder = tmp_path / "cache" / "runtimes" / "3.8"
    assert runtime == Runtime(folder=folder, full="3.8.10")
    assert {path.name for path in folder.iterdir() if path.is_file()} == {
        ".harness-complete.json",
        "python.exe",
        "python38.dll",
        "python3.dll",
        "vcruntime140.dll",
        "VCRUNTIME140_1.dll",
    }
    assert [path.name for path in (folder / "DLLs").iterdir()] == ["_overlapped.pyd"]
    assert sorted(path.name for path in (folder / "Lib").iterdir()) == ["asyncio", "os.py"]
    assert (folder / "python.exe").read_text() == "launcher\n"
    assert uv.unpacked[0][1:] == ("--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.8")
    assert not list((tmp_path / "run").iterdir())


def test_runtime_is_made_and_asked_once(
    ensure: Callable[..., Runtime], tmp_path: Path, uv: CarrierUv, answering: Answering
) -> None:
    """The next cell finds it; the launcher serves every version."""
    first = ensure()
    assert runtimes.is_made("3.8", tmp_path / "cache")
    assert not runtimes.is_made("3.9", tmp_path / "cache")
    assert ensure() == first
    assert len(uv.unpacked) == 1
    assert len(answering.asked) == 1
    answering.say(GOOD.replace("3.8.10", "3.9.13"))
    assert ensure("3.9").full == "3.9.13"
    assert (tmp_path / "bin" / "x86_64-w64-mingw32-gcc.calls").read_text().splitlines() == ["compiled"]


def test_interrupted_making_leaves_nothing(
    ensure: Callable[..., Runtime], tmp_path: Path, uv: CarrierUv, answering: Answering
) -> None:
    """And the next attempt succeeds."""
    uv.failures = [EnvironmentFailedError("no network")]
    with pytest.raises(EnvironmentFailedError, match="no network"):
        ensure()
    assert not (tmp_path / "cache" / "runtimes" / "3.8").exists()
    assert not answering.asked
    assert ensure().full == "3.8.10"


def test_compiler_that_fails_is_told(ensure: Callable[..., Runtime], tmp_path: Path) -> None:
    """In its own words."""
    (tmp_path / "bin" / "x86_64-w64-mingw32-gcc").write_text("#!/bin/sh\necho 'windows.h: not found'\nexit 1\n")
    with pytest.raises(EnvironmentFailedError, match=r"cannot be compiled: windows\.h: not found"):
        ensure()
    assert not (tmp_path / "cache" / "runtimes" / "launcher").exists()


@pytest.mark.usefixtures("answering")
def test_machine_without_the_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library comes from the machine's own CPython of that version."""
    monkeypatch.undo()
    monkeypatch.setattr(interpreters, "_newest", lambda _: None)
    with pytest.raises(EnvironmentFailedError, match=r"no CPython 3\.8 on this machine.*uv python install 3\.8"):
        runtimes._library("3.8")


def test_own_runtime_is_used_as_it_is(
    own: Path, ensure: Callable[..., Runtime], uv: CarrierUv, answering: Answering
) -> None:
    """Nothing is made or fetched, and nothing written into it."""
    assert ensure() == Runtime(folder=own, full="3.8.10")
    assert not uv.unpacked
    assert [path.name for path in own.iterdir()] == ["python.exe"]
    assert answering.asked[0].startswith(f"{own}/python.exe -c ")


def test_own_runtime_may_be_one_that_cannot_be_made(
    own: Path, ensure: Callable[..., Runtime], answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 3.6."""
    monkeypatch.setenv("HARNESS_WINDOWS_PYTHON_3_6", str(own))
    answering.say(GOOD.replace("3.8.10", "3.6.8"))
    assert ensure("3.6").full == "3.6.8"


@pytest.mark.parametrize("there", [True, False])
def test_own_folder_without_a_python_is_told(
    there: bool,  # noqa: FBT001 - whether there is a folder at all
    tmp_path: Path,
    ensure: Callable[..., Runtime],
    uv: CarrierUv,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By its name, and none is made behind the user's back."""
    folder = tmp_path / "empty"
    if there:
        folder.mkdir()
    monkeypatch.setenv("HARNESS_WINDOWS_PYTHON_3_8", str(folder))
    with pytest.raises(EnvironmentFailedError) as error:
        ensure()
    assert str(error.value) == f"no python.exe in {folder}, which is named as Windows CPython 3.8"
    assert not uv.unpacked


def test_own_folder_may_be_relative(own: Path, ensure: Callable[..., Runtime], monkeypatch: pytest.MonkeyPatch) -> None:
    """To where the harness was called; the program is run from another folder."""
    monkeypatch.chdir(own.parent)
    monkeypatch.setenv("HARNESS_WINDOWS_PYTHON_3_8", own.name)
    assert ensure().folder == own


@pytest.mark.parametrize(
    "words",
    [
        GOOD.replace("3.8.10", "3.9.13"),
        GOOD.replace("3.8.10", "3.80.1"),
        GOOD.replace("win32", "linux"),
        "ImportError: DLL load failed while importing _overlapped",
        "",
        "[not json",
        '["3.8.10"]',
    ],
)
def test_runtime_that_does_not_work_is_told(
    words: str, own: Path, ensure: Callable[..., Runtime], answering: Answering
) -> None:
    """With what it said and the remedy, and it is asked again once it was mended."""
    answering.say(words)
    with pytest.raises(EnvironmentFailedError, match=r"does not work under Wine 8\.0") as error:
        ensure()
    assert str(own) in str(error.value)
    assert words in str(error.value)
    assert "HARNESS_WINDOWS_PYTHON_3_8" in str(error.value)
    answering.say(GOOD)
    assert ensure().full == "3.8.10"


@pytest.mark.parametrize("change", ["program", "wine", "answer"])
def test_runtime_is_asked_again_after_a_change(
    change: str, own: Path, tmp_path: Path, ensure: Callable[..., Runtime], answering: Answering
) -> None:
    """Another program in its place, another Wine, or an answer that was torn."""
    ensure()
    if change == "program":
        os.utime(own / "python.exe", (1, 1))
    elif change == "answer":
        (tmp_path / "cache" / "runtimes" / "3.8.checked.json").write_text("{")
    answering.say(GOOD.replace("3.8.10", "3.8.11"))
    assert ensure(version="Wine 9.0" if change == "wine" else "Wine 8.0").full == "3.8.11"
    assert len(answering.asked) == 2
