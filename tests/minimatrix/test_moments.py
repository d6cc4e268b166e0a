"""Moments, and histories over a dependency, from the command line: of a toy that its dependencies break."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .driving import PYTHON, Called, User

if TYPE_CHECKING:
    from collections.abc import Iterator

HUB = Path(__file__).parent / "hub"
SELECTION = ["toy-hub", "--matrix", str(HUB.with_suffix(".toml")), "--scenarios", str(HUB), "--python", PYTHON]
USUAL = "*_usual_*"
YESTERDAY = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
DAY = "2024-09-15"  # after the first release of the hub and toyvalve 1.1, before toyvalve 1.2


def hubs(*versions: str) -> Iterator[str]:
    """Return the options that select exactly these releases."""
    return (part for version in versions for part in ("--server", f"toyhub=={version}"))


def days_since(day: dt.date) -> set[str]:
    """Return the days after a day, up to today: midnight may pass between two calls."""
    count = (dt.datetime.now(dt.UTC).date() - day).days
    return {(day + dt.timedelta(days=number)).isoformat() for number in range(1, count + 1)}


def call(user: User, command: str, *arguments: str) -> Called:
    """Call a command on the hub, for JSON."""
    return user.call(command, *SELECTION, "--format", "json", "--quiet", *arguments)


def cells(called: Called) -> dict[str, dict[str, Any]]:
    """Return the printed cells by id, without what all ids share."""
    found = json.loads(called.stdout)["cells"]
    return {cell["id"].removeprefix("toy-hub_").replace(f"_py{PYTHON}_linux", ""): cell for cell in found}


def test_a_day_is_a_part_of_the_cell(user: User) -> None:
    """Each with what the index had then; a release that was not there yet has no environment, and is not started."""
    called = call(user, "run", *hubs("1.0", "1.1"))
    found = cells(called)
    later = f"usual_toyhub-1.1_as-of-{DAY}"
    assert {name: cell["verdict"] for name, cell in found.items()} == {
        "usual_toyhub-1.0": "absent",
        f"usual_toyhub-1.0_as-of-{DAY}": "absent",
        "usual_toyhub-1.1": "reproduced",
        later: "unsupported",
    }
    pins = {name: cell["environment"]["pins"]["toyvalve"] for name, cell in found.items() if name != later}
    assert list(pins.values()) == ["1.0", "1.1", "1.3"]
    assert found[later]["reason"].startswith("toyhub 1.1 was uploaded on 2024-")
    assert f"after the beginning of {DAY}" in found[later]["reason"]
    assert len(user.started()) == 3
    told = user.call("run", *SELECTION, *hubs("1.0"), "--quiet").stdout
    assert f"Python {PYTHON}, linux, as of {DAY}" in told


def test_what_pip_gives_today(user: User) -> None:
    """Nobody has measured it, so nothing is expected of it; its copy is of the same day, as is a call of it."""
    called = call(user, "run", *hubs("1.0"), "--as-of", "today", "--a-a")
    found = cells(called)
    day = next(iter(found)).removeprefix("usual_toyhub-1.0_as-of-")
    assert day in days_since(YESTERDAY)
    assert list(found) == [f"usual_toyhub-1.0_as-of-{day}", f"usual_toyhub-1.0_copy-1-as-of-{day}"]
    assert {(cell["verdict"], cell["expected"]) for cell in found.values()} == {("reproduced", None)}
    assert {cell["environment"]["pins"]["toyvalve"] for cell in found.values()} == {"2.0"}
    asked = call(user, "run", *hubs("1.0"), "--as-of", day, "--absent")
    assert (asked.status, [cell["cached"] for cell in cells(asked).values()]) == (1, [True])
    shown = user.call("show", f"*linux_as-of-{day}", "--scenarios", HUB).stdout
    assert f"as of {day}T00:00:00+00:00\n" in shown


def test_a_companion_of_today(user: User) -> None:
    """It alone is of today; the rest is of the release's own day, and both are told."""
    called = user.call(
        "run", "toy-hub", "--scenarios", HUB, "--python", PYTHON, *hubs("1.0"), "--format", "json", "--quiet"
    )
    found = cells(called)
    assert {name: cell["verdict"] for name, cell in found.items()} == {
        "usual_toyhub-1.0": "absent",
        "today_toyhub-1.0": "reproduced",
    }
    assert found["today_toyhub-1.0"]["environment"]["pins"] == {"toyhub": "1.0", "toylamp": "1.0", "toyvalve": "2.0"}
    (moment,) = found["today_toyhub-1.0"]["environment"]["moments"].values()
    assert moment in {f"{day}T00:00:00+00:00" for day in days_since(YESTERDAY)}
    assert f"; toyvalve as of {moment}" in user.call("show", "*_today_*", "--scenarios", HUB).stdout


def test_a_boundary_that_comes_from_a_dependency_is_traced(user: User) -> None:
    """To the one dependency that changes the verdict, and to two of its releases; what cannot be exchanged is told."""
    called = call(user, "history", "--as-of", "release")
    (history,) = json.loads(called.stdout)["histories"]
    brings, fixes = history["attribution"]
    assert (brings["newer"], brings["cause"], list(brings["changed"])) == ("1.1", "dependency", ["toylamp", "toyvalve"])
    (through,) = brings["trace"]["through"]
    assert (through["package"], through["held"]) == ("toyvalve", "1.0")
    assert (through["older"], through["newer"], through["between"]) == ("1.1", "1.2", [])
    assert (brings["trace"]["alike"], brings["trace"]["unknown"]) == (["toylamp"], {})
    assert (fixes["newer"], fixes["cause"], fixes["trace"]) == ("1.2", "undetermined", None)
    assert "toyvalve==1.3: Because toyhub" in fixes["reason"]
    (kept,) = fixes["not_exchanged"].values()
    assert "toyhub>=1.2 depends on toyvalve<1.2" in kept["toyvalve"]
    told = user.call("history", *SELECTION, "--as-of", "release", "--quiet").stdout
    assert "cause: dependency (toylamp 1.0 to 2.0, toyvalve 1.0 to 1.3)" in told
    assert "toyvalve alone changes it, 1.1 to 1.2 beside 1.0" in told
    again = user.call("report", *SELECTION[:1], "--scenarios", HUB, "--format", "json")
    assert json.loads(again.stdout)["histories"] == [history]


def test_histories_of_two_moments_are_two(user: User) -> None:
    """Each of its own cells; what came after the day is a gap of that history, with the reason."""
    called = call(user, "history")
    own, of_day = json.loads(called.stdout)["histories"]
    assert (own["as_of"], own["tested"]) == (None, ["1.0", "1.1", "1.2"])
    assert (of_day["as_of"], of_day["tested"]) == (DAY, ["1.0"])
    (gap,) = of_day["gaps"]
    assert (gap["from"], gap["to"]) == ("1.1", "1.2")
    assert "was uploaded on 2024-" in gap["reason"]
    refused = user.call("history", *SELECTION, "--as-of", "today", "--write")
    assert (refused.status, "leave out --as-of" in refused.stderr) == (2, True)


def test_a_history_over_a_dependency(user: User) -> None:
    """One release of the subject is held; the boundary lies between two releases of the dependency."""
    called = call(user, "history", "--as-of", "release", "--over", "Toy.Valve".replace(".", ""), *hubs("1.0"))
    (history,) = json.loads(called.stdout)["histories"]
    assert history["over"] == {"package": "toyvalve", "held": "1.0"}
    assert history["tested"] == ["1.0", "1.1", "1.2", "1.3", "2.0"]
    assert (history["specifiers"], history["whole"], history["attribution"]) == ([">=1.2"], True, [])
    assert history["confidence"] > 0.99
    lamps = {cell["environment"]["pins"]["toylamp"] for cell in cells(called).values()}
    assert lamps == {"1.0"}, "nothing else varies"
    assert "usual_toyhub-1.0_with-toyvalve-1.2" in cells(called)
    told = user.call("history", *SELECTION, "--as-of", "release", "--over", "toyvalve", *hubs("1.0"), "--quiet").stdout
    assert "over toyvalve with toyhub 1.0" in told.splitlines()[0]
    bisected = call(user, "history", "--over", "toyvalve", *hubs("1.0"), "--strategy", "bisect", "--as-of", "release")
    (again,) = json.loads(bisected.stdout)["histories"]
    assert (again["strategy"], again["affected"]) == ("bisect", history["affected"])


def test_what_the_subject_excludes_is_unsupported(user: User) -> None:
    """By the resolver's reason; without --server the newest release is held."""
    called = call(user, "history", "--as-of", "release", "--over", "toyvalve")
    (history,) = json.loads(called.stdout)["histories"]
    assert history["over"] == {"package": "toyvalve", "held": "1.2"}
    assert (history["judged"], history["affected"]) == (["1.0", "1.1"], [])
    (gap,) = history["gaps"]
    assert (gap["from"], gap["to"]) == ("1.2", "2.0")
    assert gap["reason"].startswith("unsupported: toyhub 1.2 cannot have toyvalve 1.2: Because toyhub")
    assert "toyhub>=1.2 depends on toyvalve<1.2" in gap["reason"]
    assert call(user, "history", "--as-of", "release", "--over", "toyvalve").stdout.count('"cached":true') >= 2


def test_calls_that_hold_no_one_release_are_wrong(user: User) -> None:
    """Each in one line that says what to do."""
    for arguments, words in (
        (("--over", "toyvalve", "--server", "toyhub>=1"), "--server names 3 releases of toyhub"),
        (("--over", "toyhub"), "toyhub is the subject itself"),
        (("--over", "toyvalve", "--write"), "leave out --over"),
        (("--over", "toyvalve", "--new"), "leave out --new and --since"),
        (("--over", "-"), "no name of a package"),
    ):
        called = user.call("history", *SELECTION, "--as-of", "release", *arguments)
        assert (called.status, words in called.stderr, called.stderr.count("\n")) == (2, True, 1), called.stderr
