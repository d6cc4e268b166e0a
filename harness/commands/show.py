"""``harness show``: the evidence of one cell."""

from __future__ import annotations

import shutil
from typing import Any

import click

from harness.commands.arguments import RESULTS_FOLDER, SCENARIOS, all_of
from harness.report import checks, evidence
from harness.selection.options import Options
from harness.selection.plan import Plan
from harness.selection.stored import Stored


@click.command("show")
@click.argument("cell")
@click.option("--diff", "is_compared", is_flag=True, help="Only each check's expected and actual, in the last trial.")
@all_of([RESULTS_FOLDER, SCENARIOS])
def command(*, cell: str, is_compared: bool, **options: Any) -> int:  # noqa: ANN401
    """Print the evidence of one cell, named by its id or a glob that matches one."""
    plan = Plan(Options(**options))
    stored = Stored(plan)
    result = stored.one(cell)
    trials = stored.trials_of(result)
    if is_compared:
        click.echo(checks.render(result, trials, width=shutil.get_terminal_size().columns), nl=False)
    else:
        click.echo(evidence.render(result, trials, folder=plan.options.results), nl=False)
    return 0
