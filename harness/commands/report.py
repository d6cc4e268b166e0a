"""``harness report``: stored results in every format, into files, folders and the summary of a CI job."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.commands import saying
from harness.commands.arguments import OUTPUT, REPORT_FORMAT, SELECTION, PlacePath, all_of
from harness.commands.writing import head, write_text
from harness.errors import UsageError
from harness.report import comment, difference, formats, json_document, osv
from harness.report.site import folder as site
from harness.report.table import table_of
from harness.selection.options import Options
from harness.selection.plan import Plan, load_scenarios
from harness.selection.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.analysis.document import Document
    from harness.catalog.loading import Catalog
    from harness.model.scenario import Scenario

JOB_SUMMARY = "GITHUB_STEP_SUMMARY"
_DIFFERENCES = {"terminal": difference.terminal, "markdown": difference.markdown}


@click.command("report")
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
def command(call: str, /, *, form: str, diff: tuple[Path, Path] | None, output: Path | None, **options: Any) -> int:  # noqa: ANN401
    """Render the stored results again, without running anything."""
    if form == "json-schema":
        write_text(json_document.schema(), output)
        return 0
    if diff:
        return _compare(Options(**options), diff, form=form, output=output)
    plan = Plan(Options(**options))
    stored = Stored(plan)
    results = stored.results(published=True)
    document = stored.document(results)
    saying.remarks(plan)
    if form == "html":
        _write_site(stored, document, plan.scenarios.declared, call=call, output=output)
    else:
        _write(document, plan.scenarios.declared, call=call, form=form, output=output)
    _write_job_summary(document, plan.scenarios.declared)
    return saying.ended([one for one in results if not one.is_control])


def _write(document: Document, scenarios: Mapping[str, Scenario], *, call: str, form: str, output: Path | None) -> None:
    """Write a document in a format, to standard output where the call names no place."""
    at = dt.datetime.now(dt.UTC)
    if form == "osv":
        for line in osv.refusals(document):
            click.echo(line, err=True)
    if form == "osv" and output and output.suffix != ".json":
        _write_osv(osv.documents(document, scenarios, at=at), output)
    else:
        write_text(head(call, form, output) + formats.render(form, document, scenarios, at=at), output)


def _write_job_summary(document: Document, scenarios: Mapping[str, Scenario]) -> None:
    """Append the Markdown to the summary of the CI job that the call runs in; do nothing outside of one."""
    if path := os.environ.get(JOB_SUMMARY):
        cells = [cell for cell in document.cells if cell.is_in_tables]
        text = comment.render(document, table_of(cells, scenarios))
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            message = f"{JOB_SUMMARY}: {path} cannot be written to: {error.strerror}"
            raise UsageError(message) from None


def _compare(options: Options, places: tuple[Path, Path], *, form: str, output: Path | None) -> int:
    """Write what changed between two results.

    Returns:
        1 where a verdict turned into the other one, 3 where no cell was judged in both, else 0.

    """
    if form not in _DIFFERENCES:
        message = f"--diff: there is no '{form}' of what changed; valid: {', '.join(_DIFFERENCES)}"
        raise UsageError(message)
    scenarios = load_scenarios(options)
    found = difference.difference(*(_document(options, place, scenarios) for place in places))
    write_text(_DIFFERENCES[form](found), output)
    status, said = 0, "no verdict turned into the other one"
    if found.turned:
        status, said = 1, "a verdict turned into the other one"
    elif not found.compared:
        status, said = 3, "no cell was judged in both"
    click.echo(f"{found.counts}; {said} (exit status {status})", err=True)
    return status


def _document(options: Options, place: Path, scenarios: Catalog) -> Document:
    stored = Stored(Plan(dataclasses.replace(options, results=place), scenarios))
    return stored.document(stored.results())


def _write_site(
    stored: Stored, document: Document, scenarios: Mapping[str, Scenario], *, call: str, output: Path | None
) -> None:
    """Write the pages of a site.

    Raises:
        UsageError: the call names no folder for them.

    """
    if output is None:
        message = "--format html: name the folder of the site by --output"
        raise UsageError(message)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"--output: {output} is not a folder and cannot be made one: {error.strerror}"
        raise UsageError(message) from None
    pages = site.write(document, scenarios, stored.trials_of, folder=output, made_by=call)
    click.echo(f"{pages} pages; open {output / 'index.html'}", err=True)


def _write_osv(documents: dict[str, dict[str, object]], output: Path) -> None:
    for name, one in documents.items():
        write_text(osv.text(one), output / f"{name}.json")
    click.echo(f"{len(documents)} documents in {output}", err=True)
