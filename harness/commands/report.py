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
from harness.model.judge import judge
from harness.report import comment, difference, formats, json_document, osv
from harness.report.site import folder as site
from harness.report.table import table_of
from harness.selection.plan import Options, Plan, load_scenarios

if TYPE_CHECKING:
    from harness.analysis.document import Document
    from harness.catalog.loading import Catalog
    from harness.model.evidence import Evidence
    from harness.model.result import CellResult
    from harness.model.verdict import Judgement

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
    results, document = _read(plan, published=True)
    saying.remarks(plan)
    _write(plan, document, call=call, form=form, output=output)
    _write_job_summary(plan, document)
    return saying.ended([one for one in results if one.control is None])


def _read(plan: Plan, *, published: bool = False) -> tuple[tuple[CellResult, ...], Document]:
    """Return the stored results that the call means, and their document; ``published`` as in `Plan.stored`.

    Raises:
        UsageError: there are none, or they cannot be what the program wrote.

    """
    results = plan.stored(published=published)
    return results, plan.document(results)


def _write(plan: Plan, document: Document, *, call: str, form: str, output: Path | None) -> None:
    """Write a document in a format, to standard output where no place is named.

    Raises:
        UsageError: the format is a folder of files, and the call names none that can be one.

    """
    scenarios = plan.scenarios.declared
    at = dt.datetime.now(dt.UTC)
    if form == "osv":
        _tell_refusals(document)
    if form == "html":
        _write_site(plan, document, call=call, output=output)
    elif form == "osv" and output and output.suffix != ".json":
        _write_osv(osv.documents(document, scenarios, at=at), output)
    else:
        write_text(head(call, form, output) + formats.render(form, document, scenarios, at=at), output)


def _tell_refusals(document: Document) -> None:
    for line in osv.refusals(document):
        click.echo(line, err=True)


def _write_job_summary(plan: Plan, document: Document) -> None:
    """Append the Markdown to the summary of the CI job that this runs in; elsewhere nothing is done."""
    if path := os.environ.get(JOB_SUMMARY):
        cells = [cell for cell in document.cells if cell.control is None]
        text = comment.render(document, table_of(cells, plan.scenarios.declared))
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
    return _read(Plan(dataclasses.replace(options, results=place), scenarios))[1]


def _write_site(plan: Plan, document: Document, *, call: str, output: Path | None) -> None:
    if output is None:
        message = "--format html: name the folder of the site by --output"
        raise UsageError(message)

    def trials_of(result: CellResult) -> list[tuple[Evidence, Judgement | None]]:
        loaded = plan.scenarios.get(result.scenario)
        return [(one, judge(loaded.scenario, one) if loaded else None) for one in plan.source.evidence_of(result)]

    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"--output: {output} is not a folder and cannot be made one: {error.strerror}"
        raise UsageError(message) from None
    pages = site.write(document, plan.scenarios.declared, trials_of, folder=output, made_by=call)
    click.echo(f"{pages} pages; open {output / 'index.html'}", err=True)


def _write_osv(documents: dict[str, dict[str, object]], output: Path) -> None:
    for name, one in documents.items():
        write_text(osv.text(one), output / f"{name}.json")
    click.echo(f"{len(documents)} documents in {output}", err=True)
