"""Histories from the command line, of a toy whose failure goes, comes back, and goes again by a dependency."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import golden
from .driving import PYTHON, Called, User, servers
from .index import Index
from .packages import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

RELAY = Path(__file__).parent / "relay"
SELECTION = ["toy-relay", "--matrix", str(RELAY.with_suffix(".toml")), "--scenarios", str(RELAY), "--python", PYTHON]
TRIALS = {"0.1": 3, "0.2": 3, "0.3": 3, "0.4": 3, "0.5": 1, "0.6": 3, "0.6.post1": 3, "0.8": 3, "0.9": 3, "0.11": 1}


def history(user: User, *arguments: str | Path) -> Called:
    """Call ``harness history`` for JSON."""
    return user.call("history", *SELECTION, "--format", "json", "--quiet", *arguments)


def document(called: Called) -> dict[str, Any]:
    """Return what was printed."""
    value: dict[str, Any] = json.loads(called.stdout)
    return value


@pytest.fixture
def swept(user: User) -> Called:
    """A sweep."""
    return history(user)


def test_sweep(user: User, swept: Called) -> None:
    """Every release that can be installed; what is known of it, how sure it is, and what caused each change."""
    golden.check("history", swept.stdout)
    (found,) = document(swept)["histories"]
    named = ("introduced", "last_affected", "fixed")
    assert [{name: one[name] for name in named} for one in found["affected"]] == [
        {"introduced": None, "last_affected": "0.1", "fixed": "0.2"},
        {"introduced": "0.3", "last_affected": "0.4", "fixed": "0.6"},
        {"introduced": "0.8", "last_affected": "0.8", "fixed": "0.9"},
    ]
    assert found["specifiers"] == ["<0.2", ">=0.3,<0.5", "==0.8"]
    assert (len(found["judged"]), found["whole"]) == (len(found["tested"]) - 1, True)
    assert (found["first_fixed"], found["safe_since"], found["relapses"]) == ("0.2", "0.9", ["0.3", "0.4", "0.8"])
    (gap,) = found["gaps"]
    assert (gap["from"], gap["to"]) == ("0.5", "0.5")
    assert gap["reason"].startswith("unhealthy: control 'hello' failed")
    assert found["yanked"] == ["0.10"]
    assert found["confidence"] > 0.99
    assert {cell["version"]: cell["trials"] for cell in document(swept)["cells"] if not cell["control"]} == {
        **TRIALS,
        "0.10": 1,
    }
    assert swept.status == 3, "one release cannot do its work"
    assert user.left() == []


def test_causes(user: User, swept: Called) -> None:
    """A change of the subject's own, and one that only its dependency brings; all four cells can be looked at."""
    (found,) = document(swept)["histories"]
    causes = {one["newer"]: (one["fixes"], one["cause"], one["changed"]) for one in found["attribution"]}
    part = {"toypart": {"older": "1.0", "newer": "2.0"}}
    assert causes == {
        "0.2": (True, "subject", {}),
        "0.3": (False, "subject", {}),
        "0.6": (True, "subject", {}),
        "0.8": (False, "subject", {"toypart": {"older": None, "newer": "1.0"}}),
        "0.9": (True, "dependency", part),
    }
    (last,) = (one for one in found["attribution"] if one["newer"] == "0.9")
    assert list(last["verdicts"].values()) == ["reproduced", "absent", "reproduced", "absent"]
    for cell in last["verdicts"]:
        shown = user.call("show", cell, "--scenarios", RELAY).stdout
        assert "toypart" in shown
        assert "trial 3" in shown
    told = user.call("history", *SELECTION, "--quiet").stdout
    assert "0.8 to 0.9 fixes it, cause: dependency (toypart 1.0 to 2.0)" in told
    assert "0.2 to 0.3 brings it, cause: subject" in told


def test_bisect_says_what_it_did_not_look_at(user: User) -> None:
    """It needs fewer cells, and what it did not test is in a gap."""
    called = history(user, "--strategy", "bisect", "--server", "toyrelay>=0.1,!=0.8")
    (found,) = document(called)["histories"]
    assert (found["strategy"], found["seed"]) == ("bisect", 1)
    untested = set(found["untested"])
    assert set(found["tested"]).isdisjoint(untested)
    covered = [gap for gap in found["gaps"] if gap["reason"] == "not tested"]
    assert bool(covered) == bool(untested)


def test_pre_releases_are_tested_where_they_are_asked_for(user: User) -> None:
    """They stand before their release, and a range that ends with one says so in a way that admits it."""
    (found,) = document(history(user, "--pre"))["histories"]
    assert "0.7rc1" in found["tested"]
    assert "0.7rc1" in found["relapses"]
    assert found["specifiers"] == ["<0.2", ">=0.3,<0.5", ">=0.7rc1,<0.9"]


def test_stored_results_give_the_history_again(user: User, swept: Called) -> None:
    """Nothing is run, by no other index, and all of it is there."""
    again = user.call("report", *SELECTION[:1], "--scenarios", RELAY, "--format", "json")
    assert document(again)["histories"] == document(swept)["histories"]
    assert len(user.started()) == sum(TRIALS.values()) + 1 + 3 * 2 * 2


def test_claims(user: User, swept: Called) -> None:
    """The page named the end of the second range; what to do follows from all of it."""
    (found,) = document(swept)["claims"]
    assert found["assessment"] == "confirmed"
    assert found["upgrade_to"] == "0.9"
    told = user.call("claims", "--scenarios", RELAY).stdout
    assert "The page says upgrade to 0.6. That is right. The failure is gone since 0.9." in told
    assert "It was gone with 0.2 and came back in 0.3 to 0.4 and in 0.8. Upgrade to 0.9 or later." in told


def test_what_was_measured_is_expected(user: User) -> None:
    """Written beside the scenario, and where a later run differs it is told which release and how."""
    folder = user.folder / "scenarios"
    shutil.copytree(RELAY, folder, ignore=shutil.ignore_patterns("__pycache__"))
    own = [str(folder) if part == str(RELAY) else part for part in SELECTION]
    called = user.call("history", *own, "--write", "--quiet")
    path = folder / "toy_relay.expected.json"
    assert f"wrote {path}" in called.stderr
    (written,) = json.loads(path.read_text())["histories"]
    assert written["affected"] == ["<0.2", ">=0.3,<0.5", "==0.8"]
    assert (written["first"], written["last"], written["strategy"], written["releases"]) == ("0.1", "0.11", "sweep", 10)
    assert written["command"].startswith("harness history toy-relay")
    assert user.call("run", *own, *relays("0.8", "0.9"), "--quiet").status == 0
    path.write_text(path.read_text().replace('"==0.8"', '"==0.9"'))
    again = user.call("run", *own, *relays("0.8", "0.9"), "--quiet")
    assert again.status == 1
    assert "expected absent, measured reproduced" in again.stdout
    assert f"toy-relay_default_toyrelay-0.8_py{PYTHON}_linux" in again.stdout


def relays(*versions: str) -> Iterator[str]:
    """Return the options that select releases of the relay."""
    return (part for version in versions for part in ("--server", f"toyrelay=={version}"))


def test_a_new_release_costs_one_release(user: User) -> None:
    """Only what has appeared since the report is run, and what it changes is told."""
    with Index([one for one in ALL if one.version not in {"0.9", "0.10", "0.11"}]) as before:
        earlier = dataclasses.replace(user, index=before.url, cache=user.folder / "cache")
        history(earlier)
        earlier.call("report", "toy-relay", "--scenarios", RELAY, "--format", "json", "--output", "report.json")
    with Index([one for one in ALL if one.version not in {"0.10", "0.11"}]) as now:
        later = dataclasses.replace(user, index=now.url, cache=user.folder / "later")
        started = len(user.started())
        called = history(later, "--since", "report.json", "--results", "later")
        ran = [cell for cell in document(called)["cells"] if cell["version"] == "0.9" and not cell["control"]]
    assert [cell["verdict"] for cell in ran] == ["absent"]
    assert f"toy-relay_default_toyrelay-0.9_py{PYTHON}_linux: new: absent" in called.stderr
    assert "safe since 0.9, was no release" in called.stderr
    assert len(user.started()) - started == 3 + 2 * 3, "the new release, which decides, and what tells the cause"
    (user.folder / "second.json").write_text(called.stdout)
    started = len(user.started())
    called = history(user, "--since", "second.json", "--results", "last")
    assert len(user.started()) - started == 2, "two new releases that change nothing"
    assert f"toy-relay_default_toyrelay-0.11_py{PYTHON}_linux: new: absent" in called.stderr


def test_two_environments_built_alike_show_the_same(user: User) -> None:
    """A release that shows its failure every other time is the control of the control."""
    called = user.call("run", *user.selection, *servers("1.0", "1.1", "1.2"), "--a-a", "--quiet")
    assert "A/A: 3 cells ran in two environments built alike, 0 differ" in called.stderr
    assert called.status == 3
    flaky = user.call("run", *user.selection, *servers("1.10"), "--a-a", "--quiet")
    assert "A/A: 1 cells ran in two environments built alike, 1 differ" in flaky.stderr
    assert flaky.status == 1
    assert "differs: toy-failure_default_toyserver-1.10" in flaky.stderr
