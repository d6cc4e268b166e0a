"""What is still to be run: driven to its end by synthetic cells whose trials answer one by one."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis import search
from harness.analysis.attribution import Cause
from harness.analysis.confidence import ENOUGH, MOST_TRIALS, TRIALS, confidence
from harness.analysis.document import Searched, history_of
from harness.analysis.history import UNTESTED, boundaries, deciding
from harness.analysis.inquiry import wanted
from harness.analysis.search import Strategy, anchors
from harness.analysis.series import Series
from harness.model import coordinates
from harness.model.coordinates import SeriesKey
from harness.model.release import Release
from harness.model.result import CellResult, EnvironmentResult
from harness.model.verdict import Verdict
from tests.profiles import examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.analysis.history import Point
    from harness.model.cell import Cell

KEY = SeriesKey(scenario="some-failure", variant="default", subject="uvicorn", platform="linux", python="3.12")
UPLOADED = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
SWEEP = Searched(strategy=Strategy.SWEEP)
BISECT = Searched(strategy=Strategy.BISECT, seed=1)
JUDGED = (Verdict.REPRODUCED, Verdict.ABSENT)
KINDS: tuple[Verdict | str, ...] = (*JUDGED, Verdict.UNHEALTHY, Verdict.ENVIRONMENT_FAILED, "flaky", "seldom")
Kind = Verdict | str

PRINTABLE = functools.cache(coordinates.printable)  # most of what the inquiries below take time for

# A byte is one release: half of its values repeat the release before.
truths = st.binary(min_size=1, max_size=9)
long_truths = st.binary(min_size=18, max_size=26)


def decoded(data: bytes) -> list[Kind]:
    """Return what kind of release each is."""
    kinds: list[Kind] = []
    for byte in data:
        place = byte % (2 * len(KINDS))
        kinds.append(kinds[-1] if kinds and place >= len(KINDS) else KINDS[place % len(KINDS)])
    return kinds


@functools.cache
def series_of_size(size: int) -> Series:
    """Return a series of so many releases."""
    releases = tuple(Release(version=f"0.{number}", uploaded=UPLOADED) for number in range(size))
    return Series.of_releases(KEY, releases)


def trial(kind: Kind, number: int) -> Verdict:
    """Return what one trial shows: ``flaky`` turns at once, ``seldom`` from the third trial on."""
    if isinstance(kind, Verdict):
        return kind
    return JUDGED[number % 2] if kind == "flaky" else JUDGED[number % 3 == 2]


def answer(cell: Cell, trials: int, kind: Kind, pins: Mapping[str, str]) -> CellResult:
    """Return the result of a cell after so many trials: they agree, or it is inconclusive."""
    shown = [trial(kind, number) for number in range(trials)]
    agree = len(set(shown)) == 1
    verdict = shown[0] if agree else Verdict.INCONCLUSIVE
    return CellResult(
        id=cell.id,
        scenario=cell.scenario,
        variant=cell.variant,
        subject=cell.subject,
        version=cell.release.version,
        python=cell.python,
        python_full=None,
        platform=cell.platform,
        verdict=verdict,
        reason=None if verdict.is_judged else "it is ill",
        expected=None,
        trials=trials,
        duration_s=0.0,
        cached=False,
        evidence=None,
        environment=EnvironmentResult(interpreter="/python", pins=dict(pins), resolved_as_of="2024"),
        tally={one: shown.count(one) for one in shown},
        control=cell.recipe.label,
    )


def place_of(version: str) -> int:
    """Return which release of the series it is."""
    return int(version.split(".")[1])


def survey(
    kinds: Sequence[Kind],
    searched: Searched,
    *,
    claimed: Sequence[str] = (),
    trials: int = 1,
    causes: bool = True,
    every: int = 2,
) -> tuple[Series, dict[str, CellResult]]:
    """Run what is wanted until nothing is; the dependencies change with every so many releases.

    What is asked for must be new: more trials than there are, or a cell without any.
    """
    series = series_of_size(len(kinds))
    results: dict[str, CellResult] = {}
    while step := wanted(series, results, searched, claimed=claimed, trials=trials, causes=causes):
        for cell, count in step.items():
            assert count > (results[cell.id].trials if cell.id in results else 0)
            assert count <= max(MOST_TRIALS, trials)
            subject = cell.release.version
            dependencies = place_of(getattr(cell.recipe, "release", cell.release).version) // every
            pins = {"uvicorn": subject, "h11": f"0.{dependencies}"}
            results[cell.id] = answer(cell, count, kinds[place_of(subject)], pins)
    return series, results


def check_verdicts(kinds: Sequence[Kind], points: Sequence[Point]) -> None:
    """What a history says of a release is what all its trials say; a doubtful one is never taken for good or bad."""
    for one in points:
        kind = kinds[place_of(one.label)]
        if one.verdict is Verdict.NOT_RUN:
            assert not one.tally
        elif isinstance(kind, Verdict):
            assert one.verdict is kind
        else:
            assert one.verdict is (next(iter(one.tally)) if len(one.tally) == 1 else Verdict.INCONCLUSIVE)
    for one in deciding(points):
        assert isinstance(kinds[place_of(one.label)], Verdict)  # whoever turns was found out before it decides


def check_sure(points: Sequence[Point]) -> None:
    """Each release that the history stands on was tried again, until that is enough or as often as is sensible."""
    sure = confidence(points)
    tried = [sum(one.tally.values()) for one in deciding(points)]
    assert all(count >= TRIALS for count in tried)
    if sure is not None and sure < ENOUGH:
        assert all(count >= MOST_TRIALS for count in tried)


def check_causes(series: Series, points: Sequence[Point], results: Mapping[str, CellResult], *, every: int = 2) -> None:
    """Each boundary's releases ran with each other's dependencies, where these differ, and nothing else did."""
    needed = set()
    for boundary in boundaries(points):
        older, newer = boundary.older.label, boundary.newer.label
        if place_of(older) // every != place_of(newer) // every:
            needed |= {series.cell(older, newer).id, series.cell(newer, older).id}
    controls = {result.id: result for result in results.values() if result.control}
    assert needed == controls.keys()
    assert all(controls[name].trials >= TRIALS for name in needed)


def check_boundaries(series: Series, points: Sequence[Point], results: Mapping[str, CellResult]) -> None:
    """No boundary is reported that is not one, and what was not tested is marked so."""
    history = history_of(series, results, strategy=Strategy.BISECT)
    tested = {result.version: result.verdict for result in results.values() if result.control is None}
    edges = boundaries(points)
    for boundary in edges:
        older, newer = place_of(boundary.older.label), place_of(boundary.newer.label)
        assert {tested[boundary.older.label], tested[boundary.newer.label]} == set(JUDGED)
        assert not any(tested[f"0.{number}"].is_judged for number in range(older + 1, newer))
    named = [name for one in history.affected for name in (one.introduced, one.fixed) if name]
    assert named == [boundary.newer.label for boundary in edges]
    marked = {
        version
        for gap in history.gaps
        if gap.reason == UNTESTED
        for version in series.labels[place_of(gap.first) : place_of(gap.last) + 1]
    }
    assert marked == set(history.untested) == set(series.labels) - tested.keys()


def check_inquiry(data: bytes) -> tuple[int, int]:
    """Run a bisection to its end; return how many releases there are, and how many were tested."""
    kinds = decoded(data)
    claimed = f"0.{data[0] % len(data)}"
    series, results = survey(kinds, BISECT, claimed=[claimed], trials=1 + data[-1] % 2)
    points = series.points(results)
    check_verdicts(kinds, points)
    check_sure(points)
    check_causes(series, points, results)
    check_boundaries(series, points, results)
    tested = {one.label for one in points if one.verdict is not Verdict.NOT_RUN}
    assert tested >= set(anchors(series.labels, [place_of(claimed)], seed=f"1 {KEY}"))
    return len(kinds), len(tested)


@examples(10_000)
@given(data=truths)
def test_every_inquiry_ends_and_tells_what_it_saw(data: bytes) -> None:
    """Over histories with gaps, relapses and releases whose trials disagree sooner or later.

    No further releases are drawn, so that short histories leave something to search.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "DRAWN", 0)
        patch.setattr(coordinates, "printable", PRINTABLE)
        check_inquiry(data)


@examples(400)
@given(data=long_truths)
def test_every_long_inquiry_ends_and_tells_what_it_saw(data: bytes) -> None:
    """With all that a bisection tests in any case."""
    check_inquiry(data)


def test_not_every_release_is_tested() -> None:
    """So that the checks above have something to find."""
    releases, tested = check_inquiry(bytes([0, *[6] * 12, 1, *[6] * 12]))
    assert tested < releases


@examples(1_000)
@given(data=truths)
def test_sweep_tests_every_release(data: bytes) -> None:
    """And where no trial disagrees with another its ranges are those of the truth."""
    kinds = decoded(data)
    series, results = survey(kinds, SWEEP, causes=False)
    assert series.results(results).keys() == set(series.labels)
    assert not any(result.control for result in results.values())
    points = series.points(results)
    check_verdicts(kinds, points)
    check_sure(points)
    if all(isinstance(kind, Verdict) for kind in kinds):
        assert [one.verdict for one in points] == kinds


def test_bisection_of_a_long_history_is_cheap() -> None:
    """200 releases: the anchors, eight at the boundary; two releases again, and two with exchanged dependencies."""
    kinds = [Verdict.REPRODUCED] * 60 + [Verdict.ABSENT] * 140
    series, results = survey(kinds, BISECT, claimed=["0.60"], every=1)
    assert len(results) <= 15 + 8 + 2
    history = history_of(series, results, strategy=Strategy.BISECT, seed=1)
    assert history.specifiers == ("<0.60",)
    assert history.confidence is not None
    assert history.confidence >= ENOUGH
    assert [one.cause for one in history.attribution] == [Cause.SUBJECT]
    assert sorted(result.trials for result in results.values())[-4:] == [3, 3, 3, 3]


@pytest.mark.parametrize("searched", [SWEEP, BISECT])
def test_steps_of_an_inquiry(searched: Searched) -> None:
    """First the releases, then those that decide again, then their exchanged dependencies; then nothing."""
    series = series_of_size(3)
    kinds: list[Kind] = [Verdict.REPRODUCED, Verdict.REPRODUCED, Verdict.ABSENT]
    first = wanted(series, {}, searched, claimed=(), trials=1)
    assert first == {series.cell(version): 1 for version in series.labels}
    results = {cell.id: answer(cell, 1, kinds[place_of(cell.release.version)], {"h11": cell.id}) for cell in first}
    again = wanted(series, results, searched, claimed=())
    assert set(again) == {series.cell("0.1"), series.cell("0.2")}
    results |= {cell.id: answer(cell, n, results[cell.id].verdict, {"h11": cell.id}) for cell, n in again.items()}
    exchanged = wanted(series, results, searched, claimed=())
    assert exchanged == {series.cell("0.1", "0.2"): TRIALS, series.cell("0.2", "0.1"): TRIALS}
    assert wanted(series, results, searched, claimed=(), causes=False) == {}
    results |= {cell.id: answer(cell, n, Verdict.UNHEALTHY, {}) for cell, n in exchanged.items()}
    assert wanted(series, results, searched, claimed=()) == {}


def test_equal_dependencies_are_not_exchanged() -> None:
    """There is nothing to exchange: the cause is the subject."""
    series, results = survey([*JUDGED], SWEEP, every=2)
    assert len(results) == 2
    (attribution,) = history_of(series, results, strategy=Strategy.SWEEP).attribution
    assert attribution.cause is Cause.SUBJECT
    assert attribution.changed == {}


def test_seed_decides_which_further_releases_are_tested() -> None:
    """It is recorded, and the same one asks for the same."""
    series = series_of_size(60)
    steps = {
        seed: tuple(wanted(series, {}, Searched(strategy=Strategy.BISECT, seed=seed), claimed=())) for seed in (1, 2)
    }
    assert steps[1] != steps[2]
    assert steps[1] == tuple(wanted(series, {}, Searched(strategy=Strategy.BISECT, seed=1), claimed=()))


def test_claimed_release_and_its_neighbours_are_asked_for_at_once() -> None:
    """Whatever the draw."""
    first = wanted(series_of_size(60), {}, BISECT, claimed=["0.20"])
    assert {"0.0", "0.19", "0.20", "0.21", "0.59"} <= {cell.release.version for cell in first}


def test_as_many_trials_as_the_call_says() -> None:
    """Of every release."""
    assert set(wanted(series_of_size(4), {}, SWEEP, claimed=(), trials=5).values()) == {5}


@pytest.mark.parametrize(("asked", "trials"), [(1, 4), (3, 4), (6, 6)])
def test_as_many_trials_as_the_scenario_s_rule_needs(asked: int, trials: int) -> None:
    """Fewer of a failure that shows only now and then would prove nothing, of any release nor of any exchange."""
    series = msgspec.structs.replace(series_of_size(2), trials=4)
    first = wanted(series, {}, SWEEP, claimed=(), trials=asked)
    assert set(first.values()) == {trials}
    results = {
        cell.id: answer(cell, count, JUDGED[place_of(cell.release.version)], {"h11": cell.id})
        for cell, count in first.items()
    }
    assert set(wanted(series, results, SWEEP, claimed=(), trials=asked).values()) == {4}
