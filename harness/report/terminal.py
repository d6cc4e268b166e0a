"""The table on a terminal, by rich; plain and without colour where the output is not one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from harness.model.verdict import Verdict
from harness.report import clean
from harness.report.table import CONTRADICTS, SYMBOLS

if TYPE_CHECKING:
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
    """Return the table, the legend, and a line for everything that was not judged and why.

    Coloured where standard output is a terminal and ``NO_COLOR`` is not set.
    """
    console = Console()
    with console.capture() as captured:
        _print(table, console)
    return captured.get()


def _print(table: Table, console: Console) -> None:
    for section in table.sections:
        where = f"  Python {section.python}, {section.platform}"
        console.print(Text.assemble((clean.line(section.scenario), "bold"), clean.line(where)), soft_wrap=True)
        console.print(Text(clean.line(section.title), style="dim"), soft_wrap=True)
        grid = _section(section)
        if Measurement.get(console, console.options, grid).maximum + _INDENT > console.width:
            grid = _section(section, words=False)
        console.print(Padding(grid, (0, 0, 1, _INDENT), expand=False))
    console.print(Text(table.legend + (f"  (!) {CONTRADICTS}" if table.contradictions else "")))
    for remark in table.remarks:
        console.print(_remark(remark), soft_wrap=True)


def _section(section: Section, *, words: bool = True) -> RichTable:
    """Return the grid; without words the symbols stand alone, for the legend to explain."""
    grid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    grid.add_column(Text(clean.line(section.subject)))
    for variant in section.variants:
        grid.add_column(Text(clean.line(variant)))
    for stretch in section.stretches:
        cells = [_cell(stretch.first.results.get(variant), words=words) for variant in section.variants]
        grid.add_row(Text(clean.line(stretch.label)), *cells)
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
    return Text.assemble((f"{remark.verdict}: ", style), clean.line(named + more), f"\n    {clean.line(remark.reason)}")
