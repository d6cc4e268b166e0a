"""Wine: its prefixes are cheap and independent, its programs see nothing of the caller's; no Wine is needed here."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.environments import wine
from harness.environments.uv import Uv
from harness.errors import EnvironmentFailedError
from tests.place import Fixed

if TYPE_CHECKING:
    from harness.environments.wine import Wine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Wine is for POSIX machines")
# Makes what Wine makes, counts how often, and prints its environment in place of running a program.
LOADER = """\
#!/bin/sh
case "$1" in
--version) echo 'wine-8.0 (Debian 8.0~repack-4)' ;;
winecfg) ;;
wineboot)
    echo made >> "$0.calls"
    mkdir -p "$WINEPREFIX/dosdevices" "$WINEPREFIX/drive_c/windows/system32" "$WINEPREFIX/drive_c/users/somebody/Temp"
    ln -s ../drive_c "$WINEPREFIX/dosdevices/c:"
    ln -s "${0%/*}" "$WINEPREFIX/dosdevices/z:"
    echo kernel32 > "$WINEPREFIX/drive_c/windows/system32/kernel32.dll"
    for name in system.reg user.reg userdef.reg .update-timestamp; do echo "$name" > "$WINEPREFIX/$name"; done ;;
*) echo "arguments: $*"; pwd; env ;;
esac
"""
VARIABLES = {
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "WINEPREFIX",
    "WINEDEBUG",
    "WINEDLLOVERRIDES",
}
# What a shell sets on its own, and the mark of `harness.processes.process`.
OF_THE_SHELL = {"PWD", "OLDPWD", "SHLVL", "_", "HARNESS_MARK"}


def program(path: Path, text: str) -> str:
    """Write an executable script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def uv(tmp_path: Path) -> Uv:
    """The uv of a run, with its mark and its folder for temporary files."""
    (tmp_path / "run").mkdir()
    return Uv(lambda: Fixed(uuid.uuid4().hex, tmp_path / "run"))


@pytest.fixture
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only Wine there is: a script."""
    path = tmp_path / "wine" / "wine64"
    program(path, LOADER)
    program(path.with_name("wineserver"), '#!/bin/sh\necho "$*" > "$0.calls"\n')
    monkeypatch.setattr(wine, "loader", lambda: str(path))
    return path


@pytest.fixture
def found(loader: Path, tmp_path: Path, uv: Uv) -> Wine:
    """Wine with a template of its prefixes."""
    assert loader.is_file()
    return wine.find(root=tmp_path / "cache", uv=uv)


@pytest.fixture
def callers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that would spoil a trial."""
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "UVICORN_WORKERS", "WEB_CONCURRENCY", "WINEARCH", "TOKEN"):
        monkeypatch.setenv(name, "of the caller")
    monkeypatch.setenv("WINEPREFIX", "/of/the/caller")
    monkeypatch.setenv("DISPLAY", ":7")


def test_machine_without_wine_is_told_the_remedy(tmp_path: Path, uv: Uv, monkeypatch: pytest.MonkeyPatch) -> None:
    """It becomes the reason of every such cell."""
    monkeypatch.setattr(wine, "loader", lambda: None)
    with pytest.raises(EnvironmentFailedError, match=r"no Wine on this machine.*'harness setup --yes'"):
        wine.find(root=tmp_path / "cache", uv=uv)
    assert not (tmp_path / "cache").exists()


def test_loader_is_looked_for_on_the_path_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then where Debian keeps it; a name without a file behind it does not count."""
    path = program(tmp_path / "wine64", LOADER)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert wine.loader() == path
    monkeypatch.setattr(Path, "is_file", lambda self: str(self) == "/usr/lib/wine/wine64")
    assert wine.loader() == "/usr/lib/wine/wine64"
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    assert wine.loader() is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("wine-8.0 (Debian 8.0~repack-4)", "Wine 8.0"),
        ("wine-10.3", "Wine 10.3"),
        ("noise\nwine-9.0-rc1", "Wine 9.0-rc1"),
    ],
)
def test_version_is_what_wine_says(words: str, told: str, tmp_path: Path) -> None:
    """Without what the distribution adds."""
    assert wine.version(program(tmp_path / "wine64", f"#!/bin/sh\necho '{words}'\n")) == told


@pytest.mark.parametrize("script", ["echo it is broken", "exit 3", "echo it is broken >&2; kill -9 $$"])
def test_wine_that_says_no_version_is_told(script: str, tmp_path: Path) -> None:
    """By its path, so that it can be found and mended."""
    path = program(tmp_path / "wine64", f"#!/bin/sh\n{script}\n")
    with pytest.raises(EnvironmentFailedError, match="does not say which Wine") as error:
        wine.version(path)
    assert path in str(error.value)


@pytest.mark.parametrize("mode", [0o755, 0o644])
def test_wine_that_cannot_be_started_is_told(mode: int, tmp_path: Path) -> None:
    """As one for another processor, or one that may not be executed."""
    path = tmp_path / "wine64"
    path.write_bytes(b"\x7fELF of another machine")
    path.chmod(mode)
    with pytest.raises(EnvironmentFailedError):
        wine.version(str(path))


def test_template_is_made_once(found: Wine, loader: Path, tmp_path: Path, uv: Uv) -> None:
    """Under the version of Wine, and not before all of it is written."""
    assert found.version == "Wine 8.0"
    assert found.template == tmp_path / "cache" / "wine" / "8.0"
    assert wine.find(root=tmp_path / "cache", uv=uv) == found
    assert loader.with_name("wine64.calls").read_text().splitlines() == ["made"]
    assert loader.with_name("wineserver.calls").read_text() == "-w\n"


@pytest.mark.parametrize("damage", ["system.reg", ".harness-complete.json"])
def test_template_that_is_not_whole_is_made_anew(damage: str, found: Wine, tmp_path: Path, uv: Uv) -> None:
    """As after an interruption."""
    (found.template / damage).write_text("")
    wine.find(root=tmp_path / "cache", uv=uv)
    assert (found.template / "system.reg").read_text() == "system.reg\n"


@pytest.mark.parametrize("script", ["exit 1", 'echo no > "$WINEPREFIX/system.reg"'])
def test_wine_that_makes_no_prefix_is_told(script: str, loader: Path, tmp_path: Path, uv: Uv) -> None:
    """And nothing half is left."""
    version = 'test "$1" = --version && echo wine-8.0 && exit'
    program(loader, f"#!/bin/sh\n{version}\n{script}\n")
    with pytest.raises(EnvironmentFailedError, match=r"Wine makes no prefix in .*wineboot -i"):
        wine.find(root=tmp_path / "cache", uv=uv)
    assert not (tmp_path / "cache" / "wine" / "8.0").exists()


def test_prefix_copies_what_wine_writes_and_links_the_rest(found: Wine, tmp_path: Path) -> None:
    """A prefix takes no time and no room."""
    prefix = found.new_prefix(tmp_path / "trial")
    assert prefix.is_relative_to(tmp_path / "trial")
    for name in ("system.reg", "user.reg", "userdef.reg", ".update-timestamp"):
        assert (prefix / name).read_text() == f"{name}\n"
        assert not (prefix / name).is_symlink()
    assert not (prefix / "drive_c" / "users").is_symlink()
    assert (prefix / "drive_c" / "users" / "somebody" / "Temp").is_dir()
    assert (prefix / "drive_c" / "windows").is_symlink()
    assert (prefix / "drive_c" / "windows" / "system32" / "kernel32.dll").read_text() == "kernel32\n"
    assert not (prefix / ".harness-complete.json").exists()


def test_drive_of_a_prefix_is_its_own(found: Wine, loader: Path, tmp_path: Path) -> None:
    """The copied letter leads to the copy, not to the template; one that leads out of it is still a link."""
    prefix = found.new_prefix(tmp_path / "trial")
    assert (prefix / "dosdevices" / "c:").resolve() == (prefix / "drive_c").resolve()
    assert (prefix / "dosdevices" / "z:").is_symlink()
    assert (prefix / "dosdevices" / "z:").resolve() == loader.parent.resolve()


def test_prefixes_are_independent(found: Wine, tmp_path: Path) -> None:
    """What one server writes is seen by no other, nor by the next run."""
    one, other = found.new_prefix(tmp_path / "one"), found.new_prefix(tmp_path / "other")
    (one / "user.reg").write_text("changed")
    (one / "dosdevices" / "c:").unlink()
    (one / "drive_c" / "users" / "somebody" / "Temp" / "file").write_text("written")
    (one / "drive_c" / "new").mkdir()
    for untouched in (other, found.template):
        assert (untouched / "user.reg").read_text() == "user.reg\n"
        assert (untouched / "dosdevices" / "c:").exists()
        assert not (untouched / "drive_c" / "users" / "somebody" / "Temp" / "file").exists()
        assert not (untouched / "drive_c" / "new").exists()


def test_removing_a_prefix_leaves_the_template(found: Wine, tmp_path: Path) -> None:
    """A trial's folder is removed with all that is in it."""
    found.new_prefix(tmp_path / "trial")
    shutil.rmtree(tmp_path / "trial")
    assert (found.template / "drive_c" / "windows" / "system32" / "kernel32.dll").is_file()
    assert (found.template / "drive_c" / "users" / "somebody").is_dir()


@pytest.mark.usefixtures("callers")
def test_variables_are_the_whole_environment(found: Wine, loader: Path, tmp_path: Path) -> None:
    """Nothing of the caller's."""
    variables = found.variables(tmp_path / "trial" / "prefix", tmp_path / "trial")
    assert set(variables) == VARIABLES
    assert "of the caller" not in "".join(variables.values())
    assert variables["WINEPREFIX"] == str(tmp_path / "trial" / "prefix")
    assert variables["HOME"] == variables["TMPDIR"] == str(tmp_path / "trial")
    assert variables["PATH"].split(os.pathsep) == [str(loader.parent), "/usr/bin", "/bin"]


@pytest.mark.usefixtures("callers")
def test_program_is_run_in_a_prefix_that_is_gone_afterwards(found: Wine, tmp_path: Path, uv: Uv) -> None:
    """With its arguments, in a folder of its own, and nothing of the caller's."""
    done = found.run(["python.exe", "-c", "1"], uv=uv, deadline_s=30)
    assert done.exit_status == 0
    first, folder, *lines = done.output.splitlines()
    assert first == "arguments: python.exe -c 1"
    assert Path(folder).parent == tmp_path / "run"
    variables = dict(line.split("=", 1) for line in lines)
    assert set(variables) - OF_THE_SHELL == VARIABLES
    assert variables["WINEPREFIX"] == f"{folder}/prefix"
    assert not list((tmp_path / "run").iterdir())
