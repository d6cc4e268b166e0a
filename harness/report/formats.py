"""Every format that is one text, by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report import badge, comment, csv_table, json_document, junit, osv, terminal
from harness.report.table import table_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from harness.analysis.document import Document
    from harness.model.scenario import Scenario

FORMATS = ("terminal", "markdown", "json", "junit", "csv", "osv", "badge")


def render(form: str, document: Document, scenarios: Mapping[str, Scenario], *, at: dt.datetime) -> str:
    """Return a document in one of `FORMATS`.

    Args:
        form: its name.
        document: with histories and claims.
        scenarios: by id, those at hand.
        at: now (UTC), for formats that say when they were written.

    """
    table = table_of([cell for cell in document.cells if cell.control is None], scenarios)
    text = {
        "terminal": lambda: terminal.render(table),
        "markdown": lambda: comment.render(document, table),
        "json": lambda: json_document.render(document),
        "junit": lambda: junit.render(table),
        "csv": lambda: csv_table.render(document.cells),
        "osv": lambda: osv.render(osv.documents(document, scenarios, at=at)),
        "badge": lambda: badge.render(badge.badge_of(document.cells)),
    }
    return text[form]()
