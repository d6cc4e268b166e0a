"""Claimed ranges on a history: which of the releases that they name have the failure, and which others have it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.assessment import Assessment
from harness.analysis.coverage import Coverage, cover
from harness.analysis.releases import place_of
from harness.model.claim import ClaimedRange
from tests.letters import numbered
from tests.profiles import examples


def named(text: str) -> ClaimedRange:
    """Return the range that a few words stand for: ``1-3`` ends before 0.3, ``1=3`` with it, ``1-`` never."""
    for sign, end in (("=", "last_affected"), ("-", "fixed")):
        first, found, last = text.partition(sign)
        if found:
            ends = {end: f"0.{last}"} if last else {}
            return ClaimedRange(introduced="0" if first == "" else f"0.{first}", **ends)
    return ClaimedRange(introduced=f"0.{text}", last_affected=f"0.{text}")


def covered(history: str, *ranges: str) -> Coverage:
    """Return what a history of the releases 0.0, 0.1 … says about claimed ranges."""
    points = numbered(history)
    labels = [point.label for point in points]
    return cover(points, [named(one) for one in ranges], lambda name: place_of(name, labels))


@pytest.mark.parametrize(
    ("history", "ranges", "assessment", "ends", "too_wide", "too_narrow"),
    [
        ("aRRa", ["1-3"], "confirmed", [("confirmed", "confirmed")], [], []),
        ("aRRa", ["1=2"], "confirmed", [("confirmed", "confirmed")], [], []),
        ("RRaa", ["-2"], "confirmed", [("confirmed", "confirmed")], [], []),
        ("aRRR", ["1-"], "confirmed", [("confirmed", "confirmed")], [], []),
        # each end by itself, with what it names wrongly or misses
        ("aRRRa", ["1-3"], "not-fixed", [("confirmed", "not-fixed")], [], ["3"]),
        ("aRRaa", ["1-4"], "fixed-earlier", [("confirmed", "fixed-earlier")], ["3"], []),
        ("aaRRa", ["-4"], "introduced-later", [("introduced-later", "confirmed")], ["0", "1"], []),
        ("RRRRa", ["2-4"], "introduced-earlier", [("introduced-earlier", "confirmed")], [], ["0", "1"]),
        ("aRRa", ["1-"], "fixed-since", [("confirmed", "fixed-since")], ["3"], []),
        ("aRRu", ["1-3"], "unhealthy-at-claim", [("confirmed", "unhealthy-at-claim")], [], []),
        ("aRRaR", ["1-3"], "relapsed", [("confirmed", "relapsed")], [], ["4"]),
        # what lies inside and outside, where both ends are right
        ("aRaRa", ["1-4"], "too-wide", [("confirmed", "confirmed")], ["2"], []),
        ("aRRaRa", ["1-3"], "too-narrow", [("confirmed", "confirmed")], [], ["4"]),
        # a relapse that the document names is not held against it
        ("aRRaR", ["1-3", "4-"], "confirmed", [("confirmed", "confirmed")] * 2, [], []),
        ("aRRaRa", ["4-5", "1-3"], "confirmed", [("confirmed", "confirmed")] * 2, [], []),
        # single releases in a row, and ranges that overlap, are one stretch
        ("aRRRa", ["1", "2", "3"], "confirmed", [("confirmed", "confirmed")], [], []),
        ("aRRRa", ["1-3", "2=3"], "confirmed", [("confirmed", "confirmed")], [], []),
        ("aRRRa", ["1-2", "2-4"], "confirmed", [("confirmed", "confirmed")], [], []),
        (
            "aRRRa",
            ["1", "3"],
            "not-fixed",
            [("confirmed", "not-fixed"), ("introduced-earlier", "confirmed")],
            [],
            ["2"],
        ),
        # unknown
        ("aR.a", ["1-3"], "untested", [("confirmed", "untested")], [], []),
        ("-RRa", ["-3"], "untested", [("untested", "confirmed")], [], []),
        ("-RRa", ["-9"], "too-wide", [("untested", "untested")], ["3"], []),  # whatever its ends are
        ("aaa", ["1-2"], "not-seen", [("not-seen", "not-seen")], ["1"], []),
        ("u.e", ["1-2"], "untested", [("untested", "untested")], [], []),
        ("", ["1-2"], "untested", [("untested", "untested")], [], []),
        # a name of no release
        ("aRRa", ["5-7"], "too-narrow", [("untested", "untested")], [], ["1", "2"]),
    ],
)
def test_claimed_ranges(
    history: str,
    ranges: list[str],
    assessment: str,
    ends: list[tuple[str, str]],
    too_wide: list[str],
    too_narrow: list[str],
) -> None:
    """One word for all, one for each end, and the releases."""
    found = covered(history, *ranges)
    assert [(one.beginning, one.end) for one in found.stretches] == ends
    assert found.too_wide == tuple(f"0.{number}" for number in too_wide)
    assert found.too_narrow == tuple(f"0.{number}" for number in too_narrow)
    assert found.assessment == assessment


def test_a_name_that_nobody_can_place_makes_the_claim_untested() -> None:
    """As of candidates that are no releases."""
    found = cover(numbered("Ra"), [named("-1")], lambda _: None)
    assert (found.assessment, found.stretches, found.too_wide, found.too_narrow) == (Assessment.UNTESTED, (), (), ())


def test_a_stretch_keeps_the_words_of_its_document() -> None:
    """The beginning of its first range and the end of its last one."""
    (stretch,) = covered("aRRRa", "2-4", "1=2").stretches
    assert (stretch.introduced, stretch.fixed, stretch.last_affected) == ("0.1", "0.4", None)


@examples(2_000)
@given(
    history=st.text("Rauie-.", min_size=1, max_size=10),
    places=st.sets(st.integers(min_value=0, max_value=9), max_size=6),
)
def test_what_is_named_wrongly_by_definition(history: str, places: set[int]) -> None:
    """Over any set of single releases: those free of it inside, those with it outside; confirmed only without both."""
    inside = {place for place in places if place < len(history)}
    if not inside:
        return
    found = covered(history, *map(str, sorted(inside)))
    assert found.too_wide == tuple(f"0.{n}" for n, letter in enumerate(history) if letter == "a" and n in inside)
    assert found.too_narrow == tuple(f"0.{n}" for n, letter in enumerate(history) if letter == "R" and n not in inside)
    runs = sum(place - 1 not in inside for place in inside)
    assert len(found.stretches) == runs
    if found.assessment is Assessment.CONFIRMED:
        assert not found.too_wide
        assert not found.too_narrow
        assert all({one.beginning, one.end} == {Assessment.CONFIRMED} for one in found.stretches)
