"""Work for many machines: ``harness plan`` divides it into jobs, ``harness merge`` joins what they measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from harness.arguments import COSTS, SCENARIOS, SELECTION, PlacePath, all_of
from harness.errors import UsageError
from harness.execution import merging
from harness.model.jobs import jobs_of
from harness.plan import Options, Plan, load_scenarios
from harness.report import clean

if TYPE_CHECKING:
    from pathlib import Path

_FORMATS = ("terminal", "github")


@click.command()
@all_of(SELECTION)
@COSTS
@click.option("--jobs", "most", type=click.IntRange(1, 256), default=20, show_default=True, help="Jobs at most.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="terminal", show_default=True)
def plan(*, most: int, form: str, **options: Any) -> int:  # noqa: ANN401
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


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=PlacePath())
@click.option("--output", type=PlacePath(), required=True, help="The folder to make.")
@SCENARIOS
def merge(*, folders: tuple[Path, ...], output: Path, scenarios: tuple[Path, ...]) -> int:
    """Join results folders into a new one, evidence included; refuse what is not whole or contradicts.

    The evidence is judged again by the project's own scenarios, and by those that '--scenarios' names.
    """
    at_hand = load_scenarios(Options(scenarios=scenarios))
    count = merging.merge(folders, output, scenarios=at_hand, tell=lambda line: click.echo(clean.line(line), err=True))
    click.echo(f"{count} cells of {len(folders)} folders are in {output}", err=True)
    return 0
