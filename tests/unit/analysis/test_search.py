"""The searches: they end, they never invent a boundary, and what they did not look at they do not judge."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.history import UNTESTED, Point, Ranges, deciding, ranges
from harness.analysis.search import DRAWN, anchors, bisect, sweep
from harness.model.verdict import Verdict
from tests.profiles import examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RELEASES = tuple(str(number) for number in range(400))
FLAKY = "flaky"  # answers like a judged release at first, and is found out when it is tried again
STEADY = (
    Verdict.REPRODUCED,
    Verdict.ABSENT,
    Verdict.UNHEALTHY,
    Verdict.ENVIRONMENT_FAILED,
    Verdict.INCONCLUSIVE,
)
UNJUDGED = STEADY[2:]

# A byte is one release; the higher half of its values repeats the release before, so that there are stretches.
truths = st.binary(max_size=5) | st.binary(min_size=6, max_size=60)
anywhere = st.integers(min_value=-1, max_value=60)


def decoded(data: bytes) -> list[tuple[Verdict, bool]]:
    """Return what each release shows at first, and whether it is flaky."""
    shown: list[tuple[Verdict, bool]] = []
    for byte in data:
        kind = byte & 15
        if kind < len(STEADY):
            shown.append((STEADY[kind], False))
        elif kind < 7 or not shown:
            shown.append((STEADY[kind % 2], kind < 7))
        else:
            shown.append(shown[-1])
    return shown


def points_of(releases: Sequence[str], verdicts: Mapping[str, Verdict]) -> tuple[Point, ...]:
    """Return the points of what was tested."""
    return tuple(Point(label=one, verdict=verdicts.get(one, Verdict.NOT_RUN), reason="ill") for one in releases)


def places_of(claimed: str | None, releases: Sequence[str]) -> list[int]:
    """Return the position of a claimed release, nothing where it is none of these."""
    return [releases.index(claimed)] if claimed in releases else []


def searched(
    truth: Sequence[tuple[Verdict, bool]], always: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, Verdict]]:
    """Bisect to the end, the releases that the history stands on tried again and again; return what was tested.

    Every step asks for what was not asked for before: the search ends.
    """
    releases = RELEASES[: len(truth)]
    verdicts: dict[str, Verdict] = {}
    doubted: set[str] = set()
    while True:
        if step := bisect(releases, verdicts, always):
            assert set(step) <= set(releases) - verdicts.keys()
            assert len(set(step)) == len(step)
            verdicts |= {release: truth[int(release)][0] for release in step}
            continue
        again = {one.label for one in deciding(points_of(releases, verdicts)) if truth[int(one.label)][1]} - doubted
        if not again:
            return releases, verdicts
        doubted |= again
        verdicts |= dict.fromkeys(again, Verdict.INCONCLUSIVE)


def check_boundaries(releases: Sequence[str], verdicts: Mapping[str, Verdict], found: Ranges) -> None:
    """Both neighbours were tested and have these verdicts; all between them was tested and is not judged."""
    edges = []
    for span in found.affected:
        if span.introduced is not None:
            before = [one for one in releases[: int(span.introduced)] if one in verdicts and verdicts[one].is_judged]
            edges.append((before[-1], Verdict.ABSENT, span.introduced, Verdict.REPRODUCED))
        if span.fixed is not None:
            assert span.last_affected is not None
            edges.append((span.last_affected, Verdict.REPRODUCED, span.fixed, Verdict.ABSENT))
    for older, of_older, newer, of_newer in edges:
        assert verdicts[older] is of_older
        assert verdicts[newer] is of_newer
        for between in releases[int(older) + 1 : int(newer)]:
            assert not verdicts[between].is_judged  # a KeyError where it was not tested


def check_untested(releases: Sequence[str], verdicts: Mapping[str, Verdict], found: Ranges) -> None:
    """What was not tested is marked so, inside a gap that says so, and named as nothing else."""
    marked = {
        release
        for gap in found.gaps
        if gap.reason == UNTESTED
        for release in releases[int(gap.first) : int(gap.last) + 1]
    }
    untested = set(releases) - verdicts.keys()
    assert set(found.untested) == marked == untested
    assert set(found.tested) == verdicts.keys()
    named = {name for one in found.affected for name in (one.introduced, one.last_affected, one.fixed)}
    assert not untested & {*named, found.first_fixed, found.safe_since, *found.relapses}


def check_monotone(size: int, border: int, claimed: str | None, *, fixes: bool) -> None:
    """The bisection says what the sweep says, for the anchors and some releases more that grow with the logarithm."""
    releases = RELEASES[:size]
    older, newer = (Verdict.REPRODUCED, Verdict.ABSENT) if fixes else (Verdict.ABSENT, Verdict.REPRODUCED)
    truth = [(older if number < border else newer, False) for number in range(size)]
    always = anchors(releases, places_of(claimed, releases), seed="1")
    _, verdicts = searched(truth, always)
    by_bisection = ranges(points_of(releases, verdicts))
    by_sweep = ranges(points_of(releases, {release: truth[int(release)][0] for release in releases}))
    assert by_bisection.affected == by_sweep.affected
    assert by_bisection.first_fixed == by_sweep.first_fixed
    assert by_bisection.safe_since == by_sweep.safe_since
    assert by_bisection.relapses == by_sweep.relapses
    assert len(verdicts) - len(always) <= math.ceil(math.log2(size))


@examples(10_000)
@given(data=truths)
def test_bisection_tells_nothing_but_what_it_saw(data: bytes) -> None:
    """Over histories with gaps, relapses and flaky answers, whatever the claimed release is.

    The same bytes stand for a monotone history as well, on which the bisection misses nothing.
    """
    truth = decoded(data)
    claimed = RELEASES[sum(data) % len(data)] if data and data[0] & 1 else None
    always = anchors(RELEASES[: len(truth)], places_of(claimed, RELEASES), seed=str(len(data)))
    releases, verdicts = searched(truth, always)
    assert set(always) <= verdicts.keys()
    found = ranges(points_of(releases, verdicts))
    check_boundaries(releases, verdicts, found)
    check_untested(releases, verdicts, found)
    if not any(verdict.is_judged for verdict in verdicts.values()):
        assert verdicts.keys() == set(releases)  # only a search of everything may end without a verdict
    if data:
        check_monotone(len(data), data[-1] % (len(data) + 1), claimed, fixes=data[0] < 128)


@pytest.mark.parametrize("claimed", [None, "0", "17", "399"])
def test_bisection_of_a_long_monotone_history(claimed: str | None) -> None:
    """400 releases cost no more than 15 anchors and nine."""
    for border in range(401):
        check_monotone(400, border, claimed, fixes=True)


@given(
    parts=st.lists(st.integers(min_value=0, max_value=60), min_size=4, max_size=4),
    place=anywhere,
    ill=st.sampled_from(UNJUDGED),
)
def test_bisection_finds_the_first_and_the_last_judged_release(parts: list[int], place: int, ill: Verdict) -> None:
    """Where the oldest and the newest releases cannot be judged, as those that no longer install."""
    verdicts = (ill, Verdict.REPRODUCED, Verdict.ABSENT, ill)
    truth = [(verdict, False) for verdict, count in zip(verdicts, parts, strict=True) for _ in range(count)]
    releases = RELEASES[: len(truth)]
    claimed = RELEASES[place] if place >= 0 else None
    _, seen = searched(truth, anchors(releases, places_of(claimed, releases), seed="1"))
    judged = [release for release in releases if truth[int(release)][0].is_judged]
    found = [release for release in releases if release in seen and seen[release].is_judged]
    assert found[:1] == judged[:1]
    assert found[-1:] == judged[-1:]
    assert (
        ranges(points_of(releases, seen)).affected
        == ranges(points_of(releases, dict(zip(releases, (verdict for verdict, _ in truth), strict=True)))).affected
    )


def test_ends_that_cannot_be_judged_are_not_all_tried() -> None:
    """150 releases at each end: their edges are found by halving, as any boundary is."""
    ill = [(Verdict.ENVIRONMENT_FAILED, False)] * 150
    truth = [*ill, *[(Verdict.REPRODUCED, False)] * 50, *[(Verdict.ABSENT, False)] * 50, *ill]
    always = anchors(RELEASES, [200], seed="1")
    _, verdicts = searched(truth, always)
    assert {"149", "150", "199", "200", "249", "250"} <= verdicts.keys()
    assert len(verdicts) - len(always) <= 3 * math.ceil(math.log2(400))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 40])
@pytest.mark.parametrize("verdict", UNJUDGED)
def test_search_ends_where_nothing_can_be_judged(size: int, verdict: Verdict) -> None:
    """Having tried everything; nothing is affected and nothing is safe."""
    releases, verdicts = searched([(verdict, False)] * size, anchors(RELEASES[:size], (), seed="1"))
    assert verdicts == dict.fromkeys(releases, verdict)
    found = ranges(points_of(releases, verdicts))
    assert (found.affected, found.safe_since, len(found.gaps)) == ((), None, min(size, 1))


def test_bisection_of_a_history_that_is_all_flaky_ends() -> None:
    """Every release is found out in the end."""
    truth = [(STEADY[number % 2], True) for number in range(30)]
    releases, verdicts = searched(truth, anchors(RELEASES[:30], [7], seed="1"))
    assert verdicts == dict.fromkeys(releases, Verdict.INCONCLUSIVE)


def test_bisection_skips_what_cannot_be_judged() -> None:
    """The boundary is reported around it, and everything in it was looked at."""
    truth = [(Verdict.REPRODUCED, False)] * 40 + [(Verdict.UNHEALTHY, False)] * 9 + [(Verdict.ABSENT, False)] * 40
    releases, verdicts = searched(truth, ("0", "44", "88"))
    found = ranges(points_of(releases, verdicts))
    assert [(one.last_affected, one.fixed) for one in found.affected] == [("39", "49")]
    assert {str(number) for number in range(39, 50)} <= verdicts.keys()
    assert len(verdicts) < 30


def test_bisection_does_not_guess_what_it_did_not_look_at() -> None:
    """A relapse between two good releases is missed, and the releases there are marked untested."""
    truth = [(Verdict.ABSENT, False)] * 20
    truth[10] = (Verdict.REPRODUCED, False)
    releases, verdicts = searched(truth, ("0", "19"))
    found = ranges(points_of(releases, verdicts))
    assert found.affected == ()
    assert found.untested == releases[1:19]


@given(data=truths)
def test_sweep_asks_for_all_that_has_no_verdict(data: bytes) -> None:
    """Once each, in order; and is over then."""
    releases = RELEASES[: len(data)]
    known = {release: Verdict.ABSENT for release, byte in zip(releases, data, strict=True) if byte & 1}
    step = sweep(releases, known)
    assert step == tuple(release for release in releases if release not in known)
    assert sweep(releases, {**known, **dict.fromkeys(step, Verdict.UNHEALTHY)}) == ()


@given(size=st.integers(min_value=1, max_value=60), place=anywhere, seed=st.integers())
def test_anchors(size: int, place: int, seed: int) -> None:
    """Both ends, the claimed release with its neighbours, and some of each side; the same ones each time."""
    releases = RELEASES[:size]
    claimed = [place] if 0 <= place < size else []
    found = anchors(releases, claimed, seed=str(seed))
    assert found == anchors(releases, claimed, seed=str(seed))
    assert list(found) == sorted(set(found), key=int)
    assert {releases[0], releases[-1]} <= set(found) <= set(releases)
    middle = place if 0 <= place < size else size // 2
    assert set(releases[max(middle - 1, 0) : middle + 2]) <= set(found)
    for side in (releases[1 : max(middle - 1, 1)], releases[middle + 2 : -1]):
        assert len(set(side) & set(found)) == min(DRAWN, len(side))


def test_every_claimed_release_is_an_anchor() -> None:
    """Several documents name several releases: each is tried with its neighbours, and some of each stretch between."""
    found = [int(release) for release in anchors(RELEASES[:100], [70, 20], seed="1")]
    assert {0, 19, 20, 21, 69, 70, 71, 99} <= set(found)
    stretches = (range(1, 19), range(22, 69), range(72, 99))
    assert [sum(place in stretch for place in found) for stretch in stretches] == [5, 5, 5]


def test_draw_depends_on_the_seed() -> None:
    """Another seed looks elsewhere."""
    drawn = {anchors(RELEASES[:100], [50], seed=str(seed)) for seed in range(5)}
    assert len(drawn) == 5


def test_no_release_needs_no_anchor() -> None:
    """Nor a search."""
    assert anchors((), (), seed="1") == ()
    assert bisect((), {}, ()) == ()
    assert sweep((), {}) == ()


def test_neighbours_of_the_claim_are_tested_first() -> None:
    """The first step is all anchors at once, so that they can run side by side."""
    always = anchors(RELEASES[:50], [20], seed="1")
    assert bisect(RELEASES[:50], {}, always) == always
    assert {"0", "19", "20", "21", "49"} <= set(always)


def test_several_boundaries_are_narrowed_at_once() -> None:
    """One release of each pair of neighbours that differ, each in the middle."""
    letters = dict(zip(("0", "10", "20"), itertools.cycle((Verdict.REPRODUCED, Verdict.ABSENT)), strict=False))
    assert bisect(RELEASES[:21], letters, ()) == ("5", "15")
