"""Was the page right, in a word and in plain words; and where should its reader go."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.advice import advice
from harness.analysis.assessment import Assessment
from harness.analysis.claims import assessed
from harness.analysis.history import ranges
from harness.analysis.releases import place_of
from harness.analysis.sentences import said
from harness.model.claim import Affected, ClaimedRange, Fixed, Introduced, MendedBy, StillOpen
from tests.letters import numbered, points_of
from tests.profiles import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.analysis.history import Point
    from harness.model.claim import Statement
    from harness.model.release import Release

# Gone in 0.11.0, back from 0.16.0 to 0.17.6.
RELAPSE = {"0.10.0": "R", "0.11.0": "a", "0.15.0": "a", "0.16.0": "R", "0.17.6": "R", "0.18.0": "a", "0.19.0": "a"}
NEWEST = "The newest release that could be judged, {}, has it."
NOT_ANY_MORE = "That is right of this release, and not of the newest one that could be judged."
SAYS = "The page says upgrade to"
BACK = "It was gone with 0.11.0 and came back in 0.16.0 to 0.17.6."


def judged(points: Sequence[Point], claimed: str) -> tuple[Assessment, str]:
    """Return the assessment of a claim, and the sentence about it."""
    labels = [one.label for one in points]
    found = assessed(Fixed(claimed), points, ranges(points), lambda name: place_of(name, labels))
    return found.assessment, f"{said(Fixed(claimed))} {found.words}"


@pytest.mark.parametrize(
    ("history", "claimed", "assessment", "words"),
    [
        (RELAPSE, "0.18.0", "confirmed", f"That is right. {BACK}"),
        (RELAPSE, "0.18", "confirmed", f"That is right. The failure is gone since 0.18.0. {BACK}"),
        (RELAPSE | {"0.18.0": "u"}, "0.18.0", "unhealthy-at-claim", None),
        (RELAPSE, "0.16.0", "not-fixed", f"0.16.0 has the failure. The failure is gone since 0.18.0. {BACK}"),
        (RELAPSE, "0.17.6", "not-fixed", None),
        (RELAPSE, "0.11.0", "confirmed", f"That is right. The failure is gone since 0.18.0. {BACK}"),
        (
            RELAPSE,
            "0.19.0",
            "fixed-earlier",
            f"The failure is gone since 0.18.0. {BACK}",
        ),
        (RELAPSE, "0.15.0", "fixed-earlier", None),
        (RELAPSE | {"0.18.0": "."}, "0.18.0", "untested", None),
        (RELAPSE | {"0.18.0": "e"}, "0.18.0", "untested", None),
        (RELAPSE | {"0.18.0": "i"}, "0.18.0", "untested", None),
        (RELAPSE, "0.18.1", "untested", None),
        # the nearest judged release below decides
        (RELAPSE | {"0.17.6": "u"}, "0.18.0", "confirmed", None),
        ({"0.1": "R", "0.2": "a", "0.3": "u", "0.4": "a"}, "0.4", "fixed-earlier", None),
        ({"0.1": "u", "0.2": "a"}, "0.2", "untested", None),
        (
            {"0.1": "a"},
            "0.1",
            "untested",
            "No release before 0.1 could be judged here. No judged release has the failure.",
        ),
        # simple histories in words
        ({"0.1": "R", "0.2": "a"}, "0.2", "confirmed", "That is right."),
        ({"0.1": "R", "0.2": "R"}, "0.2", "not-fixed", f"0.2 has the failure. {NEWEST.format('0.2')}"),
        (
            {"0.1": "R", "0.2": "u", "0.3": "a"},
            "0.2",
            "unhealthy-at-claim",
            "0.2 cannot do its ordinary work here. The failure is gone since 0.3 at the latest.",
        ),
        (
            {"0.1": "a", "0.2": "a"},
            "0.2",
            "not-seen",
            "No judged release has the failure, so that nothing is confirmed or refuted.",
        ),
        # it is in a later release only: the document speaks of an earlier one
        (
            {"0.1": "a", "0.2": "a", "0.3": "R", "0.4": "a"},
            "0.2",
            "untested",
            "No judged release before 0.2 has the failure. The failure is gone since 0.4.",
        ),
        # the first one without it may be one that nobody tried
        (
            {"0.1": "R", "0.2": ".", "0.3": ".", "0.4": "a"},
            "0.4",
            "untested",
            "0.2 to 0.3 before it were not tested here. The failure is gone since 0.4 at the latest.",
        ),
        ({"0.1": "R", "0.2": "a", "0.3": ".", "0.4": "a"}, "0.4", "untested", None),
        ({"0.1": "e", "0.2": "."}, "0.2", "untested", "0.2 was not tested here."),
        ({"0.1": "R"}, "0.2", "untested", f"0.2 cannot be had here. {NEWEST.format('0.1')}"),
        # one release that has it again
        (
            {"0.1": "R", "0.2": "a", "0.3": "R", "0.4": "a"},
            "0.2",
            "confirmed",
            "That is right. The failure is gone since 0.4. It was gone with 0.2 and came back in 0.3.",
        ),
        # twice back, the second time until now
        (
            {"0.1": "R", "0.2": "a", "0.3": "R", "0.4": "a", "0.5": "R", "0.6": "R"},
            "0.2",
            "relapsed",
            f"{NOT_ANY_MORE} {NEWEST.format('0.6')} It was gone with 0.2 and came back in 0.3 and in 0.5 to 0.6.",
        ),
    ],
)
def test_assessment(history: dict[str, str], claimed: str, assessment: str, words: str | None) -> None:
    """The word of the contract, and what is said to a person."""
    found, told = judged(points_of(history), claimed)
    assert found == Assessment(assessment)
    assert told.startswith(f"{SAYS} {claimed}. ")
    assert "None" not in told
    if words is not None:
        assert told.removeprefix(f"{SAYS} {claimed}. ") == words


RANGES = (ClaimedRange(introduced="0", fixed="0.2"),)
AFFECTED = "The document says that these releases are affected: <0.2."
UNSEEN = "No judged release has the failure, so that nothing is confirmed or refuted."


@pytest.mark.parametrize(
    ("history", "statement", "words", "measured"),
    [
        # a beginning
        ("aRRa", Introduced("0.1"), "The document says that the failure came with 0.1. That is right.", "0.1"),
        (
            "RRa",
            Introduced("0"),
            "The document says that the very first release has the failure. That is right.",
            "0.0",
        ),
        ("aRRa", Introduced("0"), "… 0.0 is free of the failure. The first release that has it is 0.1.", "0.1"),
        ("aRRRa", Introduced("0.2"), "… The first release that has it is 0.1.", "0.1"),
        ("-RRRa", Introduced("0.2"), "… 0.1 has it already, and no release before 0.1 could be judged.", None),
        ("a.Ra", Introduced("0.2"), "… 0.1 before it was not tested here.", "0.2"),
        ("aRa", Introduced("0.7"), "… 0.7 cannot be had here.", "0.1"),
        ("aaa", Introduced("0.1"), f"… {UNSEEN}", None),
        # ranges
        ("RRaa", Affected(RANGES), f"{AFFECTED} That is right of all 4 judged releases.", None),
        ("RRRa", Affected(RANGES), f"{AFFECTED} It leaves out releases that have the failure: 0.2.", None),
        ("aRaa", Affected(RANGES), f"{AFFECTED} It names releases that are free of the failure: 0.0.", None),
        (
            "aaRRRRRRRR",
            Affected(RANGES),
            (
                f"{AFFECTED} It names releases that are free of the failure: 0.0, 0.1. "
                "It leaves out releases that have the failure: 0.2, 0.3, 0.4, 0.5, 0.6 … 0.9 (8 releases)."
            ),
            None,
        ),
        ("RRue", Affected(RANGES), f"{AFFECTED} 0.2 cannot do its ordinary work here.", None),
        (
            "-Ra",
            Affected(RANGES),
            f"{AFFECTED} Whether it begins with the very first release could not be judged.",
            None,
        ),
        ("R.aa", Affected(RANGES), f"{AFFECTED} Whether it ends at 0.2 could not be judged.", None),
        ("ue", Affected(RANGES), f"{AFFECTED} No release could be judged here.", None),
        # a commit
        (
            "RRa",
            MendedBy("server #7"),
            "The document says that server #7 fixed the failure. No commit was tried.",
            None,
        ),
        # still open
        (
            "aRR",
            StillOpen(),
            (
                "The document says that no release is without the failure. That is right. "
                "The newest release that could be judged, 0.2, has it."
            ),
            None,
        ),
        ("aRRa", StillOpen(), "… The failure is gone since 0.3.", "0.3"),
        (
            "aR..",
            StillOpen(),
            "… The newest release that could be judged, 0.1, has it. 0.2 to 0.3 were not tested here.",
            None,
        ),
        ("aa", StillOpen(), f"… {UNSEEN}", None),
        ("ue", StillOpen(), "… No release could be judged here.", None),
    ],
)
def test_other_statements_in_plain_words(history: str, statement: Statement, words: str, measured: str | None) -> None:
    """What the document says, whether that is right, what was measured instead."""
    points = numbered(history)
    labels = [one.label for one in points]
    found = assessed(statement, points, ranges(points), lambda name: place_of(name, labels))
    assert f"{said(statement)} {found.words}".endswith(words.removeprefix("… "))
    if not isinstance(statement, Affected):
        assert found.measured == measured


@pytest.mark.parametrize(
    ("history", "claimed", "measured"),
    [
        ("RRaa", "0.2", "0.2"),
        ("RRaa", "0.3", "0.2"),
        ("RRRa", "0.1", "0.3"),
        ("RaRRa", "0.4", "0.4"),
        ("RaRRa", "0.1", "0.1"),
        ("RR", "0.1", None),
        ("RRa", "0.9", "0.2"),
        ("aa", "0.1", None),
    ],
)
def test_the_measured_fix_is_that_of_the_claimed_one_s_range(history: str, claimed: str, measured: str | None) -> None:
    """A claim may be of a later range than the first; where its release does not exist, the first range counts."""
    points = numbered(history)
    labels = [one.label for one in points]
    found = assessed(Fixed(claimed), points, ranges(points), lambda name: place_of(name, labels))
    assert found.measured == measured


def test_every_assessment_is_a_word_of_the_contract() -> None:
    """And each of these can come out."""
    assert {str(one) for one in Assessment} == {
        *("confirmed", "relapsed", "fixed-earlier", "not-fixed", "unhealthy-at-claim", "not-seen", "untested"),
        *("introduced-earlier", "introduced-later", "fixed-since", "too-wide", "too-narrow"),
    }


@examples(2_000)
@given(letters=st.text("Rauie.", max_size=12), place=st.integers(min_value=0, max_value=11))
def test_assessment_by_its_definition(letters: str, place: int) -> None:
    """The verdict at the claimed release; where that is absent the nearest judged one below, if all between were tried.

    "Confirmed" needs a newest judged release without the failure, "fixed earlier" an older one with it.
    """
    points = points_of({str(number): letter for number, letter in enumerate(letters)})
    at = letters[place] if place < len(letters) else "."
    below, every = re.sub("[uie]", "", letters[:place]), re.sub("[uie.]", "", letters)
    if at == "a" and below.endswith("R"):
        expected = Assessment.RELAPSED if every.endswith("R") else Assessment.CONFIRMED
    elif at == "a" and below.endswith("a") and "R" in below:
        expected = Assessment.FIXED_EARLIER
    elif at == "a" and below.endswith("a") and "R" not in every:
        expected = Assessment.NOT_SEEN
    else:
        expected = {"R": Assessment.NOT_FIXED, "u": Assessment.UNHEALTHY_AT_CLAIM}.get(at, Assessment.UNTESTED)
    assessment, told = judged(points, str(place))
    assert assessment is expected
    found = ranges(points)
    if expected is Assessment.CONFIRMED:
        assert str(place) in {one.fixed for one in found.affected}
    assert "None" not in told
    assert ("came back" in told) is bool(found.relapses)
    newest = NEWEST.format(found.judged[-1] if found.judged else "none")
    assert (newest in told) is (bool(found.affected) and found.safe_since is None)


@pytest.fixture
def releases(make_release: Callable[..., Release]) -> list[Release]:
    """All that is known of a subject, one of them yanked."""
    return [make_release(f"0.{number}", yanked=number == 3) for number in range(9)] + [make_release("0.2rc1")]


@pytest.mark.parametrize(
    ("history", "to"),
    [
        ({"0.0": "R", "0.1": "a", "0.2": "a"}, "0.1 or later"),
        ({"0.0": "R", "0.1": "u", "0.2": "a"}, "0.2 or later"),
        ({"0.0": "R", "0.1": "a", "0.2": "R", "0.4": "a"}, "0.4 or later"),
        # nobody is sent past a release that cannot serve, nor told "or later" where the newest one cannot
        ({"0.0": "R", "0.1": "a", "0.2": "u", "0.4": "a"}, "0.4 or later"),
        ({"0.0": "R", "0.1": "a", "0.2": "a", "0.4": "u"}, "0.2"),
        ({"0.0": "R", "0.1": "a", "0.2": "I", "0.4": "a"}, "0.4 or later"),
        # what was not tried is not recommended; what could not be installed cannot be gone to
        ({"0.0": "R", "0.1": "a", "0.2": ".", "0.4": "a"}, "0.1"),
        ({"0.0": "R", "0.1": "a", "0.2": "e", "0.4": "a"}, "0.1 or later"),
        # yanked
        ({"0.0": "R", "0.3": "a", "0.4": "a"}, "0.4 or later"),
        ({"0.0": "R", "0.3": "a"}, None),
        # a pre-release
        ({"0.0": "R", "0.2rc1": "a", "0.2": "a"}, "0.2 or later"),
        ({"0.0": "R", "0.2rc1": "a", "0.2": "u", "0.3": "a", "0.4": "i", "0.5": ".", "0.6": "a"}, "0.6 or later"),
        # nothing to leave behind, or nowhere to go
        ({"0.0": "a", "0.1": "a"}, None),
        ({"0.0": "R", "0.1": "R"}, None),
        ({"0.0": "R", "0.1": "a", "0.2": "R"}, None),
        ({"0.0": "u"}, None),
        # not among the known releases any more
        ({"0.0": "R", "0.99": "a"}, None),
    ],
)
def test_advice(history: dict[str, str], to: str | None, releases: list[Release]) -> None:
    """The smallest release that is safe, final and not yanked, with none after it affected or unable to work."""
    points = points_of(history, releases)
    found = advice(points, ranges(points))
    assert (str(found).removeprefix("upgrade to ") if found else None) == to


def test_a_fix_that_was_released_later_than_what_has_the_failure_is_no_relapse(
    make_release: Callable[..., Release],
) -> None:
    """A branch for old users gets its fix when the newer branch has been there for long."""
    days = {"0.1": 1, "0.1.1": 9, "0.2": 5, "0.2.1": 9}
    releases = [
        make_release(version, uploaded=dt.datetime(2024, 1, day, tzinfo=dt.UTC)) for version, day in days.items()
    ]
    _, told = judged(points_of({"0.1": "R", "0.1.1": "a", "0.2": "R", "0.2.1": "a"}, releases), "0.1.1")
    assert "came back" not in told
    assert told.endswith("It is gone with 0.1.1, which was released later than others that have it: 0.2.")
