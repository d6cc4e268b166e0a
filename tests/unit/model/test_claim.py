"""What a claim may say, in how many statements, and of which series."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness import Claim, ClaimedRange, Condition
from harness.model.claim import BEGINNING, Kind
from harness.model.coordinates import SeriesKey

KEY = SeriesKey(scenario="some-failure", variant="h11", subject="uvicorn", python="3.8", platform="windows-wine")


def test_one_statement_of_each_kind() -> None:
    """In the order of the contract's kinds, in plain words."""
    claim = Claim(
        document="d",
        fixed="0.3",
        introduced="0.1",
        ranges=(ClaimedRange(introduced=BEGINNING, fixed="0.3"), ClaimedRange(introduced="1", last_affected="2")),
        commit="uvicorn #7",
    )
    assert [(one.kind, str(one)) for one in claim.statements] == [
        (Kind.FIXED, "fixed in 0.3"),
        (Kind.INTRODUCED, "introduced in 0.1"),
        (Kind.RANGE, "affected: <0.3 or >=1,<=2"),
        (Kind.COMMIT, "fixed by uvicorn #7"),
    ]
    assert claim.releases == ("0.3", "0.1", "1", "2")
    assert claim.fixes == ("0.3",)
    assert [str(one) for one in Claim(document="d", introduced="0", open=True).statements] == [
        "in the very first release",
        "not fixed",
    ]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"introduced": "0"}, "all"),
        ({"introduced": "0.2"}, ">=0.2"),
        ({"introduced": "0.2", "last_affected": "0.2"}, "==0.2"),
        ({"introduced": "0", "last_affected": "0.2"}, "<=0.2"),
    ],
)
def test_a_range_is_said_as_a_specifier(made: dict[str, str], words: str) -> None:
    """As users of packages read ranges."""
    assert str(ClaimedRange(**made)) == words


@pytest.mark.parametrize(
    ("condition", "is_meant"),
    [
        ({}, True),
        ({"python": "<3.9"}, True),
        ({"python": ">=3.9"}, False),
        ({"python": "==3.8.*"}, True),
        ({"platform": "windows"}, True),  # a failure of Windows, measured under Wine
        ({"platform": "windows-wine"}, True),
        ({"platform": "linux"}, False),
        ({"variant": "h11"}, True),
        ({"variant": "httptools"}, False),
        ({"python": "<3.9", "variant": "httptools"}, False),
    ],
)
def test_a_condition_says_of_which_series_the_document_speaks(condition: dict[str, str], is_meant: bool) -> None:  # noqa: FBT001
    """Each field by itself, and all of them together."""
    assert Condition(**condition).admits(KEY) is is_meant


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (Claim, {"document": "d"}, "a claim says nothing"),
        (Claim, {"document": "", "fixed": "1"}, "a claim's document is ''"),
        (Claim, {"document": "d" * 201, "fixed": "1"}, "has 201 characters; it has 200 at most"),
        (Claim, {"document": "d", "fixed": "soon"}, "'soon', which is no version"),
        (Claim, {"document": "d", "introduced": 1}, "a claim's introduced is 1"),
        (Claim, {"document": "d", "fixed": "1", "references": "CVE-1"}, "a tuple of one is written with a comma"),
        (Claim, {"document": "d", "fixed": "1", "references": (1,)}, "one of a claim's references is 1"),
        (Claim, {"document": "d", "ranges": ("<1",)}, "a claim's range is '<1', a str, not ClaimedRange"),
        (Claim, {"document": "d", "commit": "#7"}, "it is a commit's 7 to 40 digits, or 'NAME #NUMBER'"),
        (Claim, {"document": "d", "commit": "https://x.example/7"}, "it is a commit's 7 to 40 digits"),
        (Claim, {"document": "d", "open": 1}, "a claim's open is 1"),
        (Claim, {"document": "d", "fixed": "1", "open": True}, "says both fixed and open"),
        (ClaimedRange, {"introduced": "x"}, "a range's introduced is 'x'"),
        (ClaimedRange, {"introduced": "0", "last_affected": "new"}, "a range's last_affected is 'new'"),
        (ClaimedRange, {"introduced": "0", "fixed": "1", "last_affected": "1"}, "with fixed or with last_affected"),
        (Condition, {"python": "3.8"}, "'3.8' is no specifier"),
        (Condition, {"platform": "Window"}, "unknown platform 'Window'; did you mean windows?"),
    ],
)
def test_what_says_nothing_is_refused(kind: type[Any], fields: dict[str, Any], words: str) -> None:
    """In one line that quotes the mistake and says what would be right."""
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        kind(**fields)
    assert "\n" not in str(error.value)
