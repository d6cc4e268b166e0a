"""Results and environments that are kept: used when they hold, made anew when they do not, never lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from .driving import SCENARIOS, Called, User, ended, servers
from .index import Index
from .packages import Source

if TYPE_CHECKING:
    from pathlib import Path


def cached(called: Called) -> dict[str, bool]:
    """Return by release whether the result came from the store."""
    return {version: cell["cached"] for version, cell in called.cells.items()}


def test_a_second_run_starts_nothing(user: User, index: Index) -> None:
    """It gives the same verdicts with the same evidence, marked as stored, with no server and no index asked."""
    first = user.run(*servers("1.0", "1.1", "1.2"))
    started, asked = user.started(), index.asked
    second = user.run(*servers("1.0", "1.1", "1.2"))
    assert cached(first) == dict.fromkeys(["1.0", "1.1", "1.2"], False)
    assert cached(second) == dict.fromkeys(["1.0", "1.1", "1.2"], True)
    assert {v: {**c, "cached": False} for v, c in second.cells.items()} == first.cells
    assert second.last_line.startswith("3 cells: 1 reproduced, 1 absent, 1 unhealthy, 3 from stored results; ")
    assert (len(started), user.started(), index.asked) == (3, started, asked)


def test_more_trials_than_are_stored_are_run(user: User) -> None:
    """A result of one trial does not stand for two, and is one of them."""
    user.run(*servers("1.1"))
    assert cached(user.run(*servers("1.1"), "--trials", "2")) == {"1.1": False}
    assert len(user.started("1.1")) == 2


def test_rerun_runs_again_and_keeps_what_was_seen_before(user: User) -> None:
    """The new evidence lies beside the old one, and the new result is the one that is stored."""
    first = user.run(*servers("1.0"))
    again = user.run(*servers("1.0"), "--rerun")
    stored = user.run(*servers("1.0"))
    folders = [user.results / called.cells["1.0"]["evidence"] for called in (first, again, stored)]
    assert cached(again) == {"1.0": False}
    assert folders[0] != folders[1] == folders[2]
    assert all((folder / "trial-1.json").is_file() for folder in folders)
    assert len(user.started("1.0")) == 2


def test_a_changed_scenario_makes_stored_results_invalid(user: User) -> None:
    """Whatever changes of what a trial can reach may change it; the same source elsewhere does not, nor a comment."""
    folder = user.folder / "scenarios"
    shutil.copytree(SCENARIOS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    own = dataclasses.replace(user, scenarios=folder)
    user.run(*servers("1.1"))
    assert cached(own.run(*servers("1.1"))) == {"1.1": True}
    with (folder / "toy_failure.py").open("a") as module:
        module.write("# changed\n")
    assert cached(own.run(*servers("1.1"))) == {"1.1": True}
    with (folder / "toy_failure.py").open("a") as module:
        module.write("READY_S += 1\n")
    assert cached(own.run(*servers("1.1"))) == {"1.1": False}
    assert cached(own.run(*servers("1.1"))) == {"1.1": True}


class Configured(User):
    """One whose uv reads configurations, as everybody's does."""

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a call."""
        return {name: value for name, value in super().environment().items() if name != "UV_NO_CONFIG"}


def test_a_source_distribution_is_fetched_once(tmp_path: Path) -> None:
    """And so it is built once, for two environments, though this index tells caches nothing."""
    with Index([Source(version="1.1", what="does all it should")]) as index:
        user = Configured(folder=tmp_path / "user", cache=tmp_path / "cache", index=index.url)
        assert user.run(*servers("1.1"), "--a-a").status == 0
        assert index.asked.count("/files/toyserver-1.1.tar.gz") == 1


@pytest.mark.fault("machine", "evidence that was lost")
def test_lost_evidence_is_made_anew(user: User) -> None:
    """A stored verdict that nothing backs any more is not a verdict."""
    first = user.run(*servers("1.1"))
    shutil.rmtree(user.results / first.cells["1.1"]["evidence"])
    assert cached(user.run(*servers("1.1"))) == {"1.1": False}


@pytest.mark.fault("machine", "a torn last line of the journal")
@pytest.mark.parametrize("lost", [2, 500])
def test_a_torn_last_line_costs_one_cell(user: User, lost: int) -> None:
    """The journal of a run that was cut off in the middle of a line is read, gone on with, and whole again."""
    first = user.run(*servers("1.0", "1.1"))
    assert first.status == 0, first.stdout
    journal = user.results / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-lost])
    second = user.run(*servers("1.0", "1.1"))
    assert second.status == 0
    assert sorted(cached(second).values()) == [False, True]
    assert cached(user.run(*servers("1.0", "1.1"))) == {"1.0": True, "1.1": True}


@pytest.mark.fault("machine", "the index is gone, everything is stored")
def test_offline_with_what_is_stored(newcomer: User) -> None:
    """With the index gone, an old list of releases and a built environment are enough."""
    with Index() as index:
        user = dataclasses.replace(newcomer, index=index.url)
        assert user.run(*servers("1.0")).status == 0
    age(user)
    called = user.run(*servers("1.0"), "--rerun")
    assert (called.status, cached(called)) == (0, {"1.0": False})


@pytest.mark.fault("machine", "the index is gone, an environment is missing")
def test_offline_without_what_it_takes(newcomer: User) -> None:
    """The cell says that its release could not be fetched; with the index back it is not held against it."""
    with Index() as index:
        user = dataclasses.replace(newcomer, index=index.url)
        assert user.run(*servers("1.0")).status == 0
    called = user.run(*servers("1.1"))
    assert (called.status, called.verdicts) == (3, {"1.1": "environment-failed"})
    assert called.cells["1.1"]["reason"].startswith("uv could not ")
    with Index() as index:
        back = dataclasses.replace(user, index=index.url)
        assert back.run(*servers("1.1")).verdicts == {"1.1": "absent"}


@pytest.mark.fault("machine", "the index is gone, nothing is stored")
def test_offline_with_nothing_stored(newcomer: User) -> None:
    """Nothing can be judged: status 3, one line that says what is missing and what to do."""
    with Index() as index:
        user = dataclasses.replace(newcomer, index=index.url)
    called = user.run(*servers("1.0"))
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (3, "", 1)
    assert "no usable list of the releases of 'toyserver'" in called.stderr


def age(user: User) -> None:
    """Make the stored list of releases three days old."""
    path = user.cache / "releases" / "toyserver.json"
    listing = json.loads(path.read_bytes())
    listing["fetched"] = (dt.datetime.now(dt.UTC) - dt.timedelta(days=3)).isoformat()
    path.write_text(json.dumps(listing))


@pytest.mark.fault("machine", "a damaged environment")
@pytest.mark.parametrize(
    "damaged", ["lib/python*/site-packages/toyserver.py", "bin/toyserver", ".harness-complete.json"]
)
def test_a_damaged_environment_is_built_anew(newcomer: User, damaged: str) -> None:
    """A file that is gone is back, and the release is judged as before instead of being called unhealthy."""
    newcomer.run(*servers("1.1"))
    file = the_only(newcomer.cache / "environments", f"*/{damaged}")
    file.unlink()
    called = newcomer.run(*servers("1.1"), "--rerun")
    assert (called.status, called.verdicts) == (0, {"1.1": "absent"})
    assert file.is_file()


@pytest.mark.fault("machine", "what an interrupted build left")
def test_an_interrupted_build_is_wiped_first(newcomer: User) -> None:
    """What lies in an environment's place without its marker does not get into the new one."""
    newcomer.run(*servers("1.1"))
    folder = the_only(newcomer.cache / "environments", "*/pyvenv.cfg").parent
    (folder / ".harness-complete.json").unlink()
    stray = the_only(folder, "lib/python*/site-packages") / "stray.py"
    stray.touch()
    assert newcomer.run(*servers("1.1"), "--rerun").status == 0
    assert not stray.exists()


@pytest.mark.fault("machine", "a release that cannot be built")
def test_a_release_that_cannot_be_built_is_not_tried_again_unless_asked(newcomer: User) -> None:
    """The remembered reason tells as much as the first one, and says how to try again."""
    first, tried = newcomer.run(*servers("1.8")), newcomer.started("1.8")
    second, recalled = newcomer.run(*servers("1.8")), newcomer.started("1.8")
    newcomer.run(*servers("1.8"), "--rerun")
    assert second.cells["1.8"]["reason"] == f"{first.cells['1.8']['reason']} ('--rerun' tries it again)"
    assert second.cells["1.8"]["reason"].endswith("('--rerun' tries it again)")
    assert len(tried) == len(recalled) < len(newcomer.started("1.8"))


@pytest.mark.fault("machine", "two runs that build the same")
def test_two_runs_at_the_same_time_share_what_they_build(newcomer: User) -> None:
    """Same cache, same results folder: both end well, each environment is built once, the journal is whole."""
    selection = ["run", *newcomer.selection, *servers("1.0", "1.1", "2.1"), "--format", "json"]
    with newcomer.start(*selection) as one, newcomer.start(*selection) as other:
        both = [ended(one), ended(other)]
    assert [called.status for called in both] == [0, 0], both
    assert [called.verdicts for called in both] == [{"1.0": "reproduced", "1.1": "absent", "2.1": "absent"}] * 2
    assert len(list((newcomer.cache / "environments").glob("*/pyvenv.cfg"))) == 3
    for line in (newcomer.results / "journal.jsonl").read_text().splitlines():
        json.loads(line)
    assert newcomer.left() == []


def the_only(folder: Path, pattern: str) -> Path:
    """Return the one path of the pattern."""
    found = list(folder.glob(pattern))
    assert len(found) == 1, found
    return found[0]
