"""Kind 5: nothing is said of what was not measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.model.coordinates import printable
from tests.minimatrix.driving import PYTHON, SCENARIOS, servers

if TYPE_CHECKING:
    from tests.minimatrix.driving import User

    from .conftest import Seen

SELDOM = Path(__file__).parent / "scenarios" / "statements"
FORMATS = ("terminal", "markdown", "json", "junit", "csv", "osv", "badge")


def document_of(user: User) -> dict[str, Any]:
    """Return the document of what is stored."""
    called = user.call("report", "toy-failure", "--scenarios", SCENARIOS, "--format", "json")
    value: dict[str, Any] = json.loads(called.stdout)
    return value


@pytest.mark.fault(5, "a report, and an advisory, after one release was run")
def test_one_release_is_no_range(user: User, seen: Seen) -> None:
    """It is affected, and nothing is said of those before it, of those after it, or of what is safe."""
    user.run(*servers("1.0"), "--quiet")
    (history,) = document_of(user)["histories"]
    assert history["specifiers"] == ["==1.0"]
    (affected,) = history["affected"]
    assert (affected["from"], affected["to"]) == ("1.0", "1.0")
    assert (affected["open_before"], affected["open_after"]) == (True, True)
    assert (history["judged"], history["whole"], history["confidence"]) == (["1.0"], False, None)
    out = user.folder / "advisories"
    called = user.call("report", "toy-failure", "--scenarios", SCENARIOS, "--format", "osv", "--output", out)
    assert not list(out.glob("*"))
    assert f"no OSV of toy-failure default, Python {PYTHON}, linux: 1 of " in called.stderr
    seen("'==1.0', open before and after it; the advisory is refused with the reason", called)


@pytest.mark.fault(5, "two releases that differ, and nothing tried between them")
def test_a_fix_between_untried_releases_is_not_placed(user: User, seen: Seen) -> None:
    """What is affected ends with the release that was judged, and the text says that the fix may be older."""
    called = user.run(*servers("1.0", "1.7"), "--quiet")
    assert called.verdicts == {"1.0": "reproduced", "1.7": "absent"}
    (history,) = document_of(user)["histories"]
    assert history["specifiers"] == ["==1.0"] or history["specifiers"] == [">=1.0,<1.1"]
    told = user.call("report", "toy-failure", "--scenarios", SCENARIOS, "--format", "markdown").stdout
    assert "first in 1.7, or in one before it that was not judged" in told
    assert "2 of " in told
    assert "not tested" in told
    seen("the fix is in 1.7, or in one before it that was not judged", called)


@pytest.mark.fault(5, "a failure that shows every other time, searched without a number of trials")
def test_a_seldom_failure_is_searched_with_its_own_trials(user: User, seen: Seen) -> None:
    """As many as its rule needs to call a release free of it; how often it shows is part of how sure that is."""
    where = ("--python", PYTHON, "--platform", "linux")
    chosen: tuple[str | Path, ...] = ("--scenarios", SELDOM, *where, *servers("1.1", "1.10", "2.1"))
    called = user.call("history", "seldom-failure", *chosen, "--format", "json", "--quiet")
    assert called.verdicts == {"1.1": "absent", "1.10": "reproduced", "2.1": "absent"}
    assert all(cell["trials"] >= 3 for cell in called.cells.values())
    (history,) = json.loads(called.stdout)["histories"]
    assert history["specifiers"] == ["==1.10"]
    assert history["confidence"] < 0.999, "half of its trials show nothing"
    run = user.call("run", "seldom-failure", *chosen, "--format", "json", "--quiet", "--results", "other")
    assert run.verdicts == called.verdicts
    seen("three trials of each release, also of a run; ==1.10", called)


@pytest.mark.fault(5, "claims after a run of something else in the same folder")
def test_claims_rest_on_the_most_complete_history(user: User, seen: Seen) -> None:
    """What is published about the project's failures is still said, with what it rests on."""
    before = user.call("claims")
    user.run(*servers("1.0"), "--quiet")
    after = user.call("claims")
    assert after.stdout == before.stdout
    assert "winerror87-workers" in after.stdout
    assert "(a sweep, " in after.stdout
    seen("the same claims as before, each with what it rests on", after)


def hostile(user: User, **fields: str) -> Path:
    """Write a document of a measured cell in which these fields are somebody's choice, and return its path."""
    user.run(*servers("1.0"), "--quiet")
    document = document_of(user)
    (cell,) = document["cells"]
    other = {**cell, **fields}
    known = document["releases"]["toyserver"]
    only = {one["subject"]: [each for each in known if each["version"] == one["version"]] for one in (cell, other)}
    document |= {"cells": [cell, other], "histories": [], "claims": []}
    document["releases"] = only
    path = user.folder / "document.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.fault(2, "a document with a scenario whose id is a path, as advisories")
def test_an_id_leads_out_of_no_folder(user: User, seen: Seen) -> None:
    """The document is refused before anything of it is written, in one line that names the place in it."""
    scenario = "x/../../../pwn/x"
    path = hostile(user, scenario=scenario, id=f"{printable(scenario)}_default_toyserver-1.0_py{PYTHON}_linux")
    before = {one for one in user.folder.rglob("*") if ".harness" not in one.parts}
    out = user.folder / "deep" / "advisories"
    called = user.call("report", "--results", path, "--format", "osv", "--output", out)
    assert called.status == 2
    assert "what is at `$.cells[1].scenario` cannot be there" in called.last_line
    assert {one for one in user.folder.rglob("*") if ".harness" not in one.parts} == before
    assert not (user.folder.parent / "pwn").exists()
    seen("status 2; nothing is written", called)


@pytest.mark.fault(5, "a document with results of two subjects of one scenario")
@pytest.mark.parametrize("form", [*FORMATS, "html"])
def test_two_subjects_are_told_apart(form: str, user: User, seen: Seen) -> None:
    """Two histories, in every format; no traceback."""
    named = f"toy-failure_default_fork-1.1_py{PYTHON}_linux"
    path = hostile(user, subject="fork", version="1.1", id=named, evidence=f"evidence/{named}/20260101T000000.000000Z")
    out = user.folder / "site"
    where = ["--output", str(out)] if form == "html" else []
    called = user.call("report", "--results", path, "--scenarios", SCENARIOS, "--format", form, *where)
    assert called.status in {0, 1, 3}, called.stderr
    assert "Traceback" not in called.stderr
    if form == "json":
        assert {one["subject"] for one in json.loads(called.stdout)["histories"]} == {"fork", "toyserver"}
    if form == "html":
        assert len(list((out / "failures").iterdir())) == 2
    seen("two histories, two pages", called)
