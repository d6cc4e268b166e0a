"""Long tables are folded: two hundred releases fit on a screen, few ones stay as they were picked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.model.verdict import Verdict
from harness.report import markdown, terminal
from harness.report.table import FEW_ROWS, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.result import CellResult


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is no terminal, 80 columns are assumed, nobody asks for colour."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def releases(make_result: Callable[..., CellResult]) -> Callable[..., list[CellResult]]:
    """Make so many releases, affected from 0.20 to 0.139, of some variants."""

    def make(count: int, variants: tuple[str, ...] = ("h11",)) -> list[CellResult]:
        return [
            make_result(
                version=f"0.{number}",
                variant=variant,
                verdict=Verdict.REPRODUCED if 20 <= number < 140 else Verdict.ABSENT,
            )
            for number in range(count)
            for variant in variants
        ]

    return make


@pytest.mark.usefixtures("piped")
def test_two_hundred_releases_are_three_lines(releases: Callable[..., list[CellResult]]) -> None:
    """Each says from where to where and how many."""
    text = terminal.render(table_of(releases(200), {}))
    assert [line.split() for line in text.splitlines() if "0." in line] == [
        ["0.0–0.19", "(20)", "✓", "absent"],
        ["0.20–0.139", "(120)", "✗", "reproduced"],
        ["0.140–0.199", "(60)", "✓", "absent"],
    ]


@pytest.mark.usefixtures("piped")
def test_few_releases_are_not_folded(releases: Callable[..., list[CellResult]]) -> None:
    """What somebody picked one by one is shown one by one."""
    text = terminal.render(table_of(releases(FEW_ROWS), {}))
    assert sum("✓ absent" in line for line in text.splitlines()) == FEW_ROWS + 1  # and the legend


@pytest.mark.usefixtures("piped")
def test_a_contradiction_is_not_folded_away(
    releases: Callable[..., list[CellResult]], make_result: Callable[..., CellResult]
) -> None:
    """A release that is affected against what is expected stands alone among affected ones."""
    others = [one for one in releases(60) if one.version != "0.40"]
    back = make_result(version="0.40", variant="h11", verdict=Verdict.REPRODUCED, expected=Verdict.ABSENT)
    text = terminal.render(table_of([*others, back], {}))
    assert [line.split()[0] for line in text.splitlines() if "(!)" in line and "0.40" in line] == ["0.40"]


@pytest.mark.usefixtures("piped")
@pytest.mark.parametrize("count", [3, 6, 9])
def test_many_variants_fit_into_80_columns(count: int, releases: Callable[..., list[CellResult]]) -> None:
    """Where words have no room, symbols stand for them and the legend says what they mean."""
    variants = tuple(f"var{number}" for number in range(count))
    text = terminal.render(table_of(releases(200, variants), {}))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert (text.count("✗ reproduced") > 1) == (count == 3)
    assert "✗ reproduced  ✓ absent" in text


@pytest.mark.usefixtures("piped")
def test_no_colour_is_honoured_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, releases: Callable[..., list[CellResult]]
) -> None:
    """Colour where it is forced, none where NO_COLOR is set as well."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[3" in terminal.render(table_of(releases(30), {}))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in terminal.render(table_of(releases(30), {}))


def test_markdown_is_folded_too(releases: Callable[..., list[CellResult]]) -> None:
    """A comment has no more room than a terminal."""
    assert "| 0.20–0.139 \\(120\\) | ✗ reproduced |" in markdown.render(table_of(releases(200), {}))
