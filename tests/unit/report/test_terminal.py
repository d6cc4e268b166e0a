"""The table as Markdown and on a terminal: whole, readable at 80 columns, and deaf to what servers print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness.model.verdict import Verdict
from harness.report import markdown, terminal
from harness.report.table import table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.result import CellResult

HOSTILE = "\x1b[31m<script>|alert(1)|</script>\n# *bold* [x](http://a) `code` \u202e$x$ @all"
NAMES = ("platform", "variant", "scenario")
UNESCAPED = re.compile(r"(?<!\\)[<>|`\[\]*#$@]")


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is no terminal, 80 columns are assumed, nobody asks for colour."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def results(make_result: Callable[..., CellResult]) -> list[CellResult]:
    """One cell of every verdict in three variants, one of them contradicting."""
    every = [
        make_result(version=f"0.{place}.0", variant=variant, verdict=verdict, reason=f"reason of {verdict}")
        for place, verdict in enumerate(Verdict)
        for variant in ("h11", "httptools", "no-preload")
    ]
    back = make_result(version="1.0", variant="h11", verdict=Verdict.REPRODUCED, expected=Verdict.ABSENT)
    return [*every, back]


def test_markdown_is_a_table_with_every_cell(results: list[CellResult]) -> None:
    """A page or a comment shows what the terminal shows."""
    lines = markdown.render(table_of(results, {})).splitlines()
    assert lines[0] == "### some-failure: Python 3.12, linux"
    assert "| uvicorn | h11 | httptools | no-preload |" in lines
    assert "| --- | --- | --- | --- |" in lines
    assert "| 0.1.0 | ✓ absent | ✓ absent | ✓ absent |" in lines
    assert "| 1.0 | ✗ reproduced (contradicts what is expected) |  |  |" in lines
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1


def test_markdown_tells_every_reason(results: list[CellResult]) -> None:
    """None is cut off."""
    text = markdown.render(table_of(results, {})).replace("\\", "")
    for verdict in Verdict:
        assert verdict.is_judged or f"reason of {verdict}" in text


def test_markdown_obeys_no_reason(make_result: Callable[..., CellResult]) -> None:
    """A log cannot make a link, a heading, a mention, a formula, HTML or a second line."""
    hostile = make_result(verdict=Verdict.UNHEALTHY, reason=HOSTILE)
    line = markdown.render(table_of([hostile], {})).splitlines()[-1]
    reason = line.split(": ", 2)[2]
    assert "script" in reason
    assert "alert" in reason
    assert not UNESCAPED.search(reason)
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_markdown_obeys_no_signature(make_result: Callable[..., CellResult]) -> None:
    """A signature quotes the server and is as hostile."""
    back = make_result(verdict=Verdict.REPRODUCED, expected=Verdict.ABSENT, signature=HOSTILE)
    line = markdown.render(table_of([back], {})).splitlines()[-1]
    assert not UNESCAPED.search(line.split(": ", 2)[2])


@pytest.mark.parametrize("field", NAMES)
def test_markdown_obeys_no_name(field: str, make_result: Callable[..., CellResult]) -> None:
    """Names come from calls, other people's scenarios and stored results."""
    name = "docker:<b>|x|\n# y"
    text = markdown.render(table_of([make_result(**{field: name, "id": "plain"})], {}))
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert "\n# y" not in text


@pytest.mark.usefixtures("piped")
def test_terminal_shows_every_verdict_at_80_columns(results: list[CellResult]) -> None:
    """Three variants fit: no word is cut or broken, no line of the grid is wider than the terminal."""
    text = terminal.render(table_of(results, {}))
    grid = text.split("✗ reproduced  ✓ absent")[0]
    assert all(len(line) <= 80 for line in grid.splitlines())
    for verdict in Verdict:
        assert len(re.findall(rf"(?<!\S){verdict}(?!\S)", grid)) >= 3
    assert "…" not in grid
    assert "✗ reproduced (!)" in grid


@pytest.mark.usefixtures("piped")
def test_terminal_tells_every_reason_in_one_line(make_result: Callable[..., CellResult]) -> None:
    """A reason can be searched for and copied: it is not wrapped."""
    reason = "a long reason " * 20 + "end"
    text = terminal.render(table_of([make_result(verdict=Verdict.UNHEALTHY, reason=reason)], {}))
    assert f"    {reason}\n" in text


@pytest.mark.usefixtures("piped")
def test_no_colour_when_piped(results: list[CellResult]) -> None:
    """A file or a log gets plain text."""
    assert "\x1b" not in terminal.render(table_of(results, {}))


@pytest.mark.usefixtures("piped")
def test_colour_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, results: list[CellResult]) -> None:
    """So that the tests of its absence can fail."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m" in terminal.render(table_of(results, {}))


@pytest.mark.usefixtures("piped")
def test_no_color_outweighs(monkeypatch: pytest.MonkeyPatch, results: list[CellResult]) -> None:
    """https://no-color.org: no colour code whatever the terminal can do."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*(3[0-9]|4[0-9]|9[0-9])m", terminal.render(table_of(results, {})))


@pytest.mark.usefixtures("piped")
@pytest.mark.parametrize(
    "field",
    [
        "reason",
        *(
            pytest.param(
                name,
            )
            for name in NAMES
        ),
    ],
)
def test_terminal_obeys_no_text(field: str, make_result: Callable[..., CellResult]) -> None:
    """Escape sequences and rich's own markup are shown as they are."""
    hostile = make_result(**{"verdict": Verdict.UNHEALTHY, "reason": "r", "id": "i", field: f"[red]{HOSTILE}[/red]"})
    text = terminal.render(table_of([hostile], {}))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in text


def long_names(make_result: Callable[..., CellResult], count: int) -> list[CellResult]:
    """Return results of variants whose names begin alike."""
    names = [f"version-dictionary-of-the-protocol-{number:02}" for number in range(count)]
    return [make_result(variant=name, verdict=Verdict.ABSENT) for name in names]


@pytest.mark.usefixtures("piped")
@pytest.mark.parametrize(("count", "grids"), [(3, 1), (8, 1), (40, 4)])
def test_long_variants_are_told_apart_at_80_columns(
    count: int, grids: int, make_result: Callable[..., CellResult]
) -> None:
    """Each has a number and stands in full once; however many there are, no line is cut or broken."""
    lines = terminal.render(table_of(long_names(make_result, count), {})).splitlines()
    assert all(len(line) <= 80 and "…" not in line for line in lines)
    for number in range(count):
        assert f"  [{number + 1}] version-dictionary-of-the-protocol-{number:02}" in lines
    headings = [line.split() for line in lines if line.startswith("  uvicorn")]
    assert len(headings) == grids
    assert [name for heading in headings for name in heading[1:]] == [f"[{number + 1}]" for number in range(count)]
    assert sum(line.count("✓") for line in lines if line.startswith("  0.27.0")) == count


@pytest.mark.usefixtures("piped")
def test_one_name_that_is_wider_than_the_terminal_is_whole(make_result: Callable[..., CellResult]) -> None:
    """In the list of names; its column has a number."""
    text = terminal.render(table_of([make_result(variant="long-" * 30 + "end")], {}))
    assert f"  [1] {'long-' * 30}end\n" in text
    assert "  uvicorn  [1]" in text
