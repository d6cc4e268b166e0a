"""``harness show``: the evidence of one cell."""

from __future__ import annotations

from typing import Any

import click

from harness.commands.arguments import RESULTS_FOLDER, SCENARIOS, all_of
from harness.report import evidence
from harness.selection.options import Options
from harness.selection.plan import Plan
from harness.selection.stored import Stored


@click.command("show")
@click.argument("cell")
@all_of([RESULTS_FOLDER, SCENARIOS])
def command(*, cell: str, **options: Any) -> int:  # noqa: ANN401
    """Print the evidence of one cell, named by its id or a glob that matches one."""
    plan = Plan(Options(**options))
    stored = Stored(plan)
    result = stored.one(cell)
    click.echo(evidence.render(result, stored.trials_of(result), folder=plan.options.results), nl=False)
    return 0
