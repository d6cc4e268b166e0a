"""The command line: arguments become one frozen options value, which short handlers carry out."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

import harness
from harness import ending, machine, reporting, sharing, upkeep
from harness.analysis import controls
from harness.analysis.document import Searched
from harness.analysis.search import Strategy
from harness.arguments import (
    ABSENT,
    DIVISION,
    EXECUTION,
    FORMAT,
    OUTPUT,
    REPORT_FORMAT,
    RESULTS_FOLDER,
    SCENARIOS,
    SELECTION,
    PlacePath,
    all_of,
)
from harness.assessing import assessed
from harness.errors import UsageError
from harness.execution import expectations, interruption, schedule
from harness.execution.admission import Admission
from harness.model.judge import judge
from harness.model.outcome import outcome_of
from harness.plan import Options, Plan
from harness.report import claims as claimed
from harness.report import clean, difference, evidence, histories, json, markdown, overview, terminal
from harness.report.progress import Progress
from harness.report.table import UNJUDGED_HERE, summary, table_of
from harness.survey import Survey, all_releases, new_releases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.execution.laboratory import Laboratory
    from harness.model.cell import Cell
    from harness.model.result import CellResult

INTERRUPTED = interruption.STATUS


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(harness.__version__, prog_name="harness")
def cli() -> None:
    """Run known failures of Python servers across releases, Pythons and platforms, and print what is true."""


@cli.command("list")
@click.option("--cells", "only_cells", is_flag=True, help="Print the ids of the selected cells.")
@all_of(SELECTION)
@all_of(DIVISION)
def list_command(*, only_cells: bool, **options: Any) -> int:  # noqa: ANN401
    """Print the scenarios with their claims, or the ids of a matrix's cells."""
    plan = Plan(Options(**options))
    if only_cells or plan.options.narrows:
        for cell in plan.cells:
            click.echo(cell.id)
        _tell_remarks(plan)
        return 0
    for name in plan.scenario_names():
        for line in overview.lines(plan.scenarios[name].scenario):
            click.echo(line)
    return 0


@cli.command()
@all_of(SELECTION)
@all_of(DIVISION)
@all_of(EXECUTION)
@ABSENT
@click.option("--a-a", "twice", is_flag=True, help="Run every cell in two environments built alike, and compare.")
@FORMAT
@click.pass_obj
def run(call: str, /, *, twice: bool, jobs: int | None, form: str, quiet: bool, **options: Any) -> int:  # noqa: ANN401
    """Run a matrix and print the compatibility table."""
    plan = Plan(Options(**options))
    cells = [twin for cell in plan.cells for twin in (controls.twins(cell) if twice else (cell,))]
    _tell_remarks(plan)
    with interruption.bounded(_going_on(plan, call)), plan.laboratory() as laboratory:
        found, interrupted = _execute(
            plan,
            laboratory,
            {cell: plan.trials_of(cell.scenario, plan.options.trials) for cell in cells},
            jobs=jobs,
            quiet=quiet,
        )
    results = [found.get(cell.id) or plan.not_run(cell) for cell in cells]
    plan.keep_releases()
    click.echo(_render(results, plan, form), nl=False)
    if interrupted:
        return _interrupted(results, plan, call)
    if not cells:
        click.echo(f"nothing falls to shard {plan.options.shard} of this selection (exit status 0)", err=True)
        return 0
    if twice:
        return _compared(results)
    return _ended(results)


@cli.command()
@all_of(SELECTION)
@all_of(EXECUTION)
@ABSENT
@click.option("--strategy", type=click.Choice(("sweep", "bisect")), default="sweep", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of a bisection's draw of further releases.")
@click.option("--pre", "prereleases", is_flag=True, help="Pre-releases too.")
@click.option("--new", is_flag=True, help="Only releases that have appeared since the published report.")
@click.option("--since", type=PlacePath(), help="The same since a JSON document of your own.")
@click.option("--write", is_flag=True, help="Record the affected releases with each scenario: what later runs expect.")
@FORMAT
@click.pass_obj
def history(
    call: str,
    /,
    *,
    strategy: str,
    seed: int,
    prereleases: bool,
    new: bool,
    since: Path | None,
    write: bool,
    jobs: int | None,
    form: str,
    quiet: bool,
    **options: Any,  # noqa: ANN401
) -> int:
    """Run the releases of a subject, and print which are affected, how sure that is and what caused it."""
    plan = Plan(Options(**options))
    if write and (plan.options.servers or plan.options.cells):
        message = "--write records whole histories: leave out --server and --cell"
        raise UsageError(message)
    searched = Searched(strategy=Strategy(strategy), seed=seed if strategy == Strategy.BISECT else None)
    before = plan.published(since) if new or since else None
    survey = Survey(
        series=new_releases(plan, before) if before else all_releases(plan, prereleases=prereleases),
        searched=searched,
        claimed={name: claim.fixed for name, claim in plan.claims.items()},
        trials=plan.options.trials,
        results={cell.id: cell for cell in before.cells} if before else {},
        before={one.key: Searched(strategy=one.strategy, seed=one.seed) for one in before.histories} if before else {},
    )
    _tell_remarks(plan)
    interrupted = False
    with interruption.bounded(_going_on(plan, call)), plan.laboratory() as laboratory:
        while not interrupted and (step := survey.next_step()):
            found, interrupted = _execute(plan, laboratory, step, jobs=jobs, quiet=quiet)
            survey.results |= found
    plan.keep_releases()
    if not plan.options.servers and not plan.options.cells:  # which make no history of all releases
        plan.journal.remember(survey.how)
    results = survey.of_series()
    document = plan.document(results, survey.how)
    click.echo(json.render(document) if form == "json" else _HISTORIES[form](document.histories), nl=False)
    if interrupted:
        return _interrupted(results, plan, call)
    if before:
        for line in difference.lines(before, document):
            click.echo(line, err=True)
    if write:
        for path in expectations.write(document, plan.scenarios, command=call):
            click.echo(f"wrote {path}", err=True)
    return _ended([one for one in results if one.control is None])


@cli.command()
@all_of(SELECTION)
@FORMAT
@OUTPUT
@click.pass_obj
def claims(call: str, /, *, form: str, output: Path | None, **options: Any) -> int:  # noqa: ANN401
    """Print each documented claim beside what was measured, without running anything."""
    plan = Plan(Options(**options))
    document = assessed(plan)
    _tell_remarks(plan)
    if unjudged := sum(result.unjudged_here for result in document.cells):
        click.echo(f"{unjudged} of {len(document.cells)} results are {UNJUDGED_HERE}", err=True)
    text = json.render(document) if form == "json" else _CLAIMS[form](document.claims)
    reporting.write_text(reporting.head(call, form, output) + text, output)
    return 0


@cli.command()
@all_of(SELECTION)
@REPORT_FORMAT
@click.option(
    "--diff",
    nargs=2,
    type=PlacePath(exists=True),
    metavar="OLD NEW",
    help="What changed between two results: folders, or JSON documents.",
)
@OUTPUT
@click.pass_obj
def report(call: str, /, *, form: str, diff: tuple[Path, Path] | None, output: Path | None, **options: Any) -> int:  # noqa: ANN401
    """Render the stored results again, without running anything."""
    if form == "json-schema":
        reporting.write_text(json.schema(), output)
        return 0
    if diff:
        return reporting.compare(Options(**options), diff, form=form, output=output)
    plan = Plan(Options(**options))
    results, document = reporting.read(plan, published=True)
    _tell_remarks(plan)
    reporting.write(plan, document, call=call, form=form, output=output)
    reporting.write_job_summary(plan, document)
    return _ended([one for one in results if one.control is None])


for command in (sharing.plan, sharing.merge, upkeep.cache, machine.doctor, machine.setup):
    cli.add_command(command)


@cli.command()
@click.argument("cell")
@all_of([RESULTS_FOLDER, SCENARIOS])
def show(*, cell: str, **options: Any) -> int:  # noqa: ANN401
    """Print the evidence of one cell, named by its id or a glob that matches one."""
    plan = Plan(Options(**options))
    result = plan.stored_cell(cell)
    loaded = plan.scenarios.get(result.scenario)
    trials = [(trial, judge(loaded.scenario, trial) if loaded else None) for trial in plan.source.evidence_of(result)]
    click.echo(evidence.render(result, trials, folder=plan.options.results), nl=False)
    return 0


def _execute(
    plan: Plan, laboratory: Laboratory, cells: Mapping[Cell, int], *, jobs: int | None, quiet: bool
) -> tuple[dict[str, CellResult], bool]:
    """Execute the cells with progress; return the results by id, and whether the user interrupted."""
    found: dict[str, CellResult] = {}

    def finished(result: CellResult) -> None:
        result = plan.expecting(result)
        found[result.id] = result
        progress.finished(result)

    admission = Admission(jobs)
    costs = plan.known_costs(cells)
    with Progress(costs, quiet=quiet, at_once=admission.usual) as progress:
        try:
            schedule.execute(
                laboratory, cells, on_result=finished, on_wait=progress.tick, costs=costs, admission=admission
            )
        except KeyboardInterrupt:
            return found, True
    return found, False


def _going_on(plan: Plan, call: str) -> str:
    return f"interrupted; what is finished is kept in {plan.options.results}, go on with: {clean.line(call)}"


def _interrupted(results: Sequence[CellResult], plan: Plan, call: str) -> int:
    click.echo(_going_on(plan, call), err=True)
    return _ended(results, interrupted=True)


def _compared(results: Sequence[CellResult]) -> int:
    """Say whether the cells and their copies showed the same; return the exit status."""
    differing = controls.differences(results)
    for one, other in differing:
        click.echo(f"differs: {one.id} is {one.verdict}, its copy {other.verdict}", err=True)
    told = f"A/A: {len(results) // 2} cells ran in two environments built alike, {len(differing)} differ"
    click.echo(f"{told} (exit status 1)" if differing else told, err=True)
    return 1 if differing else _ended(results)


def _render(results: Sequence[CellResult], plan: Plan, form: str) -> str:
    if form == "json":
        return json.render(plan.document(results))
    in_table = [result for result in results if result.control is None]
    table = table_of(in_table, {name: loaded.scenario for name, loaded in plan.scenarios.items()})
    return markdown.render(table) if form == "markdown" else terminal.render(table)


def _ended(results: Sequence[CellResult], *, interrupted: bool = False) -> int:
    """Say on standard error which exit status it is and why; return it."""
    outcome = outcome_of(results)
    status, words = (INTERRUPTED, "interrupted") if interrupted else (outcome.exit_status, outcome.words)
    click.echo(f"{summary(results)}; {words} (exit status {status})", err=True)
    return status


def _tell_remarks(plan: Plan) -> None:
    """Say on standard error what had to be left out of the selection, or was read in another's place."""
    for line in plan.remarks:
        click.echo(f"harness: {clean.line(line)}", err=True)


_HISTORIES = {"terminal": histories.terminal, "markdown": histories.markdown}
_CLAIMS = {"terminal": claimed.terminal, "markdown": claimed.markdown}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a call and return its exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    named = clean.line(shlex.join(["harness", *given]))

    def call() -> int:
        try:
            if any("\0" in argument for argument in given):
                raise UsageError("an argument has a NUL in it, which no name or path has")
            with cli.make_context("harness", list(given), obj=named) as context:
                status = cli.invoke(context)
        except click.exceptions.Exit as done:
            return done.exit_code
        except click.ClickException as error:
            raise UsageError(error.format_message()) from None
        except click.exceptions.Abort:
            raise KeyboardInterrupt from None
        return status if isinstance(status, int) else 0

    return ending.ended(call, named=named)
