"""Where results are read from: a results folder, a document that was written before, or the published report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness import escaping
from harness.catalog.loading import bundled
from harness.errors import UsageError
from harness.results.journal import Journal
from harness.results.published import Published

if TYPE_CHECKING:
    from pathlib import Path

    from harness.results.protocols import ReadResults, WriteResults

PUBLISHED = bundled("reports") / "measured.json"


def reading(results: Path, *, where: str) -> ReadResults:
    """Return the results of a folder or a document; ``where`` is the option that names it.

    Raises:
        UsageError: the results cannot be read.

    """
    try:
        is_document = results.is_file()
    except OSError as error:  # its name is too long, or leads where this user may not look
        raise UsageError(f"{where}: {str(results)[:200]} cannot be read: {error.strerror}") from None
    return Published(results, where=where) if is_document else Journal(results, tell=_tell)


def writing(source: ReadResults, *, named: Path) -> WriteResults:
    """Return the source of results as one that can be written to.

    Raises:
        UsageError: the source is a document.

    """
    if isinstance(source, Journal):
        return source
    raise UsageError(f"--results: {named} is a document, which can be read; to run, name a folder")


def published(path: Path | None = None) -> Published:
    """Return the document that a call names by '--since', or the published report.

    Raises:
        UsageError: the document cannot be read.

    """
    return Published(path or PUBLISHED, where="--since" if path else "the published report")


def _tell(line: str) -> None:
    """Say on standard error what does not hold in a results folder and does not count."""
    click.echo(escaping.line(line), err=True)
