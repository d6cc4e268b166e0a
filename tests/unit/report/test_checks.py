"""What ``harness show --diff`` prints: both sides of each check, the first difference marked, nothing that acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.model.judge import judge
from harness.model.verdict import Check, Judgement, Verdict, conclude
from harness.report import checks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.evidence import Evidence
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario

HOSTILE = "\x1b]0;title\x07\x1b[2J\u202e\x00\n"
WORKS = Check(name="works", expected="yes", actual="yes")


@pytest.fixture
def show(kept: Callable[[str, str], Evidence], make_result: Callable[..., CellResult]) -> Callable[..., list[str]]:
    """Return the lines that are printed of a check that is the requirement."""

    def show(expected: object, actual: object, *, name: str = "is met", width: int = 80) -> list[str]:
        judged = conclude(
            signature=None, controls=[WORKS], requirement=Check(name=name, expected=expected, actual=actual)
        )
        trial = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
        return checks.render(make_result(), [(trial, judged)], width=width).splitlines()

    return show


def test_a_judge_of_its_own_is_shown(
    kept: Callable[[str, str], Evidence], bundled: Mapping[str, Scenario], make_result: Callable[..., CellResult]
) -> None:
    """The checks in the order of the law; the sign stands below the first character that differs."""
    trial = kept("pipelined-keep-alive", "reproduced-0.27.0-httptools")
    judgement = judge(bundled["pipelined-keep-alive"], trial)
    result = make_result(id="cell", verdict=judgement.verdict, signature=judgement.signature)
    assert checks.render(result, [(trial, judgement)], width=80) == (
        "cell: reproduced\n"
        "  signature  two pipelined requests, the second answered late: 200 b'hello', then closed by server\n"
        "trial 1 of 1: reproduced\n"
        "  control passed: two requests, one after the other\n"
        "      both      200 b'hello', 200 b'hello'\n"
        "  control passed: two pipelined requests, answered at once\n"
        "      both      200 b'hello', 200 b'hello'\n"
        "  requirement NOT MET: two pipelined requests, the second answered late\n"
        "      expected  200 b'hello', 200 b'slept 5'\n"
        "      actual    200 b'hello', then closed by server\n"
        "                              ^\n"
    )


@pytest.mark.parametrize("at", [0, 3, 50, 69, 200, 4000, 8999])
def test_long_texts_are_cut_around_their_difference(at: int, show: Callable[..., list[str]]) -> None:
    """Wherever it is: both sides show it, one above the other, in a line of 80 characters."""
    expected = ("0123456789" * 900)[:9000]
    actual = f"{expected[:at]}X{expected[at + 1 :]}"
    *_, above, below, sign = show(expected, actual)
    assert max(map(len, (above, below, sign))) <= 80
    column = sign.index("^")
    assert below[column] == "X"
    assert above[column] == expected[at]
    assert above[max(16, column - 5) : column] in ("…" + expected[max(0, at - 4) : at], expected[max(0, at - 5) : at])


def test_a_text_that_ends_early_is_marked_behind_its_end(show: Callable[..., list[str]]) -> None:
    """Nothing is there to be marked."""
    *_, above, below, sign = show("200 b'a', 200 b'b'", "200 b'a'")
    assert above[sign.index("^")] == ","
    assert below.endswith("200 b'a'")
    assert sign.index("^") == len(below)


@pytest.mark.parametrize(
    ("expected", "actual", "told"),
    [("1", 1, "one is a str, the other a int"), ("\x1b", "\\x1b", "their texts do not show how")],
)
def test_values_that_look_alike_are_told_apart(
    expected: Any,  # noqa: ANN401 - values of any type
    actual: Any,  # noqa: ANN401 - likewise
    told: str,
    show: Callable[..., list[str]],
) -> None:
    """A check compares values, not their texts."""
    assert show(expected, actual)[-1].strip() == f"the values differ: {told}"


def test_nothing_acts_on_a_terminal(show: Callable[..., list[str]]) -> None:
    """Names and both sides come from a server or a scenario."""
    lines = show(HOSTILE, HOSTILE + "more", name=HOSTILE * 20, width=40)
    assert not set("".join(lines)) & {"\x1b", "\x07", "\u202e", "\x00"}
    assert max(len(line) for line in lines[1:]) <= 40


def test_wide_characters_move_the_sign(show: Callable[..., list[str]]) -> None:
    """A character of two columns takes two."""
    *_, sign = show("漢字a", "漢字b")
    assert sign.index("^") == 16 + 4


def test_the_last_trial_is_shown(kept: Callable[[str, str], Evidence], make_result: Callable[..., CellResult]) -> None:
    """Of several that may differ."""
    trial = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
    first, last = (
        conclude(signature=None, controls=[WORKS], requirement=Check(name=name, expected="a", actual="a"))
        for name in ("first", "last")
    )
    text = checks.render(make_result(), [(trial, first), (trial, last)], width=80)
    assert "trial 1 of 2" in text
    assert "last" in text
    assert "first" not in text


def test_cells_without_anything_to_compare_say_so(
    kept: Callable[[str, str], Evidence], make_result: Callable[..., CellResult]
) -> None:
    """No trial, no scenario, no checks."""
    trial = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
    unsupported = make_result(verdict=Verdict.UNSUPPORTED, reason="needs Windows")
    assert checks.render(unsupported, [], width=80).splitlines()[1:] == [
        "  reason     needs Windows",
        "  no trial of this cell was carried out, so that there is nothing to compare",
    ]
    assert "its scenario is not at hand" in checks.render(make_result(), [(trial, None)], width=80)
    failed = Judgement(verdict=Verdict.ENVIRONMENT_FAILED, reason="no disk")
    assert "the judgement has no checks" in checks.render(make_result(), [(trial, failed)], width=80)
