"""The reaper and a run's folder: whose it is, when the run begins, and what is said where it cannot."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import filelock
import pytest

from harness.errors import HarnessError
from harness.processes import process
from harness.reaper import folder, reaper
from harness.reaper.reaper import Workspace

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="its folder for temporary files is the user's own")
MARK = "0123456789abcdef" * 2


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_run_begins_when_its_keeper_watches_and_leaves_nothing(place: Path) -> None:
    """Its folder is closed to others, its lock is held, and both go with it."""
    with Workspace() as workspace:
        assert workspace.folder == place / f"harness-run-{workspace.mark}"
        assert folder.is_own(workspace.folder)
        assert reaper._is_owned(workspace.folder)
        assert workspace._reaper.poll() is None
    assert list(place.iterdir()) == []


def test_keeper_cleans_up_after_a_run_that_was_killed_before_it_watched(place: Path) -> None:
    """Nobody hears that it watches any more."""
    path = place / f"harness-run-{MARK}"
    path.mkdir(mode=0o700)
    started = process.start_watching(reaper._command(path), cwd=place)
    assert started.stdin is not None
    assert started.stdout is not None
    started.stdout.close()
    started.stdin.close()
    assert started.wait(60) == 0
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("program", ["raise SystemExit('no psutil here')", "print('watchin')", ""])
def test_no_run_without_a_reaper(place: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """One line says it, with what the reaper said last."""
    monkeypatch.setattr(reaper, "_PROGRAM", program)
    with pytest.raises(
        HarnessError, match=r"the reaper, .*, does not start: (no psutil here|watchin|it says nothing)$"
    ):
        Workspace()
    assert list(place.iterdir()) == []


def test_keeper_that_says_nothing_is_not_waited_for_long(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended at the deadline."""
    monkeypatch.setattr(reaper, "_PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr(reaper, "_START_S", 0.5)
    with pytest.raises(HarnessError, match="does not start: it says nothing"):
        Workspace()
    assert list(place.iterdir()) == []


def test_no_place_for_temporary_files_is_told(place: Path) -> None:
    """With the way to name another one."""
    place.rmdir()
    with pytest.raises(HarnessError, match=r"no temporary folder can be made in .*; TMPDIR names another place"):
        Workspace()
    place.mkdir()


@POSIX
@pytest.mark.parametrize("name", ["", "x", MARK[:-1], f"{MARK}0", MARK.upper(), f"{MARK}.lock", f"{MARK}\n"])
def test_folder_of_another_name_is_no_run_s(place: Path, name: str) -> None:
    """The mark is 32 digits, all of it."""
    path = place / f"harness-run-{name}"
    path.mkdir(mode=0o700)
    assert not folder.is_own(path)
    reaper.sweep()
    assert path.is_dir()


@POSIX
def test_folder_counts_only_if_it_is_this_user_s_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No link, no file, nobody else's, and closed to everybody else."""
    path = place / f"harness-run-{MARK}"
    assert not folder.is_own(path)
    path.touch(mode=0o600)
    assert not folder.is_own(path)
    path.unlink()
    (place / "elsewhere").mkdir(mode=0o700)
    path.symlink_to(place / "elsewhere")
    assert not folder.is_own(path)
    path.unlink()
    path.mkdir(mode=0o700)
    assert folder.is_own(path)
    for mode in (0o701, 0o710, 0o777):
        path.chmod(mode)
        assert not folder.is_own(path)
    path.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert not folder.is_own(path)
    folder.clean(path)
    reaper.sweep()
    assert path.is_dir()


def test_sweep_leaves_a_run_that_lives(place: Path) -> None:
    """And removes what one left that does not."""
    for digit in "01":
        (place / f"harness-run-{digit * 32}").mkdir(mode=0o700)
    with filelock.FileLock(place / f"harness-run-{'1' * 32}" / "lock"):
        reaper.sweep()
        assert [path.name for path in place.iterdir()] == [f"harness-run-{'1' * 32}"]
    reaper.sweep()
    assert list(place.iterdir()) == []


@POSIX
def test_folder_that_a_sweep_took_meanwhile_is_made_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its making and the locking it looks like one without an owner."""
    marks = iter(["0" * 32, "1" * 32])
    monkeypatch.setattr(reaper, "new_mark", lambda: next(marks))
    really = Path.mkdir
    sweeping: list[filelock.BaseFileLock] = []

    def mkdir(path: Path, *arguments: int, **options: int) -> None:
        really(path, *arguments, **options)  # type: ignore[arg-type]
        if path.name.endswith("0" * 32) and not sweeping:
            sweeping.append(filelock.FileLock(path / "lock"))
            sweeping[0].acquire()

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with Workspace() as workspace:
        assert workspace.mark == "1" * 32
    sweeping[0].release()
    assert [path.name for path in place.iterdir()] == [f"harness-run-{'0' * 32}"]


@POSIX
def test_run_is_owned_as_long_as_its_lock_is_held(tmp_path: Path) -> None:
    """A run that is gone holds none; what is no run's folder, or not this user's, is not ours to judge."""
    place = tmp_path / f"harness-run-{'0' * 32}"
    assert not reaper._is_owned(place)
    place.mkdir(mode=0o700)
    with filelock.FileLock(place / "lock"):
        assert reaper._is_owned(place)
    assert not reaper._is_owned(place)
    place.chmod(0o755)
    assert reaper._is_owned(place)
    assert reaper._is_owned(tmp_path / "something-else")
