"""How sure a history is: the stated rule on figures computed by hand, and how it moves with the trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.confidence import ENOUGH, MOST_TRIALS, TRIALS, confidence, trials_wanted
from harness.analysis.history import Point, deciding
from harness.model.verdict import Verdict
from tests.profiles import examples

if TYPE_CHECKING:
    from collections.abc import Mapping

R, A, U, I = Verdict.REPRODUCED, Verdict.ABSENT, Verdict.UNHEALTHY, Verdict.INCONCLUSIVE  # noqa: E741 - as in tables

# A byte is one release with 1 to 8 trials.
histories = st.binary(min_size=1, max_size=12)


def history(*tallies: Mapping[Verdict, int]) -> tuple[Point, ...]:
    """Return the points of releases with these trials; where they disagree the cell is inconclusive."""
    return tuple(
        Point(
            label=str(number),
            verdict=next(iter(tally)) if len(tally) == 1 else I if tally else Verdict.NOT_RUN,
            tally=dict(tally),
        )
        for number, tally in enumerate(tallies)
    )


def decoded(data: bytes) -> tuple[Point, ...]:
    """Return the history that the bytes stand for."""
    tallies: list[dict[Verdict, int]] = []
    for byte in data:
        trials, kind = 1 + (byte >> 2 & 7), byte & 3
        tallies.append({R: trials, A: 1} if kind == 3 else {(R, A, U)[kind]: trials})
    return history(*tallies)


def more(points: tuple[Point, ...], label: str, verdict: Verdict) -> tuple[Point, ...]:
    """Return the points with one more trial of a release."""
    return tuple(
        msgspec.structs.replace(one, tally={**one.tally, verdict: one.tally.get(verdict, 0) + 1})
        if one.label == label
        else one
        for one in points
    )


@pytest.mark.parametrize(
    ("points", "figure"),
    [
        # one release, one trial, no repetition: (0 + 1) / (0 + 2)
        (history({A: 1}), 1 - 1 / 2),
        (history({R: 1}, {A: 1}), (1 - 1 / 2) ** 2),
        # two repetitions agree: chance 1/4, all three wrong
        (history({A: 3}), 1 - (1 / 4) ** 3),
        # four repetitions of two releases: chance 1/6
        (history({R: 3}, {A: 3}), (1 - (1 / 6) ** 3) ** 2),
        # a release that decides nothing: its repetitions count, its trials do not
        (history({R: 3}, {R: 3}, {A: 3}), (1 - (1 / 8) ** 3) ** 2),
        # one of five repetitions disagreed: chance 2/7
        (history({R: 3}, {R: 1, A: 1}, {A: 3}), (1 - (2 / 7) ** 3) ** 2),
        # a release that cannot be judged repeats and agrees too
        (history({R: 3}, {U: 2}, {A: 3}), (1 - (1 / 7) ** 3) ** 2),
        # a release beside two boundaries counts once
        (history({R: 2}, {A: 2}, {R: 2}), (1 - (1 / 5) ** 2) ** 3),
        # no boundary: the two ends
        (history({A: 2}, {A: 1}, {A: 2}), (1 - (1 / 4) ** 2) ** 2),
        # releases with different numbers of trials
        (history({R: 1}, {A: 4}), (1 - 1 / 5) * (1 - (1 / 5) ** 4)),
    ],
)
def test_figures_by_hand(points: tuple[Point, ...], figure: float) -> None:
    """Each computed from the words of the rule."""
    assert confidence(points) == pytest.approx(figure, rel=1e-12)


def seldom(*tallies: Mapping[Verdict, int]) -> tuple[Point, ...]:
    """Return the points of releases where one trial that shows the failure is enough."""
    return tuple(
        Point(label=str(number), verdict=R if R in tally else A, tally=dict(tally))
        for number, tally in enumerate(tallies)
    )


@pytest.mark.parametrize(
    ("points", "figure"),
    [
        # one of two repetitions missed it: (1 + 1) / (2 + 2); no release without it showed it in three: 1 / (3 + 2)
        (seldom({R: 2, A: 1}, {A: 3}), (1 - (1 / 5) ** 2) * (1 - (1 / 2) ** 3)),
        # it shows in one trial of three: nine trials without it are not enough to be sure
        (seldom({R: 1, A: 2}, {R: 1, A: 2}, {A: 9}), (1 - 1 / 11) * (1 - (5 / 6) ** 9)),
        # it nearly always shows
        (seldom({R: 9, A: 1}, {A: 10}), (1 - (1 / 12) ** 9) * (1 - (2 / 11) ** 10)),
    ],
)
def test_what_shows_only_now_and_then_is_less_sure(points: tuple[Point, ...], figure: float) -> None:
    """A release is free of it only as surely as its trials would have shown it."""
    assert confidence(points) == pytest.approx(figure, rel=1e-12)


def test_more_trials_where_the_failure_is_easily_missed() -> None:
    """As many as make it sure, or as are sensible, which are more than where each trial shows it."""
    assert trials_wanted(seldom({R: 2, A: 1}, {A: 3})) == {"0": 10, "1": 10}
    assert trials_wanted(seldom({R: 6, A: 1}, {A: 3})) == {"1": 4}
    assert trials_wanted(seldom({R: 10}, {A: 10})) == {}


@pytest.mark.parametrize("points", [(), history({}), history({U: 3}, {}, {R: 1, A: 1})])
def test_without_a_judged_release_there_is_no_figure(points: tuple[Point, ...]) -> None:
    """Nor is there a release that is to be tried again."""
    assert confidence(points) is None
    assert trials_wanted(points) == {}


def test_judged_release_without_counted_trials_proves_nothing() -> None:
    """As in a document of an older program: it is tried again."""
    points = (Point(label="0", verdict=A),)
    assert confidence(points) == 0
    assert trials_wanted(points)["0"] >= TRIALS


@examples(2_000)
@given(histories)
def test_confidence_moves_with_the_trials(data: bytes) -> None:
    """It lies between 0 and 1, rises with each trial that agrees and falls with each that does not."""
    points = decoded(data)
    sure = confidence(points)
    decide = {one.label for one in deciding(points)}
    if sure is None:
        assert not decide
        return
    assert 0 <= sure <= 1
    for one in points:
        shown = next(iter(one.tally))
        agreeing = confidence(more(points, one.label, shown))
        assert agreeing is not None
        assert agreeing >= sure
        if one.label in decide and sure < 1 - 1e-9:
            assert agreeing > sure
        if one.label not in decide:
            disagreeing = confidence(more(points, one.label, I))
            assert disagreeing is not None
            assert disagreeing < sure or sum(one.tally.values()) == 1
            assert disagreeing < agreeing or sure > 1 - 1e-9
        elif sum(one.tally.values()) > 2:
            turned = more(points, one.label, Verdict.NOT_RUN)
            turned = more(turned, one.label, Verdict.NOT_RUN)
            same = more(more(points, one.label, shown), one.label, shown)
            assert (confidence(turned) or 0) < (confidence(same) or 0)


@examples(2_000)
@given(histories)
def test_trials_wanted_come_to_an_end(data: bytes) -> None:
    """At 0.99, or where each deciding release has had as many trials as is sensible; not a trial before."""
    points = decoded(data)
    asked = 0
    while wanted := trials_wanted(points):
        asked += 1
        by_label = {one.label: one for one in points}
        assert wanted.keys() <= {one.label for one in deciding(points)}
        for label, count in wanted.items():
            tally = by_label[label].tally
            assert sum(tally.values()) < count <= MOST_TRIALS
            for _ in range(count - sum(tally.values())):
                points = more(points, label, by_label[label].verdict)
    assert asked <= 1
    tried = [sum(one.tally.values()) for one in deciding(points)]
    sure = confidence(points)
    assert all(count >= TRIALS for count in tried)
    if sure is not None and sure < ENOUGH:
        assert all(count >= MOST_TRIALS for count in tried)


def test_more_trials_where_trials_ever_disagreed() -> None:
    """Three are enough for a boundary of releases that never waver; a wavering one in the history costs more."""
    steady = history({R: 1}, {A: 1})
    assert trials_wanted(steady) == {"0": 3, "1": 3}
    wavering = history({R: 1}, {R: 1, A: 1}, {A: 1})
    assert trials_wanted(wavering) == {"0": 4, "2": 4}
    assert trials_wanted(history({R: 3}, {A: 3})) == {}
    assert trials_wanted(history({R: 2}, {A: 3})) == {"0": 3}


def test_nothing_is_asked_for_without_end() -> None:
    """A history of dice stays below what is enough."""
    points = history({R: 10}, *({R: 1, A: 1, U: 1} for _ in range(60)), {A: 10})
    assert trials_wanted(points) == {}
    sure = confidence(points)
    assert sure is not None
    assert sure < ENOUGH
