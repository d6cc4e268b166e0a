"""Affected ranges: what they say is what was judged, no more and no less, however releases are numbered."""

from __future__ import annotations

import functools
import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from harness.analysis.history import UNTESTED, Gap, Point, Range, Ranges, boundaries, deciding, ranges
from harness.analysis.releases import specifiers
from harness.model.verdict import Verdict
from tests.profiles import examples

# In the order of PEP 440, written down by hand.
SUFFIXES = (".dev1", "a1", "b2.dev1", "rc1", "", ".post1.dev1", ".post1", ".post2")
VERSIONS = tuple(f"{base}{suffix}" for base in ("0.9", "0.10", "0.10.1", "1!0.2") for suffix in SUFFIXES)
PARSED = {version: Version(version) for version in VERSIONS}
KINDS = (
    Verdict.NOT_RUN,
    Verdict.REPRODUCED,
    Verdict.ABSENT,
    Verdict.UNHEALTHY,
    Verdict.INCONCLUSIVE,
    Verdict.ENVIRONMENT_FAILED,
    Verdict.REPRODUCED,
    Verdict.UNSUPPORTED,
)
LETTERS = {
    "R": Verdict.REPRODUCED,
    "a": Verdict.ABSENT,
    "u": Verdict.UNHEALTHY,
    "i": Verdict.INCONCLUSIVE,
    "e": Verdict.ENVIRONMENT_FAILED,
    ".": Verdict.NOT_RUN,
    "-": Verdict.UNSUPPORTED,
}

# A byte is one release of `VERSIONS` with one verdict of `KINDS`.
histories = st.binary(max_size=6) | st.binary(min_size=7, max_size=40)


def decoded(data: bytes) -> tuple[Point, ...]:
    """Return the history that the bytes stand for, oldest release first."""
    verdicts = {VERSIONS[byte >> 3]: KINDS[byte & 7] for byte in data}
    return tuple(point(version, verdicts[version]) for version in VERSIONS if version in verdicts)


def point(version: str, verdict: Verdict) -> Point:
    """Return a point as a series makes it."""
    return Point(label=version, verdict=verdict, reason=None if verdict.is_judged else f"{version} is ill")


def spelt(letters: str) -> tuple[Point, ...]:
    """Return a history of releases 0, 1, 2 … with these verdicts."""
    return tuple(point(str(number), LETTERS[letter]) for number, letter in enumerate(letters))


@functools.cache
def admits(specifier: str, version: str) -> bool:
    """Whether a user's resolver would take the release for one that the specifier means."""
    return SpecifierSet(specifier).contains(version, prereleases=True)


def inside(found: Range, version: str) -> bool:
    """Whether the release stands between the outermost affected ones, by PEP 440's order alone."""
    assert found.first is not None
    assert found.last is not None
    return PARSED[found.first] <= PARSED[version] <= PARSED[found.last]


def check_membership(points: tuple[Point, ...], found: Ranges) -> None:
    """What was judged can be computed again from the ranges, from the specifiers, and with the gaps from nothing else.

    A release in a gap is not judged, wherever it stands.
    """
    told = specifiers(found.affected, [one.label for one in points])
    assert len(told) == len(found.affected)
    for one in points:
        by_range = [number for number, span in enumerate(found.affected) if inside(span, one.label)]
        by_specifier = [number for number, spec in enumerate(told) if admits(spec, one.label)]
        gaps = [gap for gap in found.gaps if PARSED[gap.first] <= PARSED[one.label] <= PARSED[gap.last]]
        assert by_specifier == by_range
        assert len(by_range) <= 1
        if gaps:
            assert len(gaps) == 1
            assert not one.verdict.is_judged
        else:
            assert one.verdict is (Verdict.REPRODUCED if by_range else Verdict.ABSENT)


def check_edges(points: tuple[Point, ...], found: Ranges) -> None:
    """Each range begins and ends with an affected release beside one that is judged not to be, or is open."""
    judged = [one for one in points if one.verdict.is_judged]
    names = [one.label for one in judged]
    affected = [one.verdict is Verdict.REPRODUCED for one in judged]
    starts = [n for n, hit in enumerate(affected) if hit and (n == 0 or not affected[n - 1])]
    ends = [n for n, hit in enumerate(affected) if hit and (n + 1 == len(judged) or not affected[n + 1])]
    assert found.affected == tuple(
        Range(
            introduced=names[start] if start else None,
            last_affected=names[end] if end + 1 < len(names) else None,
            fixed=names[end + 1] if end + 1 < len(names) else None,
            first=names[start],
            last=names[end],
            open_before=start == 0 and names[0] != points[0].label,
            open_after=end + 1 == len(names) and names[-1] != points[-1].label,
        )
        for start, end in zip(starts, ends, strict=True)
    )


def check_words(points: tuple[Point, ...], found: Ranges) -> None:
    """``first_fixed``, ``safe_since`` and ``relapses`` by the words of their definitions."""
    hit = {one.label: one.verdict is Verdict.REPRODUCED for one in points if one.verdict.is_judged}
    names = list(hit)
    first_fixed = next((name for n, name in enumerate(names) if n and hit[names[n - 1]] and not hit[name]), None)
    safe = [name for n, name in enumerate(names) if not any(hit[later] for later in names[n:])]
    after = names[names.index(first_fixed) :] if first_fixed else []
    assert found.first_fixed == first_fixed
    assert found.safe_since == (safe[0] if safe else None)
    assert found.relapses == tuple(name for name in after if hit[name])


def check_gaps(points: tuple[Point, ...], found: Ranges) -> None:
    """Tested and untested are all; a gap is as long as it can be and says why nothing is known."""
    by_label = {one.label: one for one in points}
    unseen = {Verdict.NOT_RUN, Verdict.UNSUPPORTED}
    assert found.tested == tuple(one.label for one in points if one.verdict not in unseen)
    assert found.judged == tuple(one.label for one in points if one.verdict.is_judged)
    assert found.untested == tuple(one.label for one in points if one.verdict is Verdict.NOT_RUN)
    rest = list(points)
    for gap in found.gaps:
        rest = list(itertools.dropwhile(lambda one: one.label != gap.first, rest))  # noqa: B023 - used at once
        verdict = by_label[gap.first].verdict
        run = list(itertools.takewhile(lambda one: one.verdict is verdict, rest))  # noqa: B023 - likewise
        assert gap.last == run[-1].label
        assert gap.reason == (UNTESTED if verdict is Verdict.NOT_RUN else f"{verdict}: {gap.first} is ill")
        rest = rest[len(run) :]
    assert sum(not one.verdict.is_judged for one in points) == sum(
        PARSED[gap.first] <= PARSED[one.label] <= PARSED[gap.last] for gap in found.gaps for one in points
    )


def check_boundaries(points: tuple[Point, ...], found: Ranges) -> None:
    """Boundaries are the edges of the ranges; a history stands on them, or on its two ends where it has none."""
    edges = [(one.older.label, one.newer.label) for one in boundaries(points)]
    assert [newer for _, newer in edges] == [
        name for span in found.affected for name in (span.introduced, span.fixed) if name
    ]
    assert [one.fixes for one in boundaries(points)] == [
        fixes for span in found.affected for name, fixes in ((span.introduced, False), (span.fixed, True)) if name
    ]
    for one in boundaries(points):
        assert {one.older.verdict, one.newer.verdict} == {Verdict.REPRODUCED, Verdict.ABSENT}
    judged = [one.label for one in points if one.verdict.is_judged]
    stands_on = {name for pair in edges for name in pair} if edges else {*judged[:1], *judged[-1:]}
    assert {one.label for one in deciding(points)} == stands_on
    assert len(deciding(points)) == len(stands_on)


def test_table_is_in_the_order_of_pep_440() -> None:
    """The other tests trust it."""
    assert sorted(VERSIONS, key=Version) == list(VERSIONS)
    assert len(VERSIONS) == 32


@examples(10_000)
@given(histories)
def test_ranges_are_exact(data: bytes) -> None:
    """Over histories with gaps and relapses, of final, pre-, post- and dev-releases of two epochs."""
    points = decoded(data)
    found = ranges(points)
    check_membership(points, found)
    check_edges(points, found)
    check_words(points, found)
    check_gaps(points, found)
    check_boundaries(points, found)


@pytest.mark.parametrize(
    ("letters", "affected", "told", "first_fixed", "safe_since", "relapses"),
    [
        ("", [], [], None, None, []),
        ("...", [], [], None, None, []),
        ("uie", [], [], None, None, []),
        ("aaa", [], [], None, "0", []),
        (".a", [], [], None, "1", []),
        ("RRR", [(None, None, None)], [">=0"], None, None, []),
        ("RRaa", [(None, "1", "2")], ["<2"], "2", "2", []),
        ("aRRa", [("1", "2", "3")], [">=1,<3"], "3", "3", []),
        ("aRa", [("1", "1", "2")], ["==1"], "2", "2", []),
        ("aaRR", [("2", None, None)], [">=2"], None, None, []),
        ("RRaaRRaa", [(None, "1", "2"), ("4", "5", "6")], ["<2", ">=4,<6"], "2", "6", ["4", "5"]),
        ("RaR", [(None, "0", "1"), ("2", None, None)], ["<1", ">=2"], "1", None, ["2"]),
        ("aRaRaR", [("1", "1", "2"), ("3", "3", "4"), ("5", None, None)], ["==1", "==3", ">=5"], "2", None, ["3", "5"]),
        ("Ruua", [(None, "0", "3")], ["<1"], "3", "3", []),
        ("aR.Ra", [("1", "3", "4")], [">=1,<4"], "4", "4", []),
        ("auR.", [("2", None, None)], ["==2"], None, None, []),
        ("RaRu", [(None, "0", "1"), ("2", None, None)], ["<1", "==2"], "1", None, ["2"]),
        # a release by itself: nothing is known of what is before it or after it
        ("..R..", [(None, None, None)], ["==2"], None, None, []),
        ("R..", [(None, None, None)], ["<=0"], None, None, []),
        ("..R", [(None, None, None)], [">=2"], None, None, []),
        (".RuR.", [(None, None, None)], [">=1,<=3"], None, None, []),
        # what this Python cannot install, or could not, is neither affected nor free of it
        ("eeRRa", [(None, "3", "4")], [">=2,<4"], "4", "4", []),
        ("aRR--", [("1", None, None)], [">=1,<=2"], None, None, []),
        ("--RRa", [(None, "3", "4")], [">=2,<4"], "4", "4", []),
    ],
)
def test_spelt_histories(
    letters: str,
    affected: list[tuple[str | None, str | None, str | None]],
    told: list[str],
    first_fixed: str | None,
    safe_since: str | None,
    relapses: list[str],
) -> None:
    """Spelt out, so that the checks above cannot be wrong in the same way as the code."""
    found = ranges(spelt(letters))
    assert [(one.introduced, one.last_affected, one.fixed) for one in found.affected] == affected
    assert list(specifiers(found.affected, [str(number) for number in range(len(letters))])) == told
    assert (found.first_fixed, found.safe_since, list(found.relapses)) == (first_fixed, safe_since, relapses)


def test_gaps_of_each_kind_are_told_apart() -> None:
    """Not tested, unhealthy and inconclusive are three gaps though they stand side by side."""
    assert ranges(spelt("R..uuiaa.")).gaps == (
        Gap(first="1", last="2", reason="not tested"),
        Gap(first="3", last="4", reason="unhealthy: 3 is ill"),
        Gap(first="5", last="5", reason="inconclusive: 5 is ill"),
        Gap(first="8", last="8", reason="not tested"),
    )


@pytest.mark.parametrize(
    ("history", "specifier"),
    [
        ({"1.0": "R", "1.0.post1": "R", "1.1": "a"}, "<1.1"),
        ({"1.0": "R", "1.0.post1": "a"}, "<1.0.post1"),
        ({"0.9": "a", "1.0": "R", "1.0.post1": "a"}, "==1.0"),
        ({"0.9": "a", "1.0rc1": "R", "1.0": "a"}, "==1.0rc1"),
        ({"0.9": "R", "1.0rc1": "R", "1.0": "a"}, "<=1.0rc1"),
        ({"0.9": "R", "1.0rc1": "a"}, "<1.0rc1"),
        ({"1.0": "R", "1.1.dev1": "a", "1.1": "a"}, "<1.1.dev1"),
        ({"1.0": "R", "1.1.dev1": "R", "1.1a1": "a"}, "<1.1a1"),
        ({"1.0": "R", "1.1": "u", "1.2": "a"}, "<1.1"),
        ({"0.9": "a", "1.0rc1": "R", "1.0": "R", "1.0.post1": "a"}, ">=1.0rc1,<=1.0"),
        ({"0.9": "R", "1.0rc1": "u", "1.0": "R", "1.0.post1": "a"}, "<=1.0"),
    ],
)
def test_specifiers_as_users_read_them(history: dict[str, str], specifier: str) -> None:
    """A fix in a post-release, a pre-release that is affected, a fix that a pre-release brought.

    Some resolvers take ``<1.0.post1`` not to mean 1.0rc1.
    """
    found = ranges(tuple(point(version, LETTERS[letter]) for version, letter in history.items()))
    assert specifiers(found.affected, list(history)) == (specifier,)


def test_gap_in_json_has_the_words_of_the_contract() -> None:
    """``from`` and ``to``, which Python keeps for itself; and they are read again."""
    gap = Gap(first="1", last="2", reason="not tested")
    text = msgspec.json.encode(gap)
    assert text == b'{"from":"1","to":"2","reason":"not tested"}'
    assert msgspec.json.decode(text, type=Gap) == gap
