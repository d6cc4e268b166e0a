"""From results to series, and from a series to what is printed of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.attribution import Cause, Change
from harness.analysis.claims import claim_results
from harness.analysis.document import history_of
from harness.analysis.history import Boundary, Gap, Point, Range
from harness.analysis.search import Strategy
from harness.analysis.series import Series, series_of
from harness.model.claim import Claim
from harness.model.coordinates import SeriesKey
from harness.model.result import EnvironmentResult
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.model.release import Release
    from harness.model.result import CellResult

R, A, U = Verdict.REPRODUCED, Verdict.ABSENT, Verdict.UNHEALTHY
KEY = SeriesKey(scenario="some-failure", variant="default", subject="uvicorn", platform="linux", python="3.12")
ORDERED = ("0.9", "0.10.dev1", "0.10a1", "0.10rc1", "0.10", "0.10.post1.dev1", "0.10.post1", "0.11", "1!0.1")
FINAL = ("0.9", "0.10", "0.10.post1", "0.11", "1!0.1")


@pytest.fixture
def make_series(make_release: Callable[..., Release]) -> Callable[..., Series]:
    """Make a series of versions, oldest first."""

    def make(*versions: str) -> Series:
        releases = tuple(make_release(version, yanked=version == "0.3") for version in versions)
        return Series.of_releases(KEY, releases)

    return make


@pytest.fixture
def measured(make_result: Callable[..., CellResult]) -> Callable[..., dict[str, CellResult]]:
    """Make the results of a history by cell id: version to verdict; each release has an h11 of its own number."""

    def make(series: Series, trials: int = 3, **verdicts: Verdict) -> dict[str, CellResult]:
        made = {}
        for name, verdict in verdicts.items():
            version = name.strip("v").replace("_", ".")
            pins = {"uvicorn": version, "h11": version, "click": "8"}
            made[series.cell(version).id] = make_result(
                version=version,
                verdict=verdict,
                reason=None if verdict.is_judged else "it is ill",
                trials=trials,
                tally={verdict: trials},
                environment=EnvironmentResult(interpreter="/python", pins=pins, resolved_as_of="2024"),
            )
        return made

    return make


@given(order=st.permutations(ORDERED), tested=st.sets(st.sampled_from(ORDERED), min_size=1))
def test_releases_of_a_series(
    order: list[str],
    tested: set[str],
    make_release: Callable[..., Release],
    make_result: Callable[..., CellResult],
) -> None:
    """As PEP 440 orders them, in whatever order they come; pre-releases only where they were tested."""
    (series,) = series_of(
        [make_result(version=version) for version in order if version in tested],
        {"uvicorn": [make_release(version) for version in order]},
    )
    assert series.labels == tuple(version for version in ORDERED if version in {*FINAL, *tested})
    assert series.key == KEY
    assert series.subject == "uvicorn"


def test_release_that_a_python_cannot_install_is_a_gap_and_not_searched(
    make_release: Callable[..., Release], make_result: Callable[..., CellResult]
) -> None:
    """It is not tried unless somebody did all the same; a yanked one is. That it exists is known all the same."""
    known = [
        make_release("0.1", requires_python="<3.10"),
        make_release("0.2", requires_python="<3.10"),
        make_release("0.3", yanked=True),
        make_release("0.4"),
    ]
    (series,) = series_of([make_result(version="0.2"), make_result(version="0.4")], {"uvicorn": known})
    assert series.labels == ("0.2", "0.3", "0.4")
    history = history_of(series, {}, strategy=Strategy.SELECTION)
    assert history.yanked == ("0.3",)
    assert history.untested == ("0.2", "0.3", "0.4")
    assert history.gaps[0] == Gap(first="0.1", last="0.1", reason="unsupported: uvicorn 0.1 requires Python <3.10")


@pytest.mark.parametrize(
    ("older", "newer", "specifier", "is_open"),
    [
        (None, None, "<=0.4", False),
        (">=3.14", None, ">=0.2,<=0.4", True),
        (None, ">=3.14", "<=0.4", False),
        ("<3.8", ">=3.14", ">=0.2,<=0.4", True),
    ],
)
def test_history_does_not_reach_what_its_python_cannot_install(
    older: str | None,
    newer: str | None,
    specifier: str,
    make_release: Callable[..., Release],
    make_result: Callable[..., CellResult],
    *,
    is_open: bool,
) -> None:
    """A fix that the Python cannot install is no reason to say that there is none; nor is an old release one."""
    known = [
        make_release("0.1", requires_python=older),
        *(make_release(version) for version in ("0.2", "0.3", "0.4")),
        make_release("0.5", requires_python=newer),
    ]
    tried = [one.version for one in known if one.admits("3.12") and one.version != "0.5"]
    results = [make_result(version=version, verdict=R, tally={R: 3}) for version in tried]
    (series,) = series_of(results, {"uvicorn": known})
    found = history_of(series, {one.id: one for one in results}, strategy=Strategy.SWEEP)
    assert found.specifiers == (specifier,)
    (affected,) = found.affected
    assert (affected.open_before, affected.open_after) == (is_open, True)
    assert found.whole is (newer is not None)
    assert found.confidence is None


def test_two_subjects_of_one_scenario_are_two_series(
    make_release: Callable[..., Release], make_result: Callable[..., CellResult]
) -> None:
    """Results of a fork, or of whoever wrote the document, are no part of the other's history."""
    results = [make_result(), make_result(subject="fork", version="3.0", verdict=R)]
    found = list(series_of(results, {"uvicorn": [make_release("0.27.0")], "fork": [make_release("3.0")]}))
    assert [(one.subject, one.labels) for one in found] == [("fork", ("3.0",)), ("uvicorn", ("0.27.0",))]
    assert len({one.key for one in found}) == 2


def test_each_variant_python_and_platform_is_a_series(
    make_release: Callable[..., Release], make_result: Callable[..., CellResult]
) -> None:
    """Wine is never Windows."""
    results = [
        make_result(variant=variant, python=python, platform=platform)
        for variant in ("h11", "httptools")
        for python in ("3.8", "3.12")
        for platform in ("windows", "windows-wine")
    ]
    found = list(series_of(results, {"uvicorn": [make_release("0.27.0")]}))
    assert len(found) == 8
    assert {one.key for one in found} == {result.key for result in results}


def test_controls_and_cells_that_cannot_exist_are_in_no_series(
    make_release: Callable[..., Release], make_result: Callable[..., CellResult]
) -> None:
    """They say nothing about a release."""
    results = [
        make_result(verdict=Verdict.UNSUPPORTED, reason="not here", platform="windows"),
        make_result(control="copy-1", python="3.11"),
    ]
    assert list(series_of(results, {"uvicorn": [make_release("0.27.0")]})) == []


def test_result_of_a_release_that_is_not_known_is_no_part_of_a_history(
    make_release: Callable[..., Release], make_result: Callable[..., CellResult]
) -> None:
    """A local project stands in no history of the index's releases."""
    (series,) = series_of([make_result(version="0.27.0+local.abc")], {"uvicorn": [make_release("0.27.0")]})
    assert series.labels == ("0.27.0",)


def test_key_reads_as_people_say_it() -> None:
    """In headings and lines."""
    assert str(KEY) == "some-failure default, Python 3.12, linux"


def test_cells_of_a_boundary(
    make_series: Callable[..., Series], measured: Callable[..., dict[str, CellResult]]
) -> None:
    """The older one with the newer's dependencies, the newer one with the older's."""
    series = make_series("0.1", "0.2")
    boundary = Boundary(older=Point(label="0.1", verdict=R), newer=Point(label="0.2", verdict=A))
    cells = series.four_cells(boundary, measured(series, v0_1=R, v0_2=A))
    assert cells.older == "some-failure_default_uvicorn-0.1_py3.12_linux"
    assert cells.newer == "some-failure_default_uvicorn-0.2_py3.12_linux"
    assert cells.older_exchanged == f"{cells.older}_dependencies-of-0.2"
    assert cells.newer_exchanged == f"{cells.newer}_dependencies-of-0.1"


def test_history(make_series: Callable[..., Series], measured: Callable[..., dict[str, CellResult]]) -> None:
    """All that the contract names, of one small history."""
    series = make_series("0.1", "0.2", "0.3", "0.4", "0.5")
    results = measured(series, v0_1=R, v0_2=A, v0_3=U, v0_4=R)
    found = history_of(series, results, strategy=Strategy.BISECT, seed=7)
    assert found.key == KEY
    assert (found.subject, found.strategy, found.seed) == ("uvicorn", "bisect", 7)
    assert (found.tested, found.untested) == (("0.1", "0.2", "0.3", "0.4"), ("0.5",))
    assert found.yanked == ("0.3",)
    assert found.affected == (
        Range(introduced=None, last_affected="0.1", fixed="0.2", first="0.1", last="0.1"),
        Range(introduced="0.4", last_affected=None, fixed=None, first="0.4", last="0.4", open_after=True),
    )
    assert found.specifiers == ("<0.2", "==0.4")
    assert (found.judged, found.whole) == (("0.1", "0.2", "0.4"), False)
    assert (found.first_fixed, found.safe_since, found.relapses) == ("0.2", None, ("0.4",))
    assert found.gaps == (
        Gap(first="0.3", last="0.3", reason="unhealthy: it is ill"),
        Gap(first="0.5", last="0.5", reason="not tested"),
    )
    assert found.trials == 12
    assert found.confidence == pytest.approx((1 - (1 / 10) ** 3) ** 3, abs=1e-6)


def test_boundaries_are_attributed(
    make_series: Callable[..., Series],
    measured: Callable[..., dict[str, CellResult]],
    make_result: Callable[..., CellResult],
) -> None:
    """By the controls beside them; one whose controls were not run is undetermined."""
    series = make_series("0.1", "0.2", "0.3")
    results = measured(series, v0_1=R, v0_2=A, v0_3=R)
    for older, newer, verdict in (("0.1", "0.2", A), ("0.2", "0.1", R)):
        cell = series.cell(older, newer)
        results[cell.id] = make_result(id=cell.id, version=older, verdict=verdict, control=cell.recipe.label)
    first, second = history_of(series, results, strategy=Strategy.SWEEP).attribution
    assert (first.older, first.newer, first.cause) == ("0.1", "0.2", Cause.DEPENDENCY)
    assert first.changed == {"h11": Change(older="0.1", newer="0.2")}
    assert len(first.verdicts) == 4
    assert (second.older, second.newer, second.cause) == ("0.2", "0.3", Cause.UNDETERMINED)
    assert second.reason == f"{series.cell('0.2', '0.3').id} is not-run"


def test_trials_of_controls_are_not_trials_of_the_history(
    make_series: Callable[..., Series],
    measured: Callable[..., dict[str, CellResult]],
    make_result: Callable[..., CellResult],
) -> None:
    """They say nothing about how often a release was tried."""
    series = make_series("0.1", "0.2")
    results = measured(series, v0_1=R, v0_2=A)
    control = series.cell("0.1", "0.2")
    results[control.id] = make_result(
        id=control.id, version="0.1", control=control.recipe.label, trials=3, tally={A: 3}
    )
    found = history_of(series, results, strategy=Strategy.SWEEP)
    assert found.trials == 6
    assert found.confidence == pytest.approx((1 - (1 / 6) ** 3) ** 2, abs=1e-6)


def test_series_without_results_says_nothing(make_series: Callable[..., Series]) -> None:
    """Neither affected nor safe, and no figure."""
    found = history_of(make_series("0.1", "0.2"), {}, strategy=Strategy.SELECTION)
    assert (found.tested, found.affected, found.specifiers, found.safe_since) == ((), (), (), None)
    assert found.confidence is None
    assert found.gaps == (Gap(first="0.1", last="0.2", reason="not tested"),)


@pytest.mark.parametrize(
    ("verdicts", "assessment", "upgrade_to"),
    [((R, A, A), "confirmed", "0.2"), ((R, R, A), "not-fixed", "0.4"), ((R, U, A), "unhealthy-at-claim", "0.4")],
)
def test_claim_beside_a_history(
    verdicts: Sequence[Verdict],
    assessment: str,
    upgrade_to: str,
    make_series: Callable[..., Series],
    measured: Callable[..., dict[str, CellResult]],
) -> None:
    """With where it was measured and what to do."""
    series = make_series("0.1", "0.2", "0.4")
    claim = Claim(document="page.txt", references=("server #1",), fixed="0.2")
    results = measured(series, **dict(zip(("v0_1", "v0_2", "v0_4"), verdicts, strict=True)))
    (found,) = claim_results(series, results, [claim])
    assert (found.scenario, found.variant, found.document) == ("some-failure", "default", "page.txt")
    assert (found.python, found.platform, found.claimed_fixed) == ("3.12", "linux", "0.2")
    assert (found.assessment, found.upgrade_to) == (assessment, upgrade_to)
    assert found.sentence.startswith("The page says upgrade to 0.2. ")
