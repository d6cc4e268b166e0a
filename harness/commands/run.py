"""``harness run``: execute the selected cells and print the compatibility table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from harness.analysis import controls
from harness.commands import saying
from harness.commands.arguments import ABSENT, DIVISION, EXECUTION, FORMAT, SELECTION, all_of
from harness.commands.executing import execute, executor
from harness.execution import interruption
from harness.execution.executors.admission import Admission
from harness.report import json_document, markdown, terminal
from harness.report.table import table_of
from harness.selection.options import Options
from harness.selection.plan import Plan
from harness.selection.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model.result import CellResult


@click.command("run")
@all_of(SELECTION)
@all_of(DIVISION)
@all_of(EXECUTION)
@ABSENT
@click.option("--a-a", "twice", is_flag=True, help="Run every cell in two environments built alike, and compare.")
@FORMAT
@click.pass_obj
def command(call: str, /, *, twice: bool, jobs: int | None, form: str, quiet: bool, **options: Any) -> int:  # noqa: ANN401
    """Run a matrix and print the compatibility table."""
    plan = Plan(Options(**options))
    stored = Stored(plan)
    cells = [twin for cell in plan.cells for twin in (controls.twins(cell) if twice else (cell,))]
    saying.remarks(plan)
    trials = {cell: plan.trials_of(cell.scenario, plan.options.trials) for cell in cells}
    with (
        interruption.bounded(saying.going_on(plan, call)),
        executor(plan, stored, admission=partial(Admission, jobs)) as local,
    ):
        found, is_interrupted = execute(plan, stored, local, trials, quiet=quiet)
    results = [found.get(cell.id) or plan.not_run(cell) for cell in cells]
    stored.keep_releases()
    click.echo(_render(results, plan, stored, form), nl=False)
    if not quiet:
        saying.where_to_look(results, plan)
    if is_interrupted:
        return saying.interrupted(results, plan, call)
    if not cells:
        click.echo(f"nothing falls to shard {plan.options.shard} of this selection (exit status 0)", err=True)
        return 0
    return _compared(results) if twice else saying.ended(results)


def _render(results: Sequence[CellResult], plan: Plan, stored: Stored, form: str) -> str:
    if form == "json":
        return json_document.render(stored.document(results))
    in_table = [result for result in results if result.is_in_tables]
    table = table_of(in_table, plan.scenarios.declared)
    return markdown.render(table) if form == "markdown" else terminal.render(table)


def _compared(results: Sequence[CellResult]) -> int:
    """Say whether the cells and their copies showed the same; return the exit status."""
    differing = controls.differences(results)
    for one, other in differing:
        click.echo(f"differs: {one.id} is {one.verdict}, its copy {other.verdict}", err=True)
    told = f"A/A: {len(results) // 2} cells ran in two environments built alike, {len(differing)} differ"
    click.echo(f"{told} (exit status 1)" if differing else told, err=True)
    return 1 if differing else saying.ended(results)
