"""``harness history``: run the releases of a subject and print which of them are affected."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from harness.analysis.document import Searched
from harness.analysis.search import Strategy
from harness.commands import saying
from harness.commands.arguments import ABSENT, EXECUTION, FORMAT, SELECTION, PlacePath, all_of
from harness.commands.executing import execute, executor
from harness.errors import UsageError
from harness.execution import interruption
from harness.execution.executors.admission import Admission
from harness.report import difference, histories, json_document
from harness.results import expectations, sources
from harness.results.published import Published
from harness.selection.options import Options
from harness.selection.plan import Plan
from harness.selection.stored import Stored
from harness.selection.survey import Survey, all_releases, new_releases

if TYPE_CHECKING:
    from pathlib import Path

    from harness.analysis.document import Document

_FORMATS = {"terminal": histories.terminal, "markdown": histories.markdown}


@click.command("history")
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
def command(
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
    """Run the releases of a subject, and print which are affected, how sure that is and what caused it.

    Where '--results' names a JSON document, its histories are printed, or written, and nothing is run.
    """
    plan = Plan(Options(**options))
    stored = Stored(plan)
    if write and (plan.options.servers or plan.options.cells):
        message = "--write records whole histories: leave out --server and --cell"
        raise UsageError(message)
    if isinstance(stored.source, Published):
        return _told_again(plan, stored, call, form=form, write=write)
    before = sources.published(since).document if new or since else None
    searched = Searched(strategy=Strategy(strategy), seed=seed if strategy == Strategy.BISECT else None)
    survey = _survey(plan, searched, before, prereleases=prereleases)
    saying.remarks(plan)
    is_interrupted = False
    with (
        interruption.bounded(saying.going_on(plan, call)),
        executor(plan, stored, admission=partial(Admission, jobs)) as local,
    ):
        while not is_interrupted and (step := survey.next_step()):
            found, is_interrupted = execute(plan, stored, local, step, quiet=quiet)
            survey.results |= found
    stored.keep_releases()
    if not plan.options.servers and not plan.options.cells:  # with these, no history covers all releases
        stored.writable.remember(survey.how)
    results = survey.of_series()
    document = stored.document(results, survey.how)
    _print(document, form)
    if is_interrupted:
        return saying.interrupted(results, plan, call)
    if before:
        for line in difference.lines(before, document):
            click.echo(line, err=True)
    if write:
        _write(document, plan, call, measured_now=True)
    return saying.ended([one for one in results if one.control is None])


def _survey(plan: Plan, searched: Searched, before: Document | None, *, prereleases: bool) -> Survey:
    """Return the survey of every release, or of those that have appeared since a document was written."""
    series = new_releases(plan, before) if before else all_releases(plan, prereleases=prereleases)
    return Survey(
        series=series,
        searched=searched,
        claims=plan.claims_of(one.key.scenario for one in series),
        trials=plan.options.trials,
        results={cell.id: cell for cell in before.cells} if before else {},
        before={one.key: Searched(strategy=one.strategy, seed=one.seed) for one in before.histories} if before else {},
    )


def _told_again(plan: Plan, stored: Stored, call: str, *, form: str, write: bool) -> int:
    """Print the histories of a document, as this program judges them now, and record them with their scenarios."""
    document = stored.assessed()
    _print(document, form)
    if write:
        _write(document, plan, call, measured_now=False)
    return saying.ended([one for one in document.cells if one.control is None])


def _print(document: Document, form: str) -> None:
    text = json_document.render(document) if form == "json" else _FORMATS[form](document.histories)
    click.echo(text, nl=False)


def _write(document: Document, plan: Plan, call: str, *, measured_now: bool) -> None:
    for path in expectations.write(document, plan.scenarios, command=call, measured_now=measured_now):
        click.echo(f"wrote {path}", err=True)
