"""``harness show``: the evidence of one cell."""

from __future__ import annotations

import shutil
from typing import Any

import click

from harness import escaping
from harness.commands.arguments import RESULTS_FOLDER, SCENARIOS, all_of
from harness.report import checks, evidence
from harness.selection.options import Options
from harness.selection.plan import Plan
from harness.selection.stored import Stored

_MOST_COMPARED = 20  # cells


@click.command("show")
@click.argument("cell")
@click.option("--diff", "is_compared", is_flag=True, help="Only each check's expected and actual, in the last trial.")
@all_of([RESULTS_FOLDER, SCENARIOS])
def command(*, cell: str, is_compared: bool, **options: Any) -> int:  # noqa: ANN401
    """Print the evidence of one cell, named by its id or a glob that matches one.

    With --diff a glob may match several cells; of more than twenty, the first twenty are shown.
    """
    plan = Plan(Options(**options))
    stored = Stored(plan)
    if not is_compared:
        result = stored.one(cell)
        click.echo(evidence.render(result, stored.trials_of(result), folder=plan.options.results), nl=False)
        return 0
    found = stored.some(cell)
    width = shutil.get_terminal_size().columns
    shown = (checks.render(one, stored.trials_of(one), width=width) for one in found[:_MOST_COMPARED])
    click.echo("\n".join(shown), nl=False)
    if (left := len(found) - _MOST_COMPARED) > 0:
        click.echo(f"harness: {left} more cells match '{escaping.line(cell)}' and are not shown", err=True)
    return 0
