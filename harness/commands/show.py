"""``harness show``: the evidence of one cell."""

from __future__ import annotations

from typing import Any

import click

from harness.commands.arguments import RESULTS_FOLDER, SCENARIOS, all_of
from harness.model.judge import judge
from harness.report import evidence
from harness.selection.plan import Options, Plan


@click.command("show")
@click.argument("cell")
@all_of([RESULTS_FOLDER, SCENARIOS])
def command(*, cell: str, **options: Any) -> int:  # noqa: ANN401
    """Print the evidence of one cell, named by its id or a glob that matches one."""
    plan = Plan(Options(**options))
    result = plan.stored_cell(cell)
    loaded = plan.scenarios.get(result.scenario)
    trials = [(trial, judge(loaded.scenario, trial) if loaded else None) for trial in plan.source.evidence_of(result)]
    click.echo(evidence.render(result, trials, folder=plan.options.results), nl=False)
    return 0
