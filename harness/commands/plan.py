"""``harness plan``: work divided into jobs of a CI service."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from harness.commands.arguments import COSTS, SELECTION, all_of
from harness.errors import UsageError
from harness.selection.jobs import jobs_of
from harness.selection.options import Options
from harness.selection.plan import Plan

_FORMATS = ("terminal", "github")


@click.command("plan")
@all_of(SELECTION)
@COSTS
@click.option("--jobs", "most", type=click.IntRange(1, 256), default=20, show_default=True, help="Jobs at most.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="terminal", show_default=True)
def command(*, most: int, form: str, **options: Any) -> int:  # noqa: ANN401
    """Divide the selected cells into jobs by operating system, Python and cost; 'github' is a matrix for Actions.

    Each job's arguments are to follow the same call of 'harness run' on the machine that takes it.
    """
    if options["cells"]:
        message = "--cell: a job is made of cells by such globs itself; select by scenario, --server or --matrix"
        raise UsageError(message)
    made = Plan(Options(**options))
    costs = made.options.costs
    known_by = ("--costs", costs.as_posix()) if costs else ()
    jobs = jobs_of(made.cells, made.costs(made.cells), most=most, divided_by=known_by)
    if form == "github":
        click.echo(msgspec.json.encode({"include": jobs}).decode())
        return 0
    for job in jobs:
        click.echo(f"{job.name} on {job.os}: {job.cells} cells, {job.seconds} s: harness run {job.arguments}")
    return 0
