"""Histories for a person: every finding in a line of its own, and nothing that a server printed acts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.analysis.attribution import Attribution, Cause, Change, FourCells
from harness.analysis.history import Gap, Range
from harness.analysis.search import Strategy
from harness.analysis.series import History
from harness.report import histories

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = "\x1b[2J\x1b[31m<script>|alert(1)|</script>\n# *bold* [x](http://a) `code` \u202e$x$ @all [red]x[/red]"
UNESCAPED = re.compile(r"(?<!\\)[<>`\[\]*#$@]")
CELLS = FourCells(older="a", older_exchanged="b", newer="c", newer_exchanged="d")


@pytest.fixture(autouse=True)
def _piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is no terminal, 80 columns are assumed, nobody asks for colour."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def make_history() -> Callable[..., History]:
    """Make a history with something to say in every line; keywords replace its fields."""
    fields = {
        "scenario": "some-failure",
        "variant": "default",
        "subject": "uvicorn",
        "python": "3.12",
        "platform": "linux",
        "strategy": Strategy.BISECT,
        "tested": ("0.1", "0.2", "0.3", "0.5"),
        "untested": ("0.4",),
        "yanked": ("0.3",),
        "affected": (
            Range(introduced=None, last_affected="0.1", fixed="0.2", first="0.1", last="0.1"),
            Range(introduced="0.3", last_affected="0.3", fixed="0.5", first="0.3", last="0.3"),
        ),
        "judged": ("0.1", "0.2", "0.3", "0.5"),
        "specifiers": ("<0.2", "==0.3"),
        "first_fixed": "0.2",
        "safe_since": "0.5",
        "relapses": ("0.3",),
        "gaps": (Gap(first="0.4", last="0.4", reason="not tested"),),
        "trials": 12,
        "confidence": 0.9876,
        "attribution": (),
        "seed": 7,
    }
    return lambda **changed: History(**{**fields, **changed})


def boundary(cause: Cause, reason: str | None = None, *, fixes: bool = True) -> Attribution:
    """Return the attribution of a boundary at which two dependencies changed."""
    changed = {"click": Change(older="7", newer=None), "h11": Change(older="0.8", newer="0.9")}
    return Attribution(
        older="0.1", newer="0.2", fixes=fixes, cause=cause, changed=changed, cells=CELLS, verdicts={}, reason=reason
    )


def test_every_finding_has_its_line(make_history: Callable[..., History]) -> None:
    """In the order in which people ask."""
    assert list(histories.lines(make_history(attribution=(boundary(Cause.SUBJECT),)))) == [
        ("affected", "<0.2 or ==0.3"),
        ("fixed", "first in 0.2"),
        ("safe since", "0.5, of those that were tested"),
        ("relapses", "0.3"),
        ("boundary", "0.1 to 0.2 fixes it, cause: subject"),
        ("gap", "0.4: not tested"),
        ("yanked", "0.3"),
        ("judged", "4 of 5 releases, 1 not tested, 12 trials, by bisect with seed 7"),
        ("confidence", "0.9876: below 0.99, more trials would tell"),
    ]


def test_nothing_affected_is_told_apart_from_nothing_known(make_history: Callable[..., History]) -> None:
    """A history without a judged release does not say that none is affected."""
    empty = make_history(affected=(), specifiers=(), first_fixed=None, relapses=(), confidence=None)
    assert dict(histories.lines(empty))["affected"] == "no judged release"
    assert dict(histories.lines(empty))["confidence"] == "none: no judged release has it"
    unknown = dict(
        histories.lines(make_history(specifiers=(), affected=(), safe_since=None, confidence=None, judged=()))
    )
    assert unknown["affected"] == "not known"
    assert unknown["judged"].startswith("0 of 5 releases, 4 could not be, 1 not tested")
    assert "safe since" not in unknown
    assert "confidence" not in unknown


def test_no_safe_release_is_said(make_history: Callable[..., History]) -> None:
    """The newest one has it."""
    assert dict(histories.lines(make_history(safe_since=None)))["safe since"] == "no judged release"


@pytest.mark.parametrize(
    ("bounds", "whole", "told"),
    [
        ({"fixed": "0.2"}, False, []),
        ({"fixed": "0.2", "open_before": True}, False, ["no release before 0.1 could be judged, so it may have begun"]),
        ({"open_after": True}, False, ["no release after 0.1 could be judged, so it may last longer"]),
        ({"open_before": True, "open_after": True}, False, ["no release before 0.1", "no release after 0.1"]),
        ({}, True, ["still in 0.1, the newest release"]),
    ],
)
def test_open_end_is_said(
    bounds: dict[str, Any], told: list[str], make_history: Callable[..., History], *, whole: bool
) -> None:
    """A range that may reach further than was measured says so; one until now names the newest release."""
    fields = {"introduced": None, "last_affected": None, "fixed": None, "first": "0.1", "last": "0.1", **bounds}
    shown = [
        text
        for label, text in histories.lines(make_history(affected=(Range(**fields),), whole=whole))
        if label == "open"
    ]
    assert len(shown) == len(told)
    assert all(text.startswith(words) for text, words in zip(shown, told, strict=True))


def test_fix_beside_a_gap_is_the_latest_that_it_can_be(make_history: Callable[..., History]) -> None:
    """A release that could not be judged may be the one that brought it."""
    gaps = (Gap(first="0.1.1", last="0.1.2", reason="unhealthy: ill"),)
    assert dict(histories.lines(make_history(gaps=gaps)))["fixed"] == (
        "first in 0.2, or in one before it that was not judged"
    )


def test_what_the_python_cannot_install_is_always_said(make_history: Callable[..., History]) -> None:
    """However many other gaps there are."""
    gaps = (*(Gap(first=f"0.{n}", last=f"0.{n}", reason="not tested") for n in range(0, 20, 2)),)
    last = Gap(first="0.30", last="0.40", reason="unsupported: uvicorn 0.30 requires Python >=3.9")
    told = [text for label, text in histories.lines(make_history(gaps=(*gaps, last))) if label == "gap"]
    assert told[0] == "0.30 to 0.40: unsupported: uvicorn 0.30 requires Python >=3.9"
    assert told[-1] == "and 5 more"


@pytest.mark.parametrize(("confidence", "told"), [(0.99, "0.9900"), (0.9999, "0.9999")])
def test_confidence_that_is_enough_is_only_told(
    confidence: float, told: str, make_history: Callable[..., History]
) -> None:
    """Below it says so."""
    assert dict(histories.lines(make_history(confidence=confidence)))["confidence"] == told


def test_sweep_has_no_seed(make_history: Callable[..., History]) -> None:
    """Nothing was drawn."""
    found = dict(histories.lines(make_history(strategy=Strategy.SWEEP, seed=None, untested=())))
    assert found["judged"] == "4 of 4 releases, 12 trials, by sweep"


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (boundary(Cause.SUBJECT, fixes=False), "0.1 to 0.2 brings it, cause: subject"),
        (
            msgspec.structs.replace(
                boundary(Cause.BUILD), files=Change(older="wheel py3-none-any", newer="wheel cp38-cp38, compiled")
            ),
            "0.1 to 0.2 fixes it, cause: build (0.1: wheel py3-none-any; 0.2: wheel cp38-cp38, compiled)",
        ),
        (boundary(Cause.DEPENDENCY), "0.1 to 0.2 fixes it, cause: dependency (click 7 to none, h11 0.8 to 0.9)"),
        (boundary(Cause.BOTH), "0.1 to 0.2 fixes it, cause: both (click 7 to none, h11 0.8 to 0.9)"),
        (
            boundary(Cause.UNDETERMINED, "b is unhealthy"),
            "0.1 to 0.2 fixes it, cause: undetermined (b is unhealthy)",
        ),
    ],
)
def test_boundaries(one: Attribution, text: str, make_history: Callable[..., History]) -> None:
    """What changed is named where it has to do with it."""
    assert dict(histories.lines(make_history(attribution=(one,))))["boundary"] == text


def test_many_gaps_are_counted(make_history: Callable[..., History]) -> None:
    """The page stays readable; JSON has all of them."""
    gaps = tuple(Gap(first=f"0.{n}", last=f"0.{n + 1}", reason="not tested") for n in range(0, 20, 2))
    told = [text for label, text in histories.lines(make_history(gaps=gaps)) if label == "gap"]
    assert told[0] == "0.0 to 0.1: not tested"
    assert told[-1] == "and 4 more"
    assert len(told) == 7


def test_long_reason_is_cut(make_history: Callable[..., History]) -> None:
    """It says that it is."""
    gaps = (Gap(first="0.4", last="0.4", reason="x" * 500),)
    told = dict(histories.lines(make_history(gaps=gaps)))["gap"]
    assert told.endswith("x…")
    assert len(told) < 140


@pytest.fixture
def hostile(make_history: Callable[..., History]) -> History:
    """A history in which every text comes from an enemy."""
    return make_history(
        variant=HOSTILE,
        platform=HOSTILE,
        gaps=(Gap(first="0.4", last="0.4", reason=f"unhealthy: {HOSTILE}"),),
        attribution=(boundary(Cause.UNDETERMINED, HOSTILE),),
    )


def test_terminal_obeys_no_text(hostile: History) -> None:
    """Escape sequences and rich's own markup are shown as they are; no text makes a line of its own."""
    text = histories.terminal([hostile])
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count("[red]x") == 4  # in two names, the boundary and the gap, where nothing was cut
    assert not any(line.startswith("#") for line in text.splitlines())


def test_markdown_obeys_no_text(hostile: History) -> None:
    """No heading, link, formula, mention, HTML, column or line of a server's making."""
    first, *rest = histories.markdown([hostile]).splitlines()
    assert first.startswith("### some-failure ")
    assert not UNESCAPED.search(first.removeprefix("### "))
    rows = [line for line in rest if line]
    assert all(line.startswith("|") for line in rows)
    for line in rows:
        assert len(re.findall(r"(?<!\\)\|", line)) == 3
        assert not UNESCAPED.search(line)
        assert "\x1b" not in line
        assert "\u202e" not in line


def test_both_forms_say_the_same(make_history: Callable[..., History]) -> None:
    """Every line is in both, unwrapped."""
    history = make_history(attribution=(boundary(Cause.DEPENDENCY),))
    on_terminal = histories.terminal([history, history])
    in_markdown = histories.markdown([history, history]).replace("\\", "")
    for label, text in histories.lines(history):
        assert on_terminal.count(f"  {label:<11} {text}\n") == 2
        assert in_markdown.count(f"| {label} | {text} |\n") == 2
    assert on_terminal.count("some-failure default, Python 3.12, linux\n") == 2
    assert in_markdown.count("### some-failure default, Python 3.12, linux\n") == 2


def test_no_history_is_no_text() -> None:
    """Nothing was run."""
    assert histories.terminal([]) == ""
    assert histories.markdown([]) == ""
