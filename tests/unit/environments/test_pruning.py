"""``harness cache``: it tells what is kept, and removes only what nobody uses and no report shows."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import filelock
import msgspec
import pytest

from harness import cli
from harness.environments import pruning
from harness.model.verdict import Verdict
from harness.results import compaction
from harness.results.journal import Journal
from harness.storage.leases import Uses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.model.evidence import Evidence
    from harness.model.result import CellResult

NOW = dt.datetime.now(dt.UTC)
EVER, NEVER = NOW + dt.timedelta(days=1), NOW - dt.timedelta(days=36500)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with three environments of 1000 bytes, used one, two and three days ago, and a resolution of each."""
    root = tmp_path / "cache"
    for days, name in enumerate(["one", "two", "three"], start=1):
        folder = root / "environments" / name
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").write_bytes(b"x" * 1000)
        (root / "environments" / f"{name}.lock").touch()
        resolution = root / "resolutions" / f"{name}.json"
        resolution.parent.mkdir(exist_ok=True)
        resolution.write_text("{}")
        for path in (folder, resolution):
            moment = (NOW - dt.timedelta(days=days)).timestamp()
            os.utime(path, (moment, moment))
    return root


def left(root: Path) -> set[str]:
    """Return the environments that are there."""
    return {path.name for path in (root / "environments").iterdir() if path.is_dir()}


def days_ago(days: float) -> dt.datetime:
    """Return that moment."""
    return NOW - dt.timedelta(days=days)


def test_what_is_unused_for_long_goes(cache: Path) -> None:
    """Environments and resolutions; told with their bytes."""
    removed = pruning.prune(cache, before=days_ago(1.5))
    assert removed == {"environments": (2, 2000), "resolutions": (2, 4)}
    assert left(cache) == {"one"}
    assert [path.name for path in (cache / "resolutions").glob("*.json")] == ["one.json"]


def test_longest_unused_goes_first_where_there_is_too_much(cache: Path) -> None:
    """Until it is no more than the limit."""
    pruning.prune(cache, before=NEVER, limit=2000)
    assert left(cache) == {"one", "two"}


def test_what_a_run_uses_stays(cache: Path) -> None:
    """However old it is and however little may stay; another one goes in its place."""
    uses = Uses(cache, "run")
    uses.add("three")
    pruning.prune(cache, before=EVER, limit=0)
    assert left(cache) == {"three"}
    uses.close()
    pruning.prune(cache, before=EVER)
    assert left(cache) == set()


def test_what_is_being_built_stays(cache: Path) -> None:
    """Whoever builds holds its lock."""
    with filelock.FileLock(cache / "environments" / "three.lock"):
        pruning.prune(cache, before=EVER)
        assert left(cache) == {"three"}


def test_use_that_is_entered_while_others_are_removed_counts(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at again under the lock of each."""
    uses = Uses(cache, "run")
    delete = pruning._delete

    def slowly(path: Path) -> None:
        delete(path)
        uses.add("one")

    monkeypatch.setattr(pruning, "_delete", slowly)
    pruning.prune(cache, before=EVER)
    assert left(cache) == {"one"}
    uses.close()


def test_dry_run_removes_nothing(cache: Path) -> None:
    """And tells the same."""
    told = pruning.prune(cache, before=EVER, dry_run=True)
    assert left(cache) == {"one", "two", "three"}
    assert told == pruning.prune(cache, before=EVER)


@pytest.fixture
def results(
    tmp_path: Path, make_result: Callable[..., CellResult], kept: Callable[[str, str], Evidence]
) -> tuple[Path, list[str]]:
    """A folder with a cell that was run twice, one that was run once, and evidence that no entry names."""
    folder = tmp_path / "results"
    journal = Journal(folder)
    trial = kept("pipelined-keep-alive", "absent-0.27.1-h11")
    cells = [make_result(version=version).id for version in ("1.0", "1.0", "2.0", "1.0")]
    places = [journal.keep_evidence([msgspec.structs.replace(trial, cell=cell)]) for cell in cells]
    journal.add("1", make_result(version="1.0", evidence=places[0], verdict=Verdict.REPRODUCED))
    journal.add("2", make_result(version="1.0", evidence=places[1]))
    journal.add("3", make_result(version="2.0", evidence=places[2]))
    journal.close()
    return folder, places


def there(folder: Path, places: list[str]) -> list[bool]:
    """Return which evidence is there."""
    return [(folder / place).is_dir() for place in places]


def test_results_that_no_report_shows_go(results: tuple[Path, list[str]]) -> None:
    """What was superseded and what was in flight when a run was killed; the newest of every cell stays and is found."""
    folder, places = results
    before = Journal(folder).latest()
    count, taken = compaction.prune(folder, before=EVER)
    assert (count, taken > 1000) == (2, True)
    assert there(folder, places) == [False, True, True, False]
    after = Journal(folder)
    assert after.latest() == before
    assert [bool(after.find(key)) for key in "123"] == [False, True, True]


def test_recent_results_stay(results: tuple[Path, list[str]]) -> None:
    """Also those that were superseded: a reverted scenario finds them again."""
    folder, places = results
    assert compaction.prune(folder, before=NEVER) == (0, 0)
    assert there(folder, places) == [True] * 4
    assert Journal(folder).find("1")


def test_results_of_a_running_run_stay(results: tuple[Path, list[str]], kept: Callable[[str, str], Evidence]) -> None:
    """It may have kept evidence that it enters only now."""
    folder, places = results
    running = Journal(folder)
    place = running.keep_evidence([kept("pipelined-keep-alive", "absent-0.27.1-h11")])
    assert compaction.prune(folder, before=EVER) == (0, 0)
    assert there(folder, [*places, place]) == [True] * 5
    running.close()
    compaction.prune(folder, before=EVER)
    assert there(folder, [*places, place]) == [False, True, True, False, False]


def test_a_journal_that_was_replaced_is_read_anew(
    results: tuple[Path, list[str]], make_result: Callable[..., CellResult]
) -> None:
    """A run that had read the old one appends to the new one."""
    folder, _ = results
    reader = Journal(folder)
    compaction.prune(folder, before=EVER)
    reader.add("4", make_result(version="3.0"))
    assert {one.version for one in Journal(folder).latest()} == {"1.0", "2.0", "3.0"}
    assert reader.find("1") is None
    assert reader.find("4")


def test_command_tells_sizes_and_prunes(
    cache: Path,
    results: tuple[Path, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before, what would go, what goes, after."""
    monkeypatch.setenv("HARNESS_CACHE", str(cache))
    folder = ["--results", str(results[0])]
    assert cli.main(["cache", "size", *folder]) == 0
    lines = {line.split()[0]: line.split()[1:4] for line in capsys.readouterr().out.splitlines()}
    assert lines["environments"] == ["3", "3.0", "kB"]
    assert lines["results"][0] == "3"
    for _ in range(2):
        assert cli.main(["cache", "prune", *folder, "--unused-for", "0", "--dry-run"]) == 0
        assert "environments       3     3.0 kB  would be removed" in capsys.readouterr().out
    assert cli.main(["cache", "prune", *folder, "--down-to", "1kB"]) == 0
    assert "environments       2     2.0 kB  removed" in capsys.readouterr().out
    assert left(cache) == {"one"}


@pytest.mark.parametrize("size", ["much", "-1", "1e9", "5XB", ""])
def test_size_that_is_none_is_told(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    assert cli.main(["cache", "prune", "--down-to", size]) == 2
    assert capsys.readouterr().err.startswith("harness: --down-to: ")
