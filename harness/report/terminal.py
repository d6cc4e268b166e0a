"""The table on a terminal, by rich; plain and without colour where the output is not a terminal."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from harness import escaping
from harness.model.verdict import Verdict
from harness.report.table import CONTRADICTS, SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.model.result import CellResult
    from harness.report.table import Remark, Section, Table

_STYLES = {
    Verdict.REPRODUCED: "red",
    Verdict.ABSENT: "green",
    Verdict.UNHEALTHY: "magenta",
    Verdict.UNSUPPORTED: "dim",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.ENVIRONMENT_FAILED: "yellow",
    Verdict.NOT_RUN: "dim",
}
_NAMED_CELLS = 3
_INDENT = 2


def render(table: Table) -> str:
    """Return the table, the legend, and a line for everything that was not judged, with the reason.

    Coloured where standard output is a terminal and ``NO_COLOR`` is not set.
    """
    console = Console()
    with console.capture() as captured:
        _print(table, console)
    return captured.get()


def _print(table: Table, console: Console) -> None:
    for section in table.sections:
        where = f"  {section.where}"
        console.print(Text.assemble((escaping.line(section.scenario), "bold"), escaping.line(where)), soft_wrap=True)
        console.print(Text(escaping.line(section.title), style="dim"), soft_wrap=True)
        _print_section(section, console)
    console.print(Text(table.legend + (f"  (!) {CONTRADICTS}" if table.contradictions else "")))
    for remark in table.remarks:
        console.print(_remark(remark), soft_wrap=True)


def _print_section(section: Section, console: Console) -> None:
    """Print a section in the first form that fits: with words, with symbols alone, with numbers for its variants.

    No heading is cut: two names that begin alike would look the same.
    """
    named = {variant: escaping.line(variant) for variant in section.variants}
    numbered = {variant: f"[{number}]" for number, variant in enumerate(section.variants, start=1)}
    wanted = [(named, True), (named, False), (numbered, True), (numbered, False)]
    tried = ((_grid(section, headings, words=words), headings) for headings, words in wanted)
    grid, headings = next(((grid, one) for grid, one in tried if _fits(grid, console)), (None, numbered))
    if headings is numbered:
        for variant, number in numbered.items():
            console.print(Text(f"{' ' * _INDENT}{number} {named[variant]}", style="dim"), soft_wrap=True)
    for one in [grid] if grid else _parts(section, numbered, console):
        console.print(Padding(one, (0, 0, 1, _INDENT), expand=False))


def _parts(section: Section, headings: Mapping[str, str], console: Console) -> Iterator[RichTable]:
    """Yield grids, each with as many variants as fit beside each other, at least one."""
    rest = list(headings.items())

    def grid_of(count: int) -> RichTable:
        return _grid(section, dict(rest[:count]), words=False)

    while rest:
        wider = range(2, len(rest) + 1)
        count = 1 + bisect.bisect_left(wider, True, key=lambda n: not _fits(grid_of(n), console))  # noqa: FBT003
        yield grid_of(count)
        rest = rest[count:]


def _fits(grid: RichTable, console: Console) -> bool:
    return Measurement.get(console, console.options, grid).maximum + _INDENT <= console.width


def _grid(section: Section, headings: Mapping[str, str], *, words: bool) -> RichTable:
    """Return the grid of the variants that have a heading; without words the legend explains the symbols."""
    grid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    grid.add_column(Text(escaping.line(section.subject)), overflow="fold")
    for heading in headings.values():
        grid.add_column(Text(heading), overflow="fold")
    for stretch in section.stretches:
        cells = [_cell(stretch.first.results.get(variant), words=words) for variant in headings]
        grid.add_row(Text(escaping.line(stretch.label)), *cells)
    return grid


def _cell(result: CellResult | None, *, words: bool) -> Text:
    if result is None:
        return Text("")
    word = f" {result.verdict}" if words else ""
    mark = " (!)" if result.contradicts else ""
    return Text(f"{SYMBOLS[result.verdict]}{word}{mark}", style=_STYLES[result.verdict])


def _remark(remark: Remark) -> Text:
    named = ", ".join(remark.cells[:_NAMED_CELLS])
    more = f" and {len(remark.cells) - _NAMED_CELLS} more" if len(remark.cells) > _NAMED_CELLS else ""
    style = "bold red" if remark.verdict == CONTRADICTS else "yellow"
    return Text.assemble(
        (f"{remark.verdict}: ", style), escaping.line(named + more), f"\n    {escaping.line(remark.reason)}"
    )
