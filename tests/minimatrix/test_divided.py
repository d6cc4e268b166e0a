"""A matrix divided over machines and joined again: the report is that of the undivided run."""

from __future__ import annotations

import dataclasses
import json
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest

from . import golden
from .driving import SCENARIOS, User, servers

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = ("1.0", "1.1", "1.2", "1.4", "1.8", "1.9")


def report(user: User, folder: Path, form: str) -> str:
    """Return the report of a results folder."""
    return user.call("report", "--results", folder, "--scenarios", SCENARIOS, "--format", form).stdout


def servers_of(user: User) -> list[tuple[int, int]]:
    """Return the servers that were started, without the build that has no port."""
    return [(pid, port) for pid, port in user.started() if port]


@pytest.fixture
def folders(user: User) -> list[Path]:
    """The results of the undivided run, of two shards run in separate folders, and of these joined."""
    whole, one, two, merged = (user.folder / name for name in ("whole", "one", "two", "merged"))
    for folder, shard in ((whole, []), (one, ["--shard", "1/2"]), (two, ["--shard", "2/2"])):
        machine = dataclasses.replace(user, cache=user.folder / f"cache of {folder.name}")
        machine.run(*servers(*VERSIONS), "--results", folder, *shard)
    called = user.call("merge", one, two, "--scenarios", user.scenarios, "--output", merged)
    assert (called.status, called.stderr) == (0, f"{len(VERSIONS)} cells of 2 folders are in {merged}\n")
    return [whole, one, two, merged]


def test_two_shards_merged_give_the_report_of_the_undivided_run(user: User, folders: list[Path]) -> None:
    """Byte for byte where no times stand in it, and in everything else where they do; neither shard is all of it."""
    whole, one, two, merged = folders
    for form in ("terminal", "markdown"):
        assert report(user, merged, form) == report(user, whole, form)
        assert len({report(user, folder, form) for folder in (one, two, whole)}) == 3
    assert golden.normal(report(user, merged, "json")) == golden.normal(report(user, whole, "json"))


def test_merged_folder_is_gone_on_with(user: User, folders: list[Path]) -> None:
    """What any shard has measured is not run again, and its evidence is shown."""
    started = servers_of(user)
    again = user.run(*servers(*VERSIONS), "--results", folders[-1])
    ran = {version for version in VERSIONS if again.cells[version]["trials"]}
    assert {version for version in VERSIONS if again.cells[version]["cached"]} == ran
    assert len(ran) == len(VERSIONS) - 2
    assert servers_of(user) == started
    for version in ran:
        assert list((folders[-1] / again.cells[version]["evidence"]).glob("trial-1.toyserver.log"))


def test_shards_list_what_they_run(user: User) -> None:
    """Each cell in one of them, with no regard to what this machine has measured or how many jobs it has."""
    whole = user.call("list", "--cells", *user.selection).stdout.splitlines()
    parts = [user.call("list", "--cells", *user.selection, "--shard", f"{n}/3").stdout.splitlines() for n in (1, 2, 3)]
    assert sorted(cell for part in parts for cell in part) == sorted(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    user.run(*servers("1.0", "1.3"), "--quiet")
    assert user.call("list", "--cells", *user.selection, "--shard", "2/3").stdout.splitlines() == parts[1]


def test_recorded_costs_divide_evenly_where_they_are_named(user: User) -> None:
    """One cell that takes as long as the others together is a shard of its own."""
    versions = ("1.0", "1.1", "1.2", "1.4")
    user.run(*servers(*versions))
    document = json.loads(report(user, user.results, "json"))
    for cell in document["cells"]:
        cell["duration_s"] = 3.0 if cell["version"] == "1.1" else 1.0
    (user.folder / "costs.json").write_text(json.dumps(document))
    options = ["list", "--cells", *user.selection, *servers(*versions), "--costs", "costs.json"]
    assert [line.split("_")[2] for line in user.call(*options, "--shard", "1/2").stdout.splitlines()] == [
        "toyserver-1.1"
    ]
    called = user.call(*options[:-1], "gone.json", "--shard", "1/2")
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (2, "", 1)


def test_shard_of_nothing_is_no_failure(user: User, tmp_path: Path) -> None:
    """There may be more machines than cells; its folder can be merged all the same."""
    for number, folder in ((1, "one"), (2, "none")):
        called = user.run(*servers("1.0"), "--shard", f"{number}/2", "--results", tmp_path / folder)
        assert called.status == 0
    assert called.last_line == "nothing falls to shard 2/2 of this selection (exit status 0)"
    assert user.call("merge", tmp_path / "one", tmp_path / "none", "--output", tmp_path / "merged").status == 0


def test_jobs_of_a_plan_run_all_cells(user: User) -> None:
    """The matrix is what Actions takes; each job's arguments select its cells from the same call."""
    selection = [*user.selection, *servers("1.0", "1.1")]
    called = user.call("plan", *selection, "--format", "github", "--jobs", "4")
    assert (called.status, called.stdout.count("\n")) == (0, 1)
    (job,) = json.loads(called.stdout)["include"]
    assert (job["os"], job["cells"]) == ("ubuntu-24.04", 2)
    whole = user.call("list", "--cells", *selection).stdout
    assert user.call("list", "--cells", *selection, *shlex.split(job["arguments"])).stdout == whole
    assert user.call("plan", *selection).stdout.startswith(f"linux, Python {job['python']} on ubuntu-24.04: 2 cells, ")
    refused = user.call("plan", *selection, "--cell", "*")
    assert (refused.status, len(refused.stderr.splitlines())) == (2, 1)


def test_shard_that_reaches_out_is_refused(user: User, tmp_path: Path) -> None:
    """With one line, and nothing is written."""
    user.run(*servers("1.0"))
    shutil.copytree(user.results, tmp_path / "hostile")
    stamp = next((tmp_path / "hostile" / "evidence").glob("*/*"))
    (stamp / "trial-1.toyserver.log").unlink()
    (stamp / "trial-1.toyserver.log").symlink_to(user.ledger)
    called = user.call("merge", user.results, tmp_path / "hostile", "--output", tmp_path / "merged")
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (2, "", 1)
    assert "is a symbolic link" in called.stderr
    assert [path.name for path in tmp_path.iterdir() if "merged" in path.name] == []
