"""Kind 2: a name from outside is not a path, and a shard says no more than its evidence."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.minimatrix.driving import servers

from . import shards
from .shards import measured as measured  # noqa: PLC0414 - a fixture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.minimatrix.driving import Called, User

    from .conftest import Seen

EVIL = "x/../../../pwn/x"
GIBIBYTE = 1024**3


@pytest.fixture
def shard(user: User, measured: Path) -> Path:
    """A shard of two cells: the toy has the failure in 1.0, and not in 1.1."""
    shutil.copytree(measured, user.results)
    return user.results


@pytest.fixture
def merge(user: User) -> Callable[..., Called]:
    """Join folders with the toy's scenarios at hand, or none."""

    def call(*folders: Path, at_hand: bool = True) -> Called:
        scenarios = ("--scenarios", user.scenarios) if at_hand else ()
        return user.call("merge", *folders, *scenarios, "--output", user.folder / "merged")

    return call


def refused(called: Called, user: User, *words: str) -> None:
    """Demand one line that says what is wrong, status 2, and that nothing was written."""
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (2, "", 1), called.stderr
    assert not (user.folder / "merged").exists()
    assert not list(user.folder.glob("**/pwn"))
    for word in words:
        assert word in called.stderr


@pytest.mark.fault(2, "a shard whose names lead out of every folder")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("scenario", EVIL), ("id", EVIL), ("subject", EVIL), ("version", EVIL), ("python", EVIL)],
        *[("platform", EVIL), ("platform", f"docker:{EVIL}"), ("control", EVIL), ("evidence", f"evidence/{EVIL}")],
        *[("version", "9" * 4301), ("version", "1.0\n"), ("variant", "\x1b[2J"), ("variant", "x" * 100_000)],
        *[("duration_s", 1e306), ("trials", 10**12), ("reason", "x" * 500_000)],
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_name_is_no_path(
    name: str, value: object, shard: Path, merge: Callable[..., Called], user: User, seen: Seen
) -> None:
    """It is refused where it is read, by all that read a shard."""
    shards.change(shard, **{name: value})
    called = merge(shard)
    refused(called, user, "journal.jsonl: line 1")
    for form in ("osv", "html"):
        shown = user.call("report", "--format", form, "--output", user.folder / "out" / form)
        assert shown.status in {0, 2}, shown.stderr
        assert "Traceback" not in shown.stderr
        assert "journal.jsonl: line 1" in shown.stderr
    assert not list(user.folder.glob("**/pwn"))
    seen("refused with the line and the name's place; 'report' passes over that cell and says so", called)


@pytest.mark.fault(2, "a shard says 'absent' of evidence that shows the failure")
def test_evidence_refutes_a_verdict(shard: Path, merge: Callable[..., Called], user: User, seen: Seen) -> None:
    """The judge of the scenario that is at hand gives another one."""
    every = shards.entries(shard)
    for entry in every:
        entry["result"]["verdict"] = other = "absent" if entry["result"]["verdict"] == "reproduced" else "reproduced"
        entry["result"] |= {"tally": {other: 1}, "signature": None if other == "absent" else "look"}
    shards.rewrite(shard, every)
    called = merge(shard)
    refused(called, user, every[0]["result"]["id"], "it says absent, its own evidence says reproduced")
    seen("refused; the cell and both verdicts are named", called)


@pytest.mark.fault(2, "the scenario of a shard is not at hand, or is another one")
@pytest.mark.parametrize("changed", [False, True], ids=["not at hand", "changed"])
def test_what_nobody_here_has_judged_says_so(
    changed: bool,  # noqa: FBT001 - a column of the table
    shard: Path,
    merge: Callable[..., Called],
    user: User,
    seen: Seen,
) -> None:
    """In the merged results, in JSON and in the table."""
    scenarios = user.folder / "scenarios"
    if changed:
        every = shards.entries(shard)
        for entry in every:
            entry["result"] |= {"judged_by": "another", "verdict": "absent", "tally": {"absent": 1}, "signature": None}
        shards.rewrite(shard, every)
        shutil.copytree(user.scenarios, scenarios)
    called = merge(shard, at_hand=changed)
    assert called.status == 0
    assert "as their shards say: no scenario here has judged them" in called.stderr
    read = user.call("report", "--results", user.folder / "merged", "--format", "json")
    flags = {cell["version"]: cell["unjudged_here"] for cell in json.loads(read.stdout)["cells"]}
    assert flags == {"1.0": True, "1.1": not changed}
    table = user.call("report", "--results", user.folder / "merged")
    assert "as the shard says, not judged here" in table.stdout
    claims = user.call("claims", "toy-failure", "--scenarios", user.scenarios, "--results", user.folder / "merged")
    assert "results are as the shard says, not judged here" in claims.stderr
    cell = next(cell["id"] for cell in json.loads(read.stdout)["cells"] if cell["version"] == "1.0")
    assert "as the shard says, not judged here" in user.call("show", cell, "--results", user.folder / "merged").stdout
    seen("merged; each such cell is shown as the shard's word, which nobody here has judged", called)


@pytest.mark.fault(2, "one key in a shard with both verdicts")
def test_one_key_has_one_verdict(shard: Path, merge: Callable[..., Called], user: User, seen: Seen) -> None:
    """Of as many trials."""
    every = shards.entries(shard)
    other = json.loads(json.dumps(every[0]))
    other["result"] |= {"verdict": "absent", "tally": {"absent": 1}, "signature": None}
    shards.rewrite(shard, [*every, other])
    called = merge(shard)
    refused(called, user, "the same key has it as reproduced and as absent")
    seen("refused; the cell and both verdicts are named", called)


@pytest.mark.fault(2, "a line in the middle of a shard's journal is damaged")
@pytest.mark.parametrize("damage", ["a byte", "a hole", "zeros", "too long"])
def test_a_damaged_line_is_refused(
    damage: str, shard: Path, merge: Callable[..., Called], user: User, seen: Seen
) -> None:
    """It begins like an entry, and no kill leaves it so."""
    first, *rest = (shard / shards.FILE).read_bytes().splitlines()
    half = len(first) // 2
    damaged = {
        "a byte": first.replace(b'"verdict":', b'"verdict";'),
        "a hole": first[:half] + first[half + 40 :],
        "zeros": first[:half] + bytes(len(first) - half),
        "too long": first[:half] + b" " * 2_000_000 + first[half:],
    }[damage]
    (shard / shards.FILE).write_bytes(b"\n".join([damaged, *rest, b""]))
    called = merge(shard)
    refused(called, user, "journal.jsonl: line 1")
    seen("refused with the number of the line", called)


@pytest.mark.fault(2, "a kill has torn a line of a shard's journal")
@pytest.mark.parametrize("gone_on", [False, True], ids=["last", "gone on"])
def test_a_torn_line_is_told(
    gone_on: bool,  # noqa: FBT001 - a column of the table
    shard: Path,
    merge: Callable[..., Called],
    seen: Seen,
) -> None:
    """The other cells are there."""
    first, second = (shard / shards.FILE).read_bytes().splitlines()
    torn = [first[:200], second, b""] if gone_on else [first, second[:200]]
    (shard / shards.FILE).write_bytes(b"\n".join(torn))
    called = merge(shard)
    assert called.status == 0
    assert called.stderr.splitlines()[0].endswith("where its cell is missing, run it again")
    assert f"line {1 if gone_on else 2} was torn by a kill" in called.stderr
    assert called.last_line.startswith("1 cells of 1 folders")
    seen("merged without it; the line is told on standard error", called)


@pytest.mark.fault(2, "a shard with a log, a trial or a journal of 3 GB")
@pytest.mark.parametrize("name", ["trial-1.toyserver.log", "trial-1.json", "journal.jsonl", "searches.json"])
def test_files_larger_than_a_run_makes_them_are_refused(
    name: str, shard: Path, merge: Callable[..., Called], user: User, seen: Seen
) -> None:
    """Before any of it is read or copied."""
    path = shard / name if "trial" not in name else next((shard / "evidence").glob("*/*")) / name
    with path.open("ab") as file:
        file.truncate(3 * GIBIBYTE)
    called = merge(shard)
    refused(called, user, "bytes")
    seen("refused by its size", called)
    if name == "journal.jsonl":
        shown = user.call("report")
        assert (shown.status, shown.stdout != "") == (0, True)
        seen("'report' shows the cells, and says that a line is longer than any entry", shown)


@pytest.mark.fault(7, "one trial of a cell in one shard, three in another")
@pytest.mark.parametrize("first", ["one", "three"])
def test_more_trials_count(first: str, user: User, merge: Callable[..., Called], seen: Seen) -> None:
    """Whichever is named first."""
    folders = {"one": user.folder / "one", "three": user.folder / "three"}
    user.run(*servers("1.1"), "--results", folders["one"])
    user.run(*servers("1.1"), "--results", folders["three"], "--trials", "3")
    called = merge(folders.pop(first), *folders.values())
    assert called.status == 0, called.stderr
    again = user.run(*servers("1.1"), "--results", user.folder / "merged")
    assert (again.cells["1.1"]["trials"], again.cells["1.1"]["cached"]) == (3, True)
    seen("the three count", called)


@pytest.mark.fault(2, "a shard that nobody here has judged is gone on with")
def test_what_was_not_judged_here_is_judged_by_a_run(
    shard: Path, merge: Callable[..., Called], user: User, seen: Seen
) -> None:
    """By the evidence that is there, without a server."""
    assert merge(shard, at_hand=False).status == 0
    started = user.started()
    again = user.run(*servers("1.0", "1.1"), "--results", user.folder / "merged")
    assert again.verdicts == {"1.0": "reproduced", "1.1": "absent"}
    assert {cell["unjudged_here"] for cell in again.cells.values()} == {False}
    assert user.started() == started
    seen("the evidence is judged again, and no server is started", again)
