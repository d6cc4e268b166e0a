"""Whether a document is right about one place in an order: tables of all that can lie on both sides of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.assessment import Assessment, assess_introduced, assess_last_affected, assess_open
from tests.letters import numbered
from tests.profiles import examples

letters = st.text("Rauie-.", max_size=12)


@pytest.mark.parametrize(
    ("history", "claimed", "assessment"),
    [
        ("aaRR", 2, "confirmed"),
        ("auRR", 2, "confirmed"),  # it was tried, and cannot be judged
        ("a.RR", 2, "untested"),  # it may be the first one with the failure
        ("aaRRaRR", 5, "confirmed"),  # the beginning of a later range, which its readers met
        ("RRR", 0, "confirmed"),  # nothing comes before the very first one
        ("-RR", 1, "untested"),  # something does
        ("aRRR", 2, "introduced-earlier"),
        ("RRRaa", 3, "introduced-earlier"),  # already fixed again where the document begins it
        ("aaaR", 1, "introduced-later"),
        ("RaaR", 1, "introduced-later"),
        ("aaa", 1, "not-seen"),
        ("aau", 2, "untested"),
        ("aRR", None, "untested"),
    ],
)
def test_beginning(history: str, claimed: int | None, assessment: str) -> None:
    """The words of the contract for a claimed beginning."""
    assert assess_introduced(numbered(history), claimed) == assessment


@pytest.mark.parametrize(
    ("history", "claimed", "assessment"),
    [
        ("RRaa", 1, "confirmed"),
        ("RRua", 1, "confirmed"),
        ("RR.a", 1, "untested"),
        ("RRRa", 1, "not-fixed"),
        ("Raaa", 1, "fixed-earlier"),
        ("RRaR", 1, "relapsed"),
        ("RRaRa", 1, "confirmed"),
        ("aaa", 1, "not-seen"),
        ("aaR", 1, "untested"),
        ("RR", 1, "untested"),  # nothing newer shows that it ends there
        ("Rua", 1, "untested"),
        ("RRa", None, "untested"),
    ],
)
def test_last_affected(history: str, claimed: int | None, assessment: str) -> None:
    """The words of a claimed fix, of a document that names the last affected release instead."""
    assert assess_last_affected(numbered(history), claimed) == assessment


@pytest.mark.parametrize(
    ("history", "assessment"),
    [
        ("aRR", "confirmed"),
        ("aRRu-", "confirmed"),
        ("aRR.", "untested"),  # the newest one may be free of it
        ("aRa", "fixed-since"),
        ("aRau.", "fixed-since"),
        ("RaR", "confirmed"),
        ("aaa", "not-seen"),
        ("u-.", "untested"),
        ("", "untested"),
    ],
)
def test_open(history: str, assessment: str) -> None:
    """The words of the contract for a failure that is said to be open."""
    assert assess_open(numbered(history)) == assessment


@examples(2_000)
@given(history=letters, claimed=st.integers(min_value=0, max_value=11))
def test_a_confirmed_boundary_is_one(history: str, claimed: int) -> None:
    """No beginning and no end is confirmed that the verdicts do not show, and no unknown is taken for good or bad."""
    claimed = min(claimed, len(history) - 1)
    if claimed < 0:
        return
    points = numbered(history)
    before, after = re.sub("[uie-]", "", history[:claimed]), re.sub("[uie-]", "", history[claimed + 1 :])
    begins = assess_introduced(points, claimed) is Assessment.CONFIRMED
    assert begins == (history[claimed] == "R" and (claimed == 0 or before.endswith("a")))
    ends = assess_last_affected(points, claimed) in {Assessment.CONFIRMED, Assessment.RELAPSED}
    assert ends == (history[claimed] == "R" and after.startswith("a"))
