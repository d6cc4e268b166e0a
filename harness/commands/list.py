"""``harness list``: the scenarios with their claims, or the ids of the cells that a call means."""

from __future__ import annotations

from typing import Any

import click

from harness.commands.arguments import DIVISION, SELECTION, all_of
from harness.commands.saying import remarks
from harness.selection.listing import overviews
from harness.selection.options import Options
from harness.selection.plan import Plan


@click.command("list")
@click.option("--cells", "only_cells", is_flag=True, help="Print the ids of the selected cells.")
@all_of(SELECTION)
@all_of(DIVISION)
def command(*, only_cells: bool, **options: Any) -> int:  # noqa: ANN401
    """Print the scenarios with their claims, or the ids of a matrix's cells."""
    plan = Plan(Options(**options))
    if only_cells or plan.options.narrows:
        for cell in plan.cells:
            click.echo(cell.id)
        remarks(plan)
        return 0
    for text in overviews(plan):
        click.echo(text)
    plan.tell_unwritten()
    remarks(plan)
    return 0
