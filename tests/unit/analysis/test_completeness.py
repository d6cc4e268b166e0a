"""A claim rests on the most complete history that is at hand, whatever else was run in the same folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.analysis.completeness import most_complete
from harness.analysis.document import Searched, document_of
from harness.analysis.search import Strategy
from harness.model.claim import Claim
from harness.model.coordinates import SeriesKey
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.analysis.document import Document
    from harness.model.release import Release
    from harness.model.result import CellResult

LETTERS = {"R": Verdict.REPRODUCED, "a": Verdict.ABSENT}
KEY = SeriesKey(scenario="some-failure", variant="default", subject="uvicorn", platform="linux", python="3.12")
CLAIMS = {"some-failure": [Claim(document="a page", references=("server #1",), fixed="0.4")]}


@pytest.fixture
def document(make_result: Callable[..., CellResult], make_release: Callable[..., Release]) -> Callable[..., Document]:
    """Make the document of releases 0.0, 0.1 … of 6; a ``.`` was not tried."""

    def make(letters: str, *, bisected: bool = False, python: str = "3.12") -> Document:
        results = [
            make_result(version=f"0.{number}", verdict=LETTERS[letter], python=python)
            for number, letter in enumerate(letters)
            if letter != "."
        ]
        releases = {"uvicorn": tuple(make_release(f"0.{number}") for number in range(6))}
        searched = {KEY: Searched(strategy=Strategy.BISECT, seed=1)} if bisected else {}
        return document_of(results, releases=releases, claims=CLAIMS, searched=searched)

    return make


@pytest.mark.parametrize(
    ("mine", "other", "chosen"),
    [
        # two releases that somebody ran do not take the place of all
        ({"letters": "...Ra."}, {"letters": "RRRRaa"}, "other"),
        ({"letters": "R...a."}, {"letters": "RR.Raa", "bisected": True}, "other"),
        ({"letters": "RRR.aa"}, {"letters": "R..Raa", "bisected": True}, "other"),
        # one's own are as good
        ({"letters": "RRRRaa"}, {"letters": "RRRRaa"}, "mine"),
        ({"letters": "RRRRaa"}, {"letters": "RR.Raa", "bisected": True}, "mine"),
        ({"letters": "...Ra."}, {"letters": "...R.."}, "mine"),
    ],
)
def test_most_complete_history_counts(
    mine: dict[str, str], other: dict[str, str], chosen: str, document: Callable[..., Document]
) -> None:
    """With its cells and its claim, and nothing of the other one."""
    documents = {"mine": document(**mine), "other": document(**other)}
    found = most_complete(documents["mine"], documents["other"])
    expected = documents[chosen]
    assert (found.histories, found.claims) == (expected.histories, expected.claims)
    assert found.cells == expected.cells


def test_series_that_only_one_has_are_all_there(document: Callable[..., Document]) -> None:
    """Another Python's history is no less true for a run on this one."""
    found = most_complete(document("...Ra."), document("RRRRaa", python="3.8"))
    assert {(one.python, len(one.judged)) for one in found.histories} == {("3.12", 2), ("3.8", 6)}
    assert {one.python: (str(one.assessment), one.judged) for one in found.claims} == {
        "3.12": ("confirmed", 2),
        "3.8": ("confirmed", 6),
    }
