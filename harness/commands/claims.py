"""``harness claims``: what documents say beside what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from harness.commands import saying
from harness.commands.arguments import FORMAT, OUTPUT, SELECTION, all_of
from harness.commands.writing import head, write_text
from harness.errors import UsageError
from harness.report import claims, json_document
from harness.report.table import UNJUDGED_HERE
from harness.selection.options import Options
from harness.selection.plan import Plan
from harness.selection.stored import Stored

if TYPE_CHECKING:
    from pathlib import Path

_FORMATS = {"terminal": claims.terminal, "markdown": claims.markdown}


@click.command("claims")
@all_of(SELECTION)
@FORMAT
@OUTPUT
@click.pass_obj
def command(call: str, /, *, form: str, output: Path | None, **options: Any) -> int:  # noqa: ANN401
    """Print each documented claim beside what was measured, without running anything."""
    plan = Plan(Options(**options))
    if plan.options.moments:
        message = "--as-of: a claim is about releases as of their own moments; 'harness history --as-of' has the others"
        raise UsageError(message)
    document = Stored(plan).assessed()
    plan.tell_unwritten()
    saying.remarks(plan)
    if unjudged := sum(result.unjudged_here for result in document.cells):
        click.echo(f"{unjudged} of {len(document.cells)} results are {UNJUDGED_HERE}", err=True)
    text = json_document.render(document) if form == "json" else _FORMATS[form](document.claims)
    write_text(head(call, form, output) + text, output)
    return 0
