"""Results: what is expected of them, what contradicts, cells that cannot exist."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from harness.model.recipe import Copy, NamedMoment, With
from harness.model.result import expecting, result_of, unsupported
from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.cell import Cell
    from harness.model.expectation import Expectation
    from harness.model.recipe import Recipe
    from harness.model.release import Release
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
JUDGED = (Verdict.REPRODUCED, Verdict.ABSENT)


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("expected", [None, *Verdict])
def test_only_a_judged_verdict_contradicts(
    verdict: Verdict, expected: Verdict | None, make_result: Callable[..., CellResult]
) -> None:
    """A known failure that came back, or is gone; not a cell that could not be judged."""
    contradicts = expected is not None and verdict in JUDGED and verdict is not expected
    assert make_result(verdict=verdict, expected=expected).contradicts is contradicts


@pytest.mark.parametrize(
    ("platform", "platforms", "supported"),
    [
        ("linux", ("linux", "macos"), True),
        ("windows", ("linux", "macos"), False),
        ("windows", ("windows",), True),
        ("windows-wine", ("windows",), True),
        ("windows-wine", ("linux", "macos"), False),
        ("linux", ("windows",), False),
        ("docker:python:3.12", ("linux", "macos"), True),
        ("docker:python:3.12", ("windows",), False),
        ("macos", ("linux", "macos"), True),
    ],
)
def test_platform_on_which_a_failure_cannot_exist(
    platform: str,
    platforms: tuple[str, ...],
    *,
    supported: bool,
    make_cell: Callable[..., Cell],
    make_scenario: Callable[..., Scenario],
) -> None:
    """Wine runs what is Windows', a container what is Linux's."""
    reason = unsupported(make_cell(platform=platform), make_scenario(platforms=platforms))
    assert (reason is None) is supported
    if reason:
        assert reason == f"the failure exists on {', '.join(platforms)} only"


def test_python_that_a_release_does_not_admit(
    make_cell: Callable[..., Cell], make_scenario: Callable[..., Scenario], make_release: Callable[..., object]
) -> None:
    """Known from the index, before anything is built."""
    cell = make_cell(release=make_release("0.28.0", requires_python=">=3.9"), python="3.8")
    assert unsupported(cell, make_scenario()) == "uvicorn 0.28.0 requires Python >=3.9"


def test_result_carries_what_the_contract_names(
    make_cell: Callable[..., Cell],
    make_scenario: Callable[..., Scenario],
    make_expectation: Callable[..., Expectation],
) -> None:
    """Cell, judgement and expectation, each under its name."""
    scenario = make_scenario(expectations=(make_expectation(affected=("<0.27.1",), python="3.12"),))
    judgement = Judgement(verdict=Verdict.UNHEALTHY, reason="it does not start")
    made = result_of(
        make_cell(), scenario, judgement, tally={Verdict.UNHEALTHY: 2}, duration_s=1.23456, evidence="evidence/x"
    )
    assert made.id == make_cell().id
    assert (made.verdict, made.reason, made.expected) == (Verdict.UNHEALTHY, "it does not start", Verdict.REPRODUCED)
    assert (made.trials, made.duration_s, made.evidence, made.cached) == (2, 1.235, "evidence/x", False)


@pytest.mark.parametrize("version", ["1.0+local.0123abcd", "1.0+mine.local.0123abcd", "1.0rc1+local.0123abcd"])
def test_of_a_working_tree_the_failure_is_expected_to_be_absent(
    version: str,
    make_cell: Callable[..., Cell],
    make_scenario: Callable[..., Scenario],
    make_expectation: Callable[..., Expectation],
) -> None:
    """Whatever was measured of the release that it is to become; of another's build of a release nothing is known."""
    scenario = make_scenario(expectations=(make_expectation(affected=(">=0",), python="3.12"),))
    judgement = Judgement(verdict=Verdict.UNHEALTHY, reason="it does not start")
    assert result_of(make_cell(version=version), scenario, judgement).expected is Verdict.ABSENT
    assert result_of(make_cell(version="1.0+debian.1"), scenario, judgement).expected is None


def test_a_call_can_ask_for_the_failure_to_be_absent(
    make_result: Callable[..., CellResult],
    make_scenario: Callable[..., Scenario],
    make_expectation: Callable[..., Expectation],
) -> None:
    """Of every cell but one with the dependencies of another release, of which nothing is expected."""
    scenario = make_scenario(expectations=(make_expectation(affected=(">=0",), python="3.12"),))
    found = make_result(verdict=Verdict.REPRODUCED, signature="s")
    assert expecting(found, scenario, absent=True).contradicts
    assert not expecting(found, scenario, absent=False).contradicts
    copy = make_result(verdict=Verdict.REPRODUCED, control="copy-1")
    assert expecting(copy, scenario, absent=False).expected is Verdict.REPRODUCED
    exchanged = make_result(verdict=Verdict.REPRODUCED, control="dependencies-of-0.9")
    assert expecting(exchanged, scenario, absent=True).expected is None


@pytest.mark.parametrize("recipe", [NamedMoment(at=NOW), Copy(number=1, at=NOW)])
def test_nothing_is_expected_of_what_was_not_measured(
    recipe: Recipe,
    make_cell: Callable[..., Cell],
    make_scenario: Callable[..., Scenario],
    make_expectation: Callable[..., Expectation],
) -> None:
    """As of a named moment; but a call can ask for the failure to be absent, and of a working tree it always is."""
    scenario = make_scenario(expectations=(make_expectation(affected=(">=0",), python="3.12"),))
    shown = Judgement(verdict=Verdict.REPRODUCED, signature="s")
    found = result_of(make_cell(recipe=recipe), scenario, shown)
    assert (found.expected, expecting(found, scenario, absent=False).expected) == (None, None)
    assert expecting(found, scenario, absent=True).contradicts
    tree = result_of(make_cell(version="1.0+local.0123abcd", recipe=recipe), scenario, shown)
    assert tree.contradicts
    assert expecting(tree, scenario, absent=False).contradicts


def test_what_was_uploaded_later_has_no_cell(
    make_cell: Callable[..., Cell], make_scenario: Callable[..., Scenario], make_release: Callable[..., Release]
) -> None:
    """Known before anything starts: of the release, of the dependency that varies; never of a working tree."""
    later = NOW + dt.timedelta(seconds=1)
    scenario, of_day = make_scenario(), NamedMoment(at=NOW)
    assert unsupported(make_cell(recipe=of_day, release=make_release("0.1", uploaded=NOW)), scenario) is None
    release = make_release("0.1", uploaded=later)
    assert str(unsupported(make_cell(recipe=of_day, release=release), scenario)).startswith("uvicorn 0.1 was uploaded")
    varied = With(package="h11", release=make_release("0.16.0", uploaded=later), at=NOW)
    assert str(unsupported(make_cell(recipe=varied), scenario)).startswith("h11 0.16.0 was uploaded on")
    assert unsupported(make_cell(recipe=With(package="h11", release=varied.release)), scenario) is None
    tree = make_release("0.1+local.0123abcd", uploaded=later, source="file:///x.whl")
    assert unsupported(make_cell(recipe=of_day, release=tree), scenario) is None
