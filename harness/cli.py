"""The command line: arguments become one frozen options value, which short handlers carry out."""

from __future__ import annotations

import functools
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import harness
from harness.environments import diagnosis, runtimes
from harness.environments import setup as preparation
from harness.environments.uv import Uv
from harness.errors import HarnessError, UsageError
from harness.execution import schedule
from harness.execution.keeper import Kept
from harness.model.judge import judge
from harness.model.matrix import refuse_unknown
from harness.model.result import exit_status
from harness.plan import RESULTS, Options, Plan, split
from harness.report import clean, evidence, json, markdown, overview, terminal
from harness.report.progress import Progress
from harness.report.table import summary, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.environments.diagnosis import Finding
    from harness.model.result import CellResult

INTERRUPTED = 130
_FORMATS = ("terminal", "markdown", "json")


def _split(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    return split(values)


_SCENARIOS = click.option(
    "--scenarios",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Further scenario modules, of your own.",
)
_RESULTS = click.option(
    "--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True, help="Results folder."
)
_SELECTION: tuple[Callable[[Any], Any], ...] = (
    click.argument("names", metavar="[SCENARIO]...", nargs=-1),
    click.option("--matrix", type=click.Path(path_type=Path), help="Matrix file.  [default: matrices/seeds.toml]"),
    click.option(
        "--server",
        "servers",
        multiple=True,
        metavar="SPEC",
        help="Releases instead of the matrix's: uvicorn==0.27.0, 'uvicorn>=0.26,<0.29', uvicorn==latest, ./folder.",
    ),
    click.option("--python", "pythons", multiple=True, callback=_split, help="Pythons instead: 3.8,3.12."),
    click.option("--platform", "platforms", multiple=True, callback=_split, help="Platforms instead: linux."),
    click.option("--cell", "cells", multiple=True, metavar="GLOB", help="Only cells whose id matches."),
    _SCENARIOS,
    _RESULTS,
)
_EXECUTION: tuple[Callable[[Any], Any], ...] = (
    click.option("--trials", type=click.IntRange(1, 100), default=1, show_default=True, help="Trials of each cell."),
    click.option("--rerun", is_flag=True, help="Ignore stored results and remembered build failures."),
)


def _with(options: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Apply several click decorators, first on top."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(options), command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(harness.__version__, prog_name="harness")
def cli() -> None:
    """Run known failures of Python servers across releases, Pythons and platforms, and print what is true."""


@cli.command("list")
@click.option("--cells", "only_cells", is_flag=True, help="Print the ids of the selected cells.")
@_with(_SELECTION)
def list_command(*, only_cells: bool, **options: Any) -> int:  # noqa: ANN401
    """Print the scenarios with their claims, or the ids of a matrix's cells."""
    plan = Plan(Options(**options))
    if only_cells or plan.options.narrows:
        for cell in plan.cells:
            click.echo(cell.id)
        return 0
    for name in plan.scenario_names():
        for line in overview.lines(plan.scenarios[name].scenario):
            click.echo(line)
    return 0


@cli.command()
@_with(_SELECTION)
@_with(_EXECUTION)
@click.option("--jobs", type=click.IntRange(1, 1000), help="Cells at once.  [default: six a core]")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="terminal", show_default=True)
@click.option("--quiet", is_flag=True, help="No progress.")
def run(*, jobs: int | None, form: str, quiet: bool, **options: Any) -> int:  # noqa: ANN401
    """Run a matrix and print the compatibility table."""
    plan = Plan(Options(**options))
    found: dict[str, CellResult] = {}
    interrupted = False

    def finished(result: CellResult) -> None:
        found[result.id] = result
        progress.finished(result)

    at_once = jobs or schedule.default_jobs()
    typical = {name: loaded.scenario.typical_s for name, loaded in plan.scenarios.items()}
    with Progress(plan.cells, typical, quiet=quiet, at_once=at_once) as progress, plan.laboratory() as laboratory:
        try:
            schedule.execute(laboratory, plan.cells, on_result=finished, on_wait=progress.tick, jobs=jobs)
        except KeyboardInterrupt:
            interrupted = True
    results = [found.get(cell.id) or plan.not_run(cell) for cell in plan.cells]
    click.echo(_render(results, plan, form), nl=False)
    if interrupted:
        click.echo(f"interrupted; what is finished is kept in {plan.options.results}, the same call goes on", err=True)
    return _ended(results, INTERRUPTED if interrupted else exit_status(results))


@cli.command()
@_with(_SELECTION)
@click.option("--format", "form", type=click.Choice((*_FORMATS, "json-schema")), default="terminal", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write there instead of to standard output.")
@click.pass_obj
def report(call: str, /, *, form: str, output: Path | None, **options: Any) -> int:  # noqa: ANN401
    """Render the stored results again, without running anything."""
    if form == "json-schema":
        _write(json.schema(), output)
        return 0
    plan = Plan(Options(**options))
    results = plan.stored()
    head = f"<!-- Made by `{call}`; do not edit. -->\n\n" if form == "markdown" and output else ""
    _write(head + _render(results, plan, form), output)
    return _ended(results, exit_status(results))


@cli.command()
@click.argument("cell")
@_with([_RESULTS, _SCENARIOS])
def show(*, cell: str, **options: Any) -> int:  # noqa: ANN401
    """Print the evidence of one cell, named by its id or a glob that matches one."""
    plan = Plan(Options(**options))
    result = plan.stored_cell(cell)
    loaded = plan.scenarios.get(result.scenario)
    trials = [(trial, judge(loaded.scenario, trial) if loaded else None) for trial in plan.journal.evidence_of(result)]
    click.echo(evidence.render(result, trials, folder=plan.options.results), nl=False)
    return 0


@cli.command()
def doctor() -> int:
    """Print what this machine can run, and the remedy for each lack."""
    findings = diagnosis.findings(Options().cache)
    for finding in findings:
        _tell(finding)
    return 0 if all(finding.present for finding in findings if finding.needed) else 3


@cli.command()
@click.option("--python", "pythons", multiple=True, callback=_split, help="Windows CPythons to make.  [default: all]")
@click.option("--yes", is_flag=True, help="Install system packages too, where that is possible.")
def setup(*, pythons: tuple[str, ...], yes: bool) -> int:
    """Fetch and build what 'harness doctor' finds lacking and can be had here."""
    refuse_unknown(pythons, runtimes.PYTHONS, what="Windows CPython", where="--python")
    lacking = False
    with Kept() as kept:
        uv = Uv(mark=kept.mark, temporary=kept.folder)
        for finding in preparation.steps(pythons, root=Options().cache, uv=uv, install=yes):
            _tell(finding)
            lacking |= not finding.present
    return 3 if lacking else 0


def _tell(finding: Finding) -> None:
    click.echo(f"{'ok     ' if finding.present else 'lacking'}  {finding.what}: {clean.line(finding.detail)}")


def _render(results: Sequence[CellResult], plan: Plan, form: str) -> str:
    if form == "json":
        return json.render(results)
    table = table_of(results, {name: loaded.scenario for name, loaded in plan.scenarios.items()})
    return markdown.render(table) if form == "markdown" else terminal.render(table)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")


def _ended(results: Sequence[CellResult], status: int) -> int:
    """Say on standard error which exit status it is and why; return it."""
    click.echo(f"{summary(results)}; {_STATUSES[status]} (exit status {status})", err=True)
    return status


_STATUSES = {
    0: "every verdict agrees with what its scenario expects",
    1: "a verdict contradicts what its scenario expects",
    3: "nothing contradicts, but some cells could not be judged",
    INTERRUPTED: "interrupted",
}


def _refused(message: str, status: int) -> int:
    """Say on standard error, in one line, what is wrong; return the exit status."""
    click.echo(f"harness: {clean.line(' '.join(message.split()))} (exit status {status})", err=True)
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a call and return its exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        status = cli.main(args=given, prog_name="harness", standalone_mode=False, obj=shlex.join(["harness", *given]))
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        return _refused(error.format_message(), UsageError.exit_status)
    except HarnessError as error:
        return _refused(str(error), error.exit_status)
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("harness: interrupted", err=True)
        return INTERRUPTED
    return status if isinstance(status, int) else 0
