"""What is analysed may be called anything: nothing but the order that is given counts."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.advice import advice
from harness.analysis.assessment import (
    Assessment,
    assess_fixed,
    assess_introduced,
    assess_last_affected,
    assess_open,
)
from harness.analysis.attribution import Cause
from harness.analysis.candidates import Candidate, Place
from harness.analysis.confidence import ENOUGH, confidence, trials_wanted
from harness.analysis.coverage import cover
from harness.analysis.document import Searched
from harness.analysis.history import Gap, Point, Range, boundaries, deciding, ranges, unknown_between
from harness.analysis.inquiry import wanted
from harness.analysis.search import Strategy, anchors, bisect, sweep
from harness.analysis.series import Series
from harness.model.claim import ClaimedRange
from harness.model.coordinates import SeriesKey
from harness.model.result import EnvironmentResult
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.model.cell import Cell
    from harness.model.release import Release
    from harness.model.result import CellResult

VERSIONS = tuple(f"0.{number}" for number in range(16))
# Most of them are no versions, and two are the same version.
NAMES = (
    "2.0",
    "1.0",
    "1.0.0",
    "0.9",
    "main",
    "a3f9c01",
    "7",
    "v8",
    "",
    " ",
    "<1.0",
    "é",
    "None",
    "fix it",
    "0.15",
    "Z",
)
KINDS = tuple(Verdict)
BISECT = Searched(strategy=Strategy.BISECT, seed=1)

# A byte is one candidate: its verdict, and its trials.
histories = st.binary(max_size=len(NAMES))


def points_of(data: bytes, labels: Sequence[str]) -> tuple[Point, ...]:
    """Return the history that bytes stand for, over candidates with these labels."""
    points = []
    for byte, label in zip(data, labels, strict=False):
        verdict, trials = KINDS[byte % len(KINDS)], byte // len(KINDS) % 4
        tally = {verdict: trials} if verdict.is_judged and trials else {}
        points.append(Point(label=label, verdict=verdict, reason="ill", tally=tally, is_usual=byte % 5 > 0))
    return tuple(points)


# The candidates that documents name here by their numbers, the first one as 1.
CLAIMED = (
    [ClaimedRange(introduced="0", fixed="5")],
    [ClaimedRange(introduced="2", last_affected="3"), ClaimedRange(introduced="7")],
)


def number_of(name: str, count: int) -> Place:
    """Place a candidate by its number, among so many."""
    return Place(older=min(int(name) - 1, count), is_there=int(name) <= count)


def steps(points: Sequence[Point]) -> list[tuple[str, ...]]:
    """Return what a bisection asks for, step by step, and what a sweep asks for in the end."""
    labels = [one.label for one in points]
    truth = {one.label: one.verdict for one in points}
    always = anchors(labels, [len(labels) // 3] if labels else [], seed="1")
    known: dict[str, Verdict] = {}
    asked = []
    while step := bisect(labels, known, always):
        asked.append(step)
        known |= {label: truth[label] for label in step}
    return [*asked, sweep(labels, known)]


def everything(points: Sequence[Point]) -> Any:  # noqa: ANN401 - values of many shapes, to be compared
    """Return all that is said of a history, as plain values."""
    found, labels = ranges(points), [one.label for one in points]
    return msgspec.to_builtins(
        {
            "ranges": found,
            "boundaries": [(one.older.label, one.newer.label, one.fixes) for one in boundaries(points)],
            "deciding": [one.label for one in deciding(points)],
            "confidence": confidence(points),
            "trials": trials_wanted(points),
            "advice": advice(points, found),
            "assessments": [
                [assess(points, position) for position in (None, *range(len(points)))]
                for assess in (assess_fixed, assess_introduced, assess_last_affected)
            ],
            "open": assess_open(points),
            "coverage": [cover(points, one, lambda name: number_of(name, len(points))) for one in CLAIMED],
            "unknown": [unknown_between(one, found.gaps, labels) for one in found.affected],
            "steps": steps(points),
        }
    )


def renamed(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - likewise
    """Return plain values, all sequences as lists, in which each label is another one."""
    if isinstance(value, dict):
        return {renamed(key, names): renamed(inside, names) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [renamed(inside, names) for inside in value]
    return names.get(value, value) if isinstance(value, str) else value


@settings(max_examples=2_000)
@given(data=histories, names=st.permutations(NAMES))
def test_labels_decide_nothing(data: bytes, names: list[str]) -> None:
    """The same verdicts over versions and over any names in any order: the same is said, in the other names."""
    over_versions = everything(points_of(data, VERSIONS))
    over_names = renamed(everything(points_of(data, names)), {})
    assert over_names == renamed(over_versions, dict(zip(VERSIONS, names, strict=True)))


COMMITS = tuple(hashlib.sha256(str(number).encode()).hexdigest()[:12] for number in range(200))
FIX = 137  # the first commit without the failure
BROKEN = 136  # cannot be built
KEY = SeriesKey(scenario="some-failure", variant="default", subject="uvicorn", platform="linux", python="3.12")


def find(name: str, labels: Sequence[str]) -> Place | None:
    """Place a commit by the beginning of its hash, as git does."""
    found = [position for position, label in enumerate(labels) if label.startswith(name)]
    return Place(older=found[0], is_there=True) if len(found) == 1 else None


@pytest.fixture
def commits(make_cell: Callable[..., Cell], make_release: Callable[..., Release]) -> Series:
    """The commits of a clone, each tried as what was built of it."""
    assert list(COMMITS) != sorted(COMMITS)
    built = {one: make_release(f"0.27.0+local.{one[:8]}", source=f"/built/{one}.whl") for one in COMMITS}
    return Series(
        key=KEY,
        candidates=tuple(Candidate(label=one) for one in COMMITS),
        cells={label: make_cell(release=release) for label, release in built.items()},
        find=find,
    )


def searched(commits: Series, make_result: Callable[..., CellResult]) -> dict[str, CellResult]:
    """Run what an inquiry wants until it wants nothing; a commit's dependencies change with its verdict."""
    numbers = {cell.release: COMMITS.index(label) for label, cell in commits.cells.items()}
    results: dict[str, CellResult] = {}
    while step := wanted(commits, results, BISECT, claimed=COMMITS[FIX][:7]):
        for cell, trials in step.items():
            number = numbers[cell.release]
            verdict = Verdict.REPRODUCED if number < FIX else Verdict.ABSENT
            if number == BROKEN:
                verdict = Verdict.ENVIRONMENT_FAILED
            h11 = "0.8" if numbers[getattr(cell.recipe, "release", cell.release)] < FIX else "0.9"
            results[cell.id] = make_result(
                id=cell.id,
                version=cell.release.version,
                verdict=verdict,
                reason=None if verdict.is_judged else "it cannot be built",
                trials=trials,
                tally={verdict: trials},
                control=cell.recipe.label,
                environment=EnvironmentResult(interpreter="/python", pins={"h11": h11}, resolved_as_of="2024"),
            )
    return results


def test_history_of_commits(commits: Series, make_result: Callable[..., CellResult]) -> None:
    """It is searched, judged, and its boundary attributed, in the order of the clone and by the hashes' own labels."""
    results = searched(commits, make_result)
    points = commits.points(results)
    found = ranges(points)
    last, fix = COMMITS[BROKEN - 1], COMMITS[FIX]
    assert found.affected == (Range(introduced=None, last_affected=last, fixed=fix, first=COMMITS[0], last=last),)
    assert (found.first_fixed, found.safe_since, found.relapses) == (fix, fix, ())
    assert (
        Gap(first=COMMITS[BROKEN], last=COMMITS[BROKEN], reason="environment-failed: it cannot be built") in found.gaps
    )
    assert unknown_between(found.affected[0], found.gaps, COMMITS)
    assert len(found.tested) <= 15 + math.log2(len(COMMITS))
    assert not commits.is_whole(found)
    assert (confidence(points) or 0) >= ENOUGH
    cause = commits.attribution(boundaries(points)[0], results)
    assert (cause.older, cause.newer, cause.fixes, cause.cause) == (last, fix, True, Cause.SUBJECT)
    assert cause.cells.older_exchanged == f"{cause.cells.older}_dependencies-of-0.27.0+local.{fix[:8]}"
    assert set(cause.changed) == {"h11"}


@pytest.mark.parametrize(
    ("name", "assessment"),
    [
        (COMMITS[FIX], Assessment.CONFIRMED),
        (COMMITS[FIX][:7], Assessment.CONFIRMED),
        (COMMITS[BROKEN - 1][:7], Assessment.NOT_FIXED),
        (COMMITS[BROKEN], Assessment.UNTESTED),
        ("", Assessment.UNTESTED),  # any commit's
        ("no commit", Assessment.UNTESTED),
    ],
)
def test_claimed_commit_is_found_as_its_kind_says(
    name: str, assessment: Assessment, commits: Series, make_result: Callable[..., CellResult]
) -> None:
    """By the beginning of its hash; a name that git cannot place claims nothing that was measured."""
    points = commits.points(searched(commits, make_result))
    assert assess_fixed(points, commits.position(name, COMMITS)) is assessment


def test_commit_is_left_out_of_a_series_whole(commits: Series) -> None:
    """With its cell; the order of the others stays."""
    rest = commits.without(COMMITS[1:3])
    assert rest.labels == (COMMITS[0], *COMMITS[3:])
    assert [one.label for one in rest.points({})] == list(rest.labels)
