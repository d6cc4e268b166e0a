"""What changed between two documents: every change in one line, and no line without a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.analysis.document import Document, document_of
from harness.model.verdict import Verdict
from harness.report import difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.release import Release
    from harness.model.result import CellResult

LETTERS = {"R": Verdict.REPRODUCED, "a": Verdict.ABSENT, "u": Verdict.UNHEALTHY}
HOSTILE = "\x1b[2J\nlast line \u202e"
NAME = "some-failure_default_uvicorn-0.{}_py3.12_linux"
HISTORY = "some-failure default, Python 3.12, linux"
FIRST, SAFE = "first fixed in", "safe since"
JUDGED = "{} releases judged, were {}"


@pytest.fixture
def document(make_release: Callable[..., Release], make_result: Callable[..., CellResult]) -> Callable[..., Document]:
    """Make the document of releases 0.0, 0.1 … with these verdicts' letters; a ``.`` is not tested."""

    def make(letters: str, *, reason: str = "ill", **fields: str) -> Document:
        results = [
            make_result(
                version=f"0.{number}",
                verdict=LETTERS[letter],
                reason=None if LETTERS[letter].is_judged else reason,
                **fields,
            )
            for number, letter in enumerate(letters)
            if letter != "."
        ]
        releases = {"uvicorn": tuple(make_release(f"0.{number}") for number in range(len(letters)))}
        return document_of(results, releases=releases, claims={}, searched={})

    return make


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("", "", []),
        ("Raa", "Raa", []),
        ("Rua", "Rua", []),
        # a release that appeared, as ever
        ("Raa", "Raaa", [f"{NAME.format(3)}: new: absent"]),
        ("Raa", "Raau", [f"{NAME.format(3)}: new: unhealthy: ill"]),
        # and with the failure
        (
            "Raa",
            "RaaR",
            [
                f"{NAME.format(3)}: new: reproduced",
                f"{HISTORY}: affected <0.1 or >=0.3, was <0.1; safe since no release, was 0.1; {JUDGED.format(4, 3)}",
            ],
        ),
        # what was affected until now is fixed
        (
            "RR",
            "RRa",
            [
                f"{NAME.format(2)}: new: absent",
                f"{HISTORY}: affected <0.2, was >=0; {FIRST} 0.2, was no release; {SAFE} 0.2, was no release; "
                + JUDGED.format(3, 2),
            ],
        ),
        # a known release shows something else
        (
            "RRa",
            "RaR",
            [
                f"{NAME.format(1)}: reproduced, now absent",
                f"{NAME.format(2)}: absent, now reproduced",
                f"{HISTORY}: affected <0.1 or >=0.2, was <0.2; {FIRST} 0.1, was 0.2; {SAFE} no release, was 0.2",
            ],
        ),
        (
            "aRa",
            "aua",
            [
                f"{NAME.format(1)}: reproduced, now unhealthy: ill",
                f"{HISTORY}: affected no judged release, was ==0.1; {FIRST} no release, was 0.2; {SAFE} 0.0, was 0.2; "
                + JUDGED.format(2, 3),
            ],
        ),
        # nothing was known
        (
            "",
            "Ra",
            [f"{NAME.format(0)}: new: reproduced", f"{NAME.format(1)}: new: absent", f"{HISTORY}: new: affected <0.1"],
        ),
        # what was not looked at again is no change
        ("Raa", "Ra", []),
    ],
)
def test_lines(old: str, new: str, lines: list[str], document: Callable[..., Document]) -> None:
    """First the cells, then what the histories make of them."""
    assert list(difference.lines(document(old), document(new))) == lines


def test_another_reason_is_no_change(document: Callable[..., Document]) -> None:
    """The verdict is what counts; a reason may name a port or a time."""
    assert list(difference.lines(document("Rua"), document("Rua", reason="ill at port 1234"))) == []


def test_controls_are_not_told(document: Callable[..., Document], make_result: Callable[..., CellResult]) -> None:
    """They stand beside the cells that are."""
    control = make_result(id="control", version="0.1", control="dependencies-of-0.0", verdict=Verdict.REPRODUCED)
    old = document("Ra")
    new = document_of([*old.cells, control], releases=old.releases, claims={}, searched={})
    assert list(difference.lines(old, new)) == []


@pytest.mark.parametrize("field", ["reason", "variant", "platform"])
def test_hostile_text_is_shown_and_not_obeyed(field: str, document: Callable[..., Document]) -> None:
    """Reasons come from servers, names from documents."""
    lines = list(difference.lines(document(""), document("uR", **{field: HOSTILE})))
    assert len(lines) == 3
    for line in lines:
        assert "\x1b" not in line
        assert "\u202e" not in line
        assert len(line.splitlines()) == 1
    assert any("\\x1b[2J\\nlast line" in line for line in lines)
