"""The results folder: nothing that was finished is lost, nothing that is not whole counts."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.errors import StorageError, UsageError
from harness.model.verdict import Verdict
from harness.results import evidence
from harness.results.entries import PROTOCOL
from harness.results.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.model.evidence import Evidence
    from harness.model.result import CellResult


def lines(folder: Path) -> list[bytes]:
    """Return the lines of the journal."""
    return (folder / "journal.jsonl").read_bytes().splitlines()


def test_what_is_added_is_found_by_the_next_run(tmp_path: Path, make_result: Callable[..., CellResult]) -> None:
    """By exactly its key, marked as stored."""
    Journal(tmp_path).add("key", make_result())
    later = Journal(tmp_path)
    found = later.find("key")
    assert found
    assert found.cached
    assert found.id == make_result().id
    assert later.find("other") is None
    assert later.latest() == (make_result(),)


def test_same_run_finds_it_too(tmp_path: Path, make_result: Callable[..., CellResult]) -> None:
    """Without reading the file again."""
    journal = Journal(tmp_path)
    journal.add("key", make_result())
    assert journal.find("key")


def test_folder_appears_with_the_first_result(tmp_path: Path, make_result: Callable[..., CellResult]) -> None:
    """Looking at results makes nothing."""
    folder = tmp_path / "a" / "b"
    assert Journal(folder).latest() == ()
    assert not folder.exists()
    Journal(folder).add("key", make_result())
    assert len(lines(folder)) == 1


def test_newest_result_of_a_cell_counts_and_none_is_overwritten(
    tmp_path: Path, make_result: Callable[..., CellResult]
) -> None:
    """The file only ever grows."""
    journal = Journal(tmp_path)
    journal.add("one", make_result(version="1.0"))
    journal.add("two", make_result(version="2.0"))
    before = (tmp_path / "journal.jsonl").read_bytes()
    journal.add("three", make_result(version="1.0", verdict=Verdict.REPRODUCED))
    assert (tmp_path / "journal.jsonl").read_bytes().startswith(before)
    latest = Journal(tmp_path).latest()
    assert [(one.version, one.verdict) for one in latest] == [("1.0", Verdict.REPRODUCED), ("2.0", Verdict.ABSENT)]
    assert Journal(tmp_path).find("one")


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_torn_last_line_is_passed_over_and_closed_off(
    kept: int, tmp_path: Path, make_result: Callable[..., CellResult]
) -> None:
    """A run that was killed while it wrote costs that one line, not the next one."""
    journal = Journal(tmp_path)
    journal.add("one", make_result(version="1.0"))
    journal.add("two", make_result(version="2.0"))
    first, second = lines(tmp_path)
    (tmp_path / "journal.jsonl").write_bytes(first + b"\n" + second[:kept])
    again = Journal(tmp_path)
    assert again.find("one")
    assert again.find("two") is None
    again.add("three", make_result(version="3.0"))
    assert {one.version for one in Journal(tmp_path).latest()} == {"1.0", "3.0"}


@pytest.mark.parametrize("junk", [b"", b"{}", b"null", b"\xff\xfe", b'{"protocol": 1}', b"[" * 500])
def test_junk_between_lines_is_passed_over(junk: bytes, tmp_path: Path, make_result: Callable[..., CellResult]) -> None:
    """A damaged disk or a later program's line harms no other."""
    journal = Journal(tmp_path)
    journal.add("one", make_result(version="1.0"))
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(junk + b"\n")
    journal.add("two", make_result(version="2.0"))
    assert len(Journal(tmp_path).latest()) == 2


def test_other_protocol_is_no_hit(tmp_path: Path, make_result: Callable[..., CellResult]) -> None:
    """What was judged in another way does not count."""
    Journal(tmp_path).add("key", make_result())
    entry = json.loads(lines(tmp_path)[0])
    entry["protocol"] = PROTOCOL + 1
    (tmp_path / "journal.jsonl").write_text(json.dumps(entry) + "\n")
    assert Journal(tmp_path).find("key") is None
    assert Journal(tmp_path).latest() == ()


def test_two_writers_lose_nothing(tmp_path: Path, make_result: Callable[..., CellResult]) -> None:
    """Two runs into one folder at the same time."""

    def write(name: str) -> None:
        journal = Journal(tmp_path)
        for number in range(15):
            journal.add(f"{name}{number}", make_result(version=f"{number}.0", variant=name, reason="x" * 5000))

    writers = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    journal = Journal(tmp_path)
    assert len(lines(tmp_path)) == 30
    assert all(journal.find(f"{name}{number}") for name in "ab" for number in range(15))


def test_evidence_is_kept_beside_and_never_overwritten(
    tmp_path: Path, make_result: Callable[..., CellResult], kept: Callable[[str, str], Evidence]
) -> None:
    """Twice the same cell are two folders; what is read back is what was written."""
    trial = msgspec.structs.replace(kept("pipelined-keep-alive", "reproduced-0.27.0-h11"), cell=make_result().id)
    journal = Journal(tmp_path)
    one, two = journal.keep_evidence([trial]), journal.keep_evidence([trial])
    assert one != two
    assert one.startswith(f"evidence/{trial.cell}/")
    assert journal.evidence_of(make_result(evidence=one)) == (trial,)
    assert trial.servers[0].log in (tmp_path / one / "trial-1.uvicorn.log").read_text(encoding="utf-8")


def test_trials_come_back_in_their_order(
    tmp_path: Path, make_result: Callable[..., CellResult], kept: Callable[[str, str], Evidence]
) -> None:
    """The tenth trial is not the second."""
    trial = msgspec.structs.replace(kept("pipelined-keep-alive", "absent-0.27.1-h11"), cell=make_result().id)
    trials = [msgspec.structs.replace(trial, trial=number) for number in range(1, 12)]
    journal = Journal(tmp_path)
    result = make_result(evidence=journal.keep_evidence(trials))
    assert [one.trial for one in journal.evidence_of(result)] == list(range(1, 12))


def test_result_whose_evidence_is_gone_is_no_hit(
    tmp_path: Path, make_result: Callable[..., CellResult], kept: Callable[[str, str], Evidence]
) -> None:
    """A verdict that nothing backs any more is measured again."""
    journal = Journal(tmp_path)
    folder = journal.keep_evidence([kept("pipelined-keep-alive", "absent-0.27.1-h11")])
    journal.add("key", make_result(evidence=folder))
    assert journal.find("key")
    shutil.rmtree(tmp_path / folder)
    assert journal.find("key") is None


@pytest.mark.parametrize("damage", ["remove", "tear"])
def test_result_whose_evidence_is_damaged_is_no_hit(
    damage: str, tmp_path: Path, make_result: Callable[..., CellResult], kept: Callable[[str, str], Evidence]
) -> None:
    """Half of it backs nothing either."""
    journal = Journal(tmp_path)
    folder = journal.keep_evidence([kept("pipelined-keep-alive", "absent-0.27.1-h11")])
    journal.add("key", make_result(evidence=folder))
    file = tmp_path / folder / "trial-1.json"
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:100])
    assert journal.find("key") is None


def test_results_that_are_no_folder_are_a_wrong_call(tmp_path: Path) -> None:
    """Said before anything runs."""
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(UsageError, match=r"--results: .*file is not a folder"):
        Journal(file)


def test_what_another_run_finishes_is_found(tmp_path: Path, make_result: Callable[..., CellResult]) -> None:
    """Without reading from the beginning, and also where it appears after both have begun."""
    one, other = Journal(tmp_path), Journal(tmp_path)
    assert one.find("first") is None
    other.add("first", make_result(version="1.0"))
    assert one.find("first")
    one.add("second", make_result(version="2.0"))
    other.add("third", make_result(version="3.0"))
    assert other.find("second")
    assert one.find("third")
    assert {result.version for result in one.latest()} == {"1.0", "2.0", "3.0"}
    assert len(lines(tmp_path)) == 3


def test_line_that_is_just_being_written_is_found_once_it_is_whole(
    tmp_path: Path, make_result: Callable[..., CellResult]
) -> None:
    """Half of it is no reason to pass over the rest."""
    Journal(tmp_path / "whole").add("key", make_result())
    line = (tmp_path / "whole" / "journal.jsonl").read_bytes()
    reader = Journal(tmp_path)
    with (tmp_path / "journal.jsonl").open("ab", buffering=0) as file:
        file.write(line[:100])
        assert reader.find("key") is None
        file.write(line[100:])
    assert reader.find("key")


FULL = """
import resource, signal, sys, pathlib, msgspec
from harness.errors import StorageError
from harness.results.journal import Journal
folder = pathlib.Path(sys.argv[1])
journal = Journal(folder)
(result,) = journal.latest()
size = (folder / "journal.jsonl").stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, size + 50))
try:
    journal.add("two", msgspec.structs.replace(result, id="x"))
except StorageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size can be set there")
def test_full_disk_is_told_and_leaves_nothing_torn(tmp_path: Path, make_result: Callable[..., CellResult]) -> None:
    """What was finished before is as it was; there is one line that says where and what to do."""
    Journal(tmp_path).add("one", make_result())
    before = (tmp_path / "journal.jsonl").read_bytes()
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        f"{tmp_path} cannot be written to: File too large; what was finished before is kept, "
        "make room and the same call goes on\n"
    )
    assert (tmp_path / "journal.jsonl").read_bytes() == before


def test_evidence_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, kept: Callable[[str, str], Evidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of it would back nothing."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evidence, "_write_trial", full)
    with pytest.raises(StorageError, match="No space left on device"):
        Journal(tmp_path).keep_evidence([kept("pipelined-keep-alive", "absent-0.27.1-h11")])
    assert list((tmp_path / "evidence").glob("*/*")) == []


class Clock(dt.datetime):
    """A clock that goes back by a year each time that somebody looks."""

    years = 0

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Clock:
        """Return an earlier moment."""
        cls.years += 1
        return cls(2024 - cls.years, 1, 1, tzinfo=tz)


class Still(dt.datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Still:
        """Return the same moment."""
        return cls(2024, 1, 1, tzinfo=tz)


@pytest.mark.parametrize("clock", [Clock, Still])
def test_clock_that_jumps_changes_nothing(
    clock: type[dt.datetime],
    tmp_path: Path,
    make_result: Callable[..., CellResult],
    kept: Callable[[str, str], Evidence],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Evidence has a folder of its own, and the result that came last is the newest, whatever the clock says."""
    monkeypatch.setattr(dt, "datetime", clock)
    trial = msgspec.structs.replace(kept("pipelined-keep-alive", "absent-0.27.1-h11"), cell=make_result().id)
    journal = Journal(tmp_path)
    for verdict in (Verdict.REPRODUCED, Verdict.ABSENT):
        journal.add(verdict, make_result(verdict=verdict, evidence=journal.keep_evidence([trial])))
    later = Journal(tmp_path)
    assert [result.verdict for result in later.latest()] == [Verdict.ABSENT]
    assert all(later.find(key) for key in (Verdict.REPRODUCED, Verdict.ABSENT))
    assert len(list((tmp_path / "evidence").glob("*/*"))) == 2
