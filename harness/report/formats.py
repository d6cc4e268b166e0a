"""Every format that is one text, by its name. The module of a format is loaded when the format is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from harness.analysis.document import Document
    from harness.model.scenario import Scenario
    from harness.report.table import Table

FORMATS = ("terminal", "markdown", "json", "junit", "csv", "osv", "badge")


def render(form: str, document: Document, scenarios: Mapping[str, Scenario], *, at: dt.datetime) -> str:
    """Return a document in one of `FORMATS`.

    Args:
        form: the name of the format.
        document: with histories and claims.
        scenarios: the scenarios at hand, by id.
        at: now (UTC), for formats that say when they were written.

    """
    if form == "osv":
        from harness.report import osv

        return osv.render(osv.documents(document, scenarios, at=at))
    if form in _OF_TABLE:
        from harness.report.table import table_of

        table = table_of([cell for cell in document.cells if cell.is_in_tables], scenarios)
        return _OF_TABLE[form](document, table)
    return _OF_DOCUMENT[form](document)


def _terminal(_document: Document, table: Table) -> str:
    from harness.report import terminal

    return terminal.render(table)


def _markdown(document: Document, table: Table) -> str:
    from harness.report import comment

    return comment.render(document, table)


def _junit(_document: Document, table: Table) -> str:
    from harness.report import junit

    return junit.render(table)


def _json(document: Document) -> str:
    from harness.report import json_document

    return json_document.render(document)


def _csv(document: Document) -> str:
    from harness.report import csv_table

    return csv_table.render(document.cells)


def _badge(document: Document) -> str:
    from harness.report import badge

    return badge.render(badge.badge_of(document.cells))


_OF_TABLE: dict[str, Callable[[Document, Table], str]] = {
    "terminal": _terminal,
    "markdown": _markdown,
    "junit": _junit,
}
_OF_DOCUMENT: dict[str, Callable[[Document], str]] = {"json": _json, "csv": _csv, "badge": _badge}
