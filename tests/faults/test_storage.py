"""Results that are shared, damaged or cannot be written: one line says so, and nothing else is lost."""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from harness.analysis.document import Searched
from harness.analysis.search import Strategy
from harness.model.coordinates import SeriesKey, joined
from harness.model.names import CellId, fits
from harness.model.release import Release
from harness.results.journal import Journal
from tests.minimatrix.driving import Called, ended, servers

from . import shards
from .shards import measured as measured  # noqa: PLC0414 - a fixture

if TYPE_CHECKING:
    from pathlib import Path

    from tests.minimatrix.driving import User

    from .conftest import Seen

NOBODY = 65534
READERS = {
    "report": ["report"],
    "show": ["show", "*1.0*"],
    "claims": ["claims", "toy-failure"],
    "list": ["list"],
    "html": ["report", "--format", "html", "--output", "site"],
}


@pytest.fixture
def results(user: User, measured: Path) -> Path:
    """A results folder of two cells."""
    shutil.copytree(measured, user.results)
    return user.results


def one_line(called: Called, status: int = 2) -> str:
    """Demand a status, and a last line in place of a traceback; return standard error."""
    assert called.status == status, called.stderr
    assert "Traceback" not in called.stderr
    return called.stderr


@pytest.mark.fault(1, "a colleague reads a results folder of somebody else")
@pytest.mark.parametrize("command", ["report", "show", "claims", "list"])
def test_a_colleague_reads_results(command: str, results: Path, user: User, seen: Seen) -> None:
    """Whom they do not belong to, and who may not write there."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    Journal(results).remember({})
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in results.rglob("*") if path.suffix != ".lock")
    give_away(results)
    before = set(results.rglob("*"))
    with user.start(*READERS[command], "--scenarios", user.scenarios, before=without_privileges) as running:
        called = ended(running)
    assert "ermission" not in one_line(called, 0)
    assert set(results.rglob("*")) == before
    seen("reads it; files have the modes that the umask gives, and no reader writes", called)


@pytest.mark.fault(1, "a results folder of somebody else, parts of which may not be read")
@pytest.mark.parametrize("part", ["journal.jsonl", "searches.json", "releases/toyserver.json", "trial-1.json", ""])
def test_what_may_not_be_read_is_told(part: str, results: Path, user: User, seen: Seen) -> None:
    """In one line; what may be read is shown."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    Journal(results).remember({})
    path = next(results.glob("evidence/*1.0*/*/trial-1.json")) if "trial" in part else results / part
    path.chmod(0)
    give_away(results)
    with user.start("show", "*1.0*", "--scenarios", user.scenarios, before=without_privileges) as running:
        called = ended(running)
    with user.start("report", "--scenarios", user.scenarios, before=without_privileges) as running:
        reported = ended(running)
    assert "Traceback" not in called.stderr + reported.stderr
    fatal = part in {"journal.jsonl", ""}
    assert reported.status == (2 if fatal else 0), reported.stderr
    told = called.stderr + reported.stderr
    assert "Permission denied" in told or "is not readable" in told
    seen("one line; where the journal itself may not be read, status 2", reported)


def give_away(folder: Path) -> None:
    """Let a folder belong to somebody else."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)


def without_privileges() -> None:
    """Let the program that is started next be bound by the modes of files, though it is root's."""
    for capability in (1, 2):  # to read, write and search what belongs to others
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


@pytest.mark.fault(1, "what a run writes, under an umask that lets a group read and write")
def test_files_have_the_modes_of_the_umask(results: Path, user: User, seen: Seen) -> None:
    """Also those that are put in place at once."""
    shutil.rmtree(results)
    before = os.umask(0o002)
    try:
        called = user.run(*servers("1.1"))
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in user.results.rglob("*") if path.is_file()}
    assert (called.status, modes) == (0, {0o664})
    seen("every file is readable and writable by the group", called)


@pytest.mark.fault(6, "the evidence of one cell is torn, another's, too large, or a pipe")
@pytest.mark.parametrize("command", ["show", "html", "report"])
@pytest.mark.parametrize("damage", ["torn", "empty", "another's", "3 GB", "pipe", "gone", "a folder"])
def test_damaged_evidence_hides_nothing_else(damage: str, command: str, results: Path, user: User, seen: Seen) -> None:
    """The verdict is shown, and a line says what is wrong with its evidence; the other cell is as it was."""
    (path,) = results.glob("evidence/*1.0*/*/trial-1.json")
    (other,) = results.glob("evidence/*1.1*/*/trial-1.json")
    content = path.read_bytes()
    path.unlink()
    if damage in {"torn", "empty", "another's"}:
        path.write_bytes({"torn": content[:300], "empty": b"", "another's": other.read_bytes()}[damage])
    elif damage == "3 GB":
        with path.open("wb") as file:
            file.truncate(3 * 1024**3)
    elif damage == "pipe":
        os.mkfifo(path)
    elif damage == "a folder":
        path.mkdir()
    called = user.call(*READERS[command], "--scenarios", user.scenarios)
    told = one_line(called, 0)
    if command != "report":
        assert "evidence of 0 of 1 trials is there" in told
        assert damage == "gone" or "trial-1.json: " in told
    if command == "html":
        assert len(list((user.folder / "site" / "cells").iterdir())) == 2
    seen("the cell and all others are shown; a line names the file and what is wrong with it", called)


@pytest.mark.fault(6, "a results folder that cannot be read")
@pytest.mark.parametrize("command", ["report", "show", "claims"])
@pytest.mark.parametrize("damage", ["journal is a folder", "journal is a pipe", "100 kB of path", "behind a file"])
def test_results_that_cannot_be_read(damage: str, command: str, results: Path, user: User, seen: Seen) -> None:
    """One line, status 2."""
    journal = results / "journal.jsonl"
    place = {"100 kB of path": "x" * 100_000, "behind a file": "ledger/x"}.get(damage, ".harness")
    if damage.startswith("journal"):
        journal.unlink()
        journal.mkdir() if damage.endswith("folder") else os.mkfifo(journal)
    called = user.call(*READERS[command], "--results", place)
    assert len(one_line(called).splitlines()) == 1
    assert "--results" in called.stderr
    assert len(called.stderr) < 1000
    seen("one line", called)


@pytest.mark.fault(6, "the lists beside a journal are torn or hostile")
@pytest.mark.parametrize("name", ["searches.json", "releases/toyserver.json"])
@pytest.mark.parametrize(
    "content", [b"", b"[[", b'{"a": 1}', b"[" * 100_000, b"\xff"], ids=["", "torn", "other", "deep", "bytes"]
)
def test_torn_lists_are_told_and_kept(name: str, content: bytes, results: Path, user: User, seen: Seen) -> None:
    """What reads them says so; what writes them puts them aside."""
    (results / name).write_bytes(content)
    called = user.call("report", "--scenarios", user.scenarios)
    assert f"passed over: .harness/{name}: " in one_line(called, 0)
    journal = Journal(results)
    journal.remember({})
    journal.know({"toyserver": []})
    assert [path.read_bytes() for path in (results / name).parent.glob("*.damaged-*")] == [content]
    seen("the cells are shown, a line says what does not count, and the file is put aside before it is written", called)


@pytest.mark.fault(7, "four runs remember at once what they have searched and know")
def test_journals_that_remember_at_once_lose_nothing(tmp_path: Path, seen: Seen) -> None:
    """Each in a process's place: with a journal of its own."""
    sweep = Searched(strategy=Strategy.SWEEP)

    def remember(number: int) -> None:
        journal = Journal(tmp_path / "results")
        for place in range(20):
            key = SeriesKey(
                scenario=f"s{number}", variant=f"v{place}", subject="toyserver", platform="linux", python="3.12"
            )
            journal.remember({key: sweep})
            journal.know({"toyserver": [Release(version=f"{number}.{place}", uploaded=dt.datetime.now(dt.UTC))]})

    threads = [threading.Thread(target=remember, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal = Journal(tmp_path / "results")
    assert (len(journal.searched), len(journal.releases["toyserver"])) == (80, 80)
    seen("all 80 are there")


@pytest.mark.fault(2, "servers and exchanges with names that are paths")
def test_names_of_servers_are_no_paths(user: User, seen: Seen) -> None:
    """They run, each log has a file of its own, and what was run can be merged."""
    odd = user.folder / "odd"
    shutil.copytree(user.scenarios, odd)
    module = odd / "toy_failure.py"
    text = module.read_text()
    assert '"toyserver"' in text
    text = text.replace('trial.server("toyserver"', 'trial.server("toy/../../(h11) \\x1b[2J\\x07\\u202e" + "x" * 300')
    module.write_text(text)
    selection: list[str | Path] = ["--matrix", user.selection[1], "--scenarios", odd, "--python", user.selection[-1]]
    called = user.call("run", *selection, *servers("1.1"), "--format", "json")
    assert called.status == 0, called.stderr
    (log,) = user.results.rglob("*.log")
    assert log.parent.parent.parent.name == "evidence"
    assert log.read_text()
    assert called.verdicts == {"1.1": "absent"}
    merged = user.call("merge", user.results, "--scenarios", odd, "--output", user.folder / "merged")
    assert merged.status == 0, merged.stderr
    shown = user.call("show", "*1.1*", "--scenarios", odd)
    assert shown.status == 0
    assert not set(shown.stdout) & {"\x1b", "\x07", "\u202e"}
    assert "(h11)" in shown.stdout
    assert shards.entries(user.folder / "merged")
    seen("they run and can be merged; names are shown with escapes", called)


@pytest.mark.fault(2, "results that cannot be written for another reason than want of room")
@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("a file in the way", "what is no folder is in the way"),
        ("read-only", "the place is read-only"),
    ],
)
def test_what_cannot_be_written_says_why(trouble: str, words: str, results: Path, user: User, seen: Seen) -> None:
    """And what to do about it."""
    shutil.rmtree(results)
    results.mkdir()
    if trouble == "a file in the way":
        (results / "evidence").write_text("")
        called = user.run(*servers("1.1"))
    else:
        if os.geteuid() != 0:
            pytest.skip("only root can mount")
        script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
        argv = ["unshare", "--mount", "/bin/sh", "-c", script, str(results), sys.executable, "-m", "harness", "run"]
        done = subprocess.run(  # noqa: S603 - the program that is tested
            [*argv, *user.selection, *servers("1.1")],
            env=user.environment(),
            cwd=user.folder,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        called = Called(status=done.returncode, stdout=done.stdout, stderr=done.stderr)
    assert called.status == 3
    assert words in called.last_line
    assert "make room" not in called.stderr
    seen("one line says why, and what to do", called)


@pytest.mark.fault(2, "an image whose name makes an id longer than a file's name may be")
def test_a_long_id_is_cut(seen: Seen) -> None:
    """And told apart from every other one."""
    ids = {joined("toy-failure", "default", "toyserver-1.0", "py3.12", f"docker:{'x' * 240}{end}") for end in "ab"}
    assert len(ids) == 2
    assert all(fits(one, CellId) for one in ids)
    seen("it is cut, and told apart by a digest")
