"""What is measured is written beside the scenarios, and what was written is read again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from harness.analysis.document import Searched, document_of
from harness.analysis.search import Strategy
from harness.catalog import loading
from harness.model.verdict import Verdict
from harness.results import expectations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.catalog.loading import LoadedScenario
    from harness.model.expectation import Expectation
    from harness.model.release import Release
    from harness.model.result import CellResult

COMMAND = "harness history some-failure --write"
LETTERS = {"R": Verdict.REPRODUCED, "a": Verdict.ABSENT, "u": Verdict.UNHEALTHY, "e": Verdict.ENVIRONMENT_FAILED}
MODULE = """
from harness import Scenario, Variant

def nothing(_):
    raise NotImplementedError

SCENARIO = Scenario(
    id="{id}", title="t", subject="uvicorn", observe=nothing, judge=nothing,
    variants=(Variant(name="default"), Variant(name="h11")),
)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two scenarios."""
    for name in ("some-failure", "other-failure"):
        (tmp_path / f"{name}.py").write_text(MODULE.format(id=name))
    return tmp_path


@pytest.fixture
def measure(
    folder: Path, make_release: Callable[..., Release], make_result: Callable[..., CellResult]
) -> Callable[..., Mapping[str, LoadedScenario]]:
    """Measure some releases with these verdicts' letters, write, and load the scenarios again."""

    def write(letters: str, *, known: int = 6, seed: int | None = None, **fields: str) -> Mapping[str, LoadedScenario]:
        results = [
            make_result(
                version=f"0.{number}",
                verdict=LETTERS[letter],
                reason="r",
                trials=3,
                tally={LETTERS[letter]: 3},
                **fields,
            )
            for number, letter in enumerate(letters)
        ]
        searched = {
            one.key: Searched(strategy=Strategy.SWEEP if seed is None else Strategy.BISECT, seed=seed)
            for one in results
        }
        releases = {"uvicorn": tuple(make_release(f"0.{number}") for number in range(known))}
        document = document_of(results, releases=releases, claims={}, searched=searched)
        written = list(
            expectations.write(document, loading.load([folder]), command=f"{COMMAND} --results '/an absolute/place'")
        )
        assert all(path.name.endswith(".expected.json") and path.parent == folder for path in written)
        return loading.load([folder])

    return write


def of(loaded: Mapping[str, LoadedScenario], name: str = "some-failure") -> list[Expectation]:
    """Return what a scenario expects."""
    return list(loaded[name].scenario.expectations)


def test_history_is_written_and_read_again(measure: Callable[..., Mapping[str, LoadedScenario]], folder: Path) -> None:
    """With where, when, how and how sure; beside the scenario that was measured and no other."""
    today = dt.datetime.now(dt.UTC).date()
    (one,) = of(measure("uRRaRa"))
    assert (one.variant, one.python, one.platform) == ("default", "3.12", "linux")
    assert one.affected == (">=0.1,<0.3", "==0.4")
    assert (one.first, one.last) == ("0.1", "0.5")
    assert (one.strategy, one.releases, one.trials, one.command) == ("sweep", 5, 18, COMMAND)
    assert (one.unhealthy, one.unjudged, one.prereleases) == (("0.0",), (), False)
    assert one.confidence == pytest.approx((1 - (1 / 14) ** 3) ** 4, abs=1e-6)
    assert dt.date.fromisoformat(one.date) - today <= dt.timedelta(days=1)
    assert {path.name for path in folder.glob("*.json")} == {"some-failure.expected.json"}


def test_what_was_not_tested_is_not_counted(measure: Callable[..., Mapping[str, LoadedScenario]]) -> None:
    """Nor does the history reach it."""
    (one,) = of(measure("Ra", known=9, seed=4))
    assert (one.strategy, one.releases, one.first, one.last) == ("bisect", 2, "0.0", "0.1")


def test_nothing_affected_is_a_measurement(measure: Callable[..., Mapping[str, LoadedScenario]]) -> None:
    """It expects absence of what was measured, and is not sure: nobody has seen the failure."""
    loaded = measure("aaa")
    (one,) = of(loaded)
    assert (one.affected, one.confidence) == ((), None)
    where = {"variant": "default", "platform": "linux"}
    scenario = loaded["some-failure"].scenario
    assert scenario.expects(version="0.2", python="3.12", **where) is Verdict.ABSENT
    assert scenario.expects(version="0.3", python="3.12", **where) is None
    assert scenario.expects(version="0.2", python="3.11", **where) is None


def test_nothing_judged_is_none(measure: Callable[..., Mapping[str, LoadedScenario]], folder: Path) -> None:
    """An earlier measurement stays."""
    assert of(measure("uuu")) == []
    assert list(folder.glob("*.json")) == []
    before = of(measure("Ra"))
    assert of(measure("uuu")) == before


def test_new_measurement_takes_the_place_of_the_old_one(measure: Callable[..., Mapping[str, LoadedScenario]]) -> None:
    """Of the same variant, Python and platform; the others stay, Pythons in their order."""
    measure("Ra", python="3.12")
    measure("aR", python="3.8")
    measure("RR", variant="h11")
    measure("aa", platform="windows-wine")
    found = of(measure("RRa", python="3.12"))
    assert [(one.variant, one.platform, one.python, one.affected) for one in found] == [
        ("default", "linux", "3.8", ("==0.1",)),
        ("default", "linux", "3.12", ("<0.2",)),
        ("default", "windows-wine", "3.12", ()),
        ("h11", "linux", "3.12", ("<=0.1",)),
    ]


def test_controls_reach_nowhere(
    folder: Path, make_release: Callable[..., Release], make_result: Callable[..., CellResult]
) -> None:
    """A release that could only be judged with another's dependencies was not judged."""
    releases = {"uvicorn": tuple(make_release(f"0.{number}") for number in range(4))}
    results = [
        make_result(version="0.1", tally={Verdict.ABSENT: 1}),
        make_result(version="0.2", verdict=Verdict.UNHEALTHY, reason="ill"),
        make_result(version="0.2", id="control of 0.2", control="dependencies-of-0.1"),
        make_result(version="0.3", id="control of 0.3", control="dependencies-of-0.1"),
    ]
    document = document_of(results, releases=releases, claims={}, searched={})
    list(expectations.write(document, loading.load([folder]), command=COMMAND))
    (one,) = of(loading.load([folder]))
    assert (one.first, one.last, one.releases) == ("0.1", "0.1", 1)


def test_scenario_that_was_not_measured_keeps_its_file(
    measure: Callable[..., Mapping[str, LoadedScenario]], folder: Path
) -> None:
    """To the letter."""
    measure("Ra", scenario="other-failure")
    path = folder / "other-failure.expected.json"
    before = path.read_bytes()
    measure("Ra")
    assert path.read_bytes() == before


def test_what_could_not_be_judged_is_written(measure: Callable[..., Mapping[str, LoadedScenario]]) -> None:
    """A release that cannot work is expected not to, and nothing is expected of one that nobody could judge."""
    loaded = measure("Rua")
    (one,) = of(loaded)
    assert (one.unhealthy, one.releases) == (("0.1",), 2)
    where = {"variant": "default", "python": "3.12", "platform": "linux"}
    assert loaded["some-failure"].scenario.expects(version="0.1", **where) is Verdict.UNHEALTHY
    loaded = measure("Rea")
    (one,) = of(loaded)
    assert (one.unhealthy, one.unjudged) == ((), ("0.1",))
    assert loaded["some-failure"].scenario.expects(version="0.1", **where) is None


def test_contradiction_shows_later(
    measure: Callable[..., Mapping[str, LoadedScenario]], make_result: Callable[..., CellResult]
) -> None:
    """What was fixed and comes back is not what is expected."""
    scenario = measure("RRa")["some-failure"].scenario
    expected = scenario.expects(variant="default", version="0.2", python="3.12", platform="linux")
    assert make_result(version="0.2", verdict=Verdict.REPRODUCED, expected=expected).contradicts
    assert not make_result(version="0.2", verdict=Verdict.ABSENT, expected=expected).contradicts
