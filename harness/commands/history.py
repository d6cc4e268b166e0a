"""``harness history``: run the releases of a subject and print which of them are affected."""

from __future__ import annotations

import functools
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from packaging.utils import canonicalize_name

from harness import escaping
from harness.analysis.document import Searched
from harness.analysis.search import Strategy
from harness.commands import saying
from harness.commands.arguments import ABSENT, EXECUTION, FORMAT, SELECTION, PlacePath, all_of
from harness.commands.executing import execute, executor
from harness.errors import IndexUnavailableError, UsageError
from harness.execution import interruption
from harness.execution.executors.admission import Admission
from harness.model.names import PackageName, fits
from harness.report import difference, histories, json_document
from harness.results import expectations, sources
from harness.results.published import Published
from harness.selection.options import Options
from harness.selection.plan import Plan
from harness.selection.stored import Stored
from harness.selection.survey import Survey, all_releases, new_releases, over_a_dependency

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.analysis.document import Document
    from harness.model.release import Release

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
@click.option("--over", metavar="PACKAGE", help="The releases of a dependency, beside one release of the subject.")
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
    if plan.options.over:
        _check_over(plan.options.over, is_told_again=isinstance(stored.source, Published), since=bool(new or since))
    if write:
        _refuse_to_write(plan)
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
    is_of_some = plan.options.servers and not plan.options.over
    if not (is_of_some or plan.options.cells):  # with these, no history covers all releases
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
    return saying.ended([one for one in results if one.id in survey.ids])


def _check_over(name: str, *, is_told_again: bool, since: bool) -> None:
    """Refuse a history over a dependency that cannot be made."""
    if not fits(canonicalize_name(name), PackageName):
        message = f"--over: '{name}' is no name of a package, such as h11"
        raise UsageError(message)
    if since:
        message = "--over runs every release of the package: leave out --new and --since"
        raise UsageError(message)
    if is_told_again:
        message = "--over runs cells: let --results name a folder in place of a document"
        raise UsageError(message)


def _refuse_to_write(plan: Plan) -> None:
    """Refuse to record what is no whole history of the subject's releases, each as of its own moment."""
    options = plan.options
    if options.servers or options.cells:
        message = "--write records whole histories: leave out --server and --cell"
        raise UsageError(message)
    if options.over or options.moments:
        left_out = "--over" if options.over else "--as-of"
        message = f"--write records what is expected of releases as of their own day: leave out {left_out}"
        raise UsageError(message)


def _survey(plan: Plan, searched: Searched, before: Document | None, *, prereleases: bool) -> Survey:
    """Return the survey of every release, of those that have appeared since a document, or over a dependency."""
    if plan.options.over:
        package = canonicalize_name(plan.options.over)
        series = over_a_dependency(plan, package, prereleases=prereleases)
    else:
        series = new_releases(plan, before) if before else all_releases(plan, prereleases=prereleases)
    return Survey(
        series=series,
        searched=searched,
        claims=plan.claims_of(one.key.scenario for one in series),
        trials=plan.options.trials,
        results={cell.id: cell for cell in before.cells} if before else {},
        before={one.key: Searched(strategy=one.strategy, seed=one.seed) for one in before.histories} if before else {},
        releases_of=functools.cache(partial(_releases_of, plan)),
    )


def _releases_of(plan: Plan, package: str) -> Sequence[Release]:
    """Return the releases of a dependency; none, and a line for the user, where no index has it."""
    try:
        return plan.available.listed(package)
    except IndexUnavailableError as error:
        click.echo(escaping.line(f"harness: {package} is not searched: {error}"), err=True)
        return ()


def _told_again(plan: Plan, stored: Stored, call: str, *, form: str, write: bool) -> int:
    """Print the histories of a document, as this program judges them now, and record them with their scenarios."""
    document = stored.assessed()
    _print(document, form)
    if write:
        _write(document, plan, call, measured_now=False)
    return saying.ended([one for one in document.cells if not one.is_control])


def _print(document: Document, form: str) -> None:
    text = json_document.render(document) if form == "json" else _FORMATS[form](document.histories)
    click.echo(text, nl=False)


def _write(document: Document, plan: Plan, call: str, *, measured_now: bool) -> None:
    for path in expectations.write(document, plan.scenarios, command=call, measured_now=measured_now):
        click.echo(f"wrote {path}", err=True)
