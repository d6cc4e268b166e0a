"""A boundary that comes from dependencies, traced: driven to its end by synthetic cells that know their pins."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.attribution import Cause, Through, Trace
from harness.analysis.history import UNTESTED, boundaries
from harness.analysis.series import Series
from harness.analysis.tracing import MOST_EXCHANGED, MOST_SEARCHED, trace
from harness.model.coordinates import SeriesKey
from harness.model.recipe import DependenciesOf, With
from harness.model.release import Release
from harness.model.result import CellResult, EnvironmentResult
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.cell import Cell

    World = Callable[[Mapping[str, int]], Verdict]

KEY = SeriesKey(scenario="some-failure", variant="default", subject="uvicorn", platform="linux", python="3.12")
UPLOADED = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
OLDER, NEWER = "0.1", "0.2"
BROKEN, FINE, ILL = Verdict.REPRODUCED, Verdict.ABSENT, Verdict.UNHEALTHY
SERIES = Series.of_releases(KEY, [Release(version=version, uploaded=UPLOADED) for version in (OLDER, NEWER)])


def releases(count: int) -> tuple[Release, ...]:
    """Return the releases of a dependency, numbered from 0."""
    return tuple(Release(version=f"{number}.0", uploaded=UPLOADED) for number in range(count))


def result(cell: Cell, own: Mapping[str, Mapping[str, int]], world: World) -> CellResult:
    """Return what a cell shows by what it runs with: its own, the other's, or one release of one package."""
    match cell.recipe:
        case DependenciesOf(release=other):
            pins = dict(own[other.version])
        case With(package=package, release=release):
            pins = {**own[cell.release.version], package: int(release.version.split(".")[0])}
        case _:
            pins = dict(own[cell.release.version])
    verdict = world(pins)
    return CellResult(
        **cell.fields,
        id=cell.id,
        python_full=None,
        verdict=verdict,
        reason=None if verdict.is_judged else "it is ill",
        expected=None,
        trials=3,
        duration_s=0.0,
        cached=False,
        evidence=None,
        environment=EnvironmentResult(
            interpreter="/python",
            pins={"uvicorn": cell.release.version, **{name: f"{number}.0" for name, number in pins.items()}},
            resolved_as_of="2024",
        ),
        tally={verdict: 3},
        control=cell.recipe.label,
    )


def four_cells() -> list[Cell]:
    """Return the cells that stand at the boundary."""
    pairs = ((OLDER, None), (OLDER, NEWER), (NEWER, None), (NEWER, OLDER))
    return [SERIES.cell(label, other) for label, other in pairs]


def traced(
    older: Mapping[str, int], newer: Mapping[str, int], world: World, *, known: int = 30
) -> tuple[Trace | None, list[Cell]]:
    """Run the four cells of the boundary and then what a trace wants; return the trace, and the cells it wanted."""
    own = {OLDER: older, NEWER: newer}
    results = {cell.id: result(cell, own, world) for cell in four_cells()}
    (boundary,) = boundaries(SERIES.points(results))
    found = SERIES.attribution(boundary, results)
    assert found.cause is Cause.DEPENDENCY
    ran: list[Cell] = []
    while (step := trace(SERIES, found, results, lambda _package: releases(known))).wanted:
        assert not {cell.id for cell in step.wanted} & results.keys()
        ran += step.wanted
        results |= {cell.id: result(cell, own, world) for cell in step.wanted}
    return step.trace, ran


def of_h11(from_: int, *, ill: frozenset[int] = frozenset()) -> World:
    """Return a world in which h11 has the failure from a release on, and some of its releases cannot serve."""

    def verdict(pins: Mapping[str, int]) -> Verdict:
        return ILL if pins["h11"] in ill else BROKEN if pins["h11"] >= from_ else FINE

    return verdict


@given(st.data())
def test_the_two_releases_are_found(data: st.DataObject) -> None:
    """Wherever the change lies, whichever way it goes, and whichever releases cannot be judged; within the bound."""
    change = data.draw(st.integers(1, 25))
    low, high = data.draw(st.integers(0, change - 1)), data.draw(st.integers(change, 26))
    ill = frozenset(data.draw(st.sets(st.integers(low + 1, high - 1)))) if high - low > 1 else frozenset()
    older, newer = data.draw(st.permutations([{"h11": low, "click": 1}, {"h11": high, "click": 2}]))
    found, ran = traced(older, newer, of_h11(change, ill=ill - {low, high}))
    assert found is not None
    (through,) = found.through
    first, last = (int((label or "").split(".")[0]) for label in (through.older, through.newer))
    assert first < change <= last
    untried = [number for number in range(first + 1, last) if number not in ill]
    assert len(untried) == 0 or len(ran) >= MOST_SEARCHED
    assert through.between == tuple(f"{number}.0" for number in range(first + 1, last))
    assert (found.alike, found.unknown) == (("click",), {})
    assert len(ran) <= MOST_SEARCHED + 3


def test_one_dependency_that_differs_needs_no_exchange() -> None:
    """The boundary's own cells have exchanged it; only the search is left to run."""
    found, ran = traced({"h11": 4}, {"h11": 5}, of_h11(5))
    assert found == Trace(
        through=(Through(package="h11", held=OLDER, older="4.0", newer="5.0", tested=("4.0", "5.0")),)
    )
    assert ran == []


def test_what_takes_several_is_no_single_one() -> None:
    """Neither alone changes the verdict of the older release, and that is known."""
    world: World = lambda pins: BROKEN if pins["h11"] == pins["click"] == 2 else FINE  # noqa: E731
    found, _ = traced({"h11": 1, "click": 1}, {"h11": 2, "click": 2}, world)
    assert found == Trace(alike=("click", "h11"))


def test_a_dependency_that_only_one_has() -> None:
    """It is added to the other; nothing is searched."""
    found, _ = traced({"click": 1}, {"click": 2, "h11": 3}, lambda pins: BROKEN if "h11" in pins else FINE)
    assert found is not None
    assert found.through == (Through(package="h11", held=OLDER, older=None, newer="3.0", tested=("3.0",)),)
    assert found.alike == ("click",)


def test_the_newer_is_held_where_the_older_cannot_run() -> None:
    """With the other's release of the one dependency, which it cannot do without."""

    def world(pins: Mapping[str, int]) -> Verdict:
        if (pins["h11"], pins["click"]) == (2, 1):
            return ILL
        return BROKEN if pins["h11"] == 2 else FINE

    found, _ = traced({"h11": 1, "click": 1}, {"h11": 2, "click": 2}, world)
    assert found is not None
    (through,) = found.through
    assert (through.package, through.held, through.older, through.newer) == ("h11", NEWER, "1.0", "2.0")


def test_no_more_than_some_are_exchanged() -> None:
    """The others are named, so that nobody takes them for innocent."""
    names = [f"part-{number}" for number in range(MOST_EXCHANGED + 2)]
    world: World = lambda pins: BROKEN if pins[names[0]] == 2 else FINE  # noqa: E731
    found, ran = traced(dict.fromkeys(names, 1), dict.fromkeys(names, 2), world)
    assert found is not None
    assert [one.package for one in found.through] == names[:1]
    assert list(found.unknown) == names[MOST_EXCHANGED:]
    assert len(ran) == MOST_EXCHANGED


@pytest.mark.parametrize("known", [0, 1])
def test_unknown_releases_are_not_searched(known: int) -> None:
    """As in a document that was made before: the trace says nothing then."""
    found, ran = traced({"h11": 1, "click": 1}, {"h11": 5, "click": 2}, of_h11(3), known=known)
    assert (found, ran) == (None, [])


def test_what_is_still_to_be_run_is_told() -> None:
    """A search that was interrupted says which dependency it did not look at."""
    own = {OLDER: {"h11": 1, "click": 1}, NEWER: {"h11": 2, "click": 2}}
    results = {cell.id: result(cell, own, of_h11(2)) for cell in four_cells()}
    (boundary,) = boundaries(SERIES.points(results))
    found = SERIES.attribution(boundary, results)
    alone = SERIES.with_release(OLDER, "click", releases(3)[2])
    step = trace(SERIES, found, {**results, alone.id: result(alone, own, of_h11(2))}, lambda _package: releases(3))
    assert step.trace == Trace(alike=("click",), unknown={"h11": UNTESTED})
    assert [cell.recipe.label for cell in step.wanted] == ["with-h11-2.0"]
