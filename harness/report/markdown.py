"""The table in Markdown, fit for a page or a comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness import escaping
from harness.report.table import CONTRADICTS, SYMBOLS

if TYPE_CHECKING:
    from harness.model.result import CellResult
    from harness.report.table import Remark, Section, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#!|<>~&$@]|^[-+=])")


def render(table: Table) -> str:
    """Return the whole table as Markdown."""
    parts = [section(one) for one in table.sections]
    parts.append(escape(table.legend))
    if table.remarks:
        parts.append("\n".join(f"- {remark(one)}" for one in table.remarks))
    return "\n\n".join(parts) + "\n"


def remark(remark: Remark, *, named: int | None = None) -> str:
    """Return a remark as one line that names at most ``named`` of its cells; all of them, where that is None."""
    cells = ", ".join(escape(cell) for cell in remark.cells[:named])
    more = f" and {len(remark.cells) - named} more" if named and len(remark.cells) > named else ""
    return f"**{escape(remark.verdict)}**: {cells}{more}: {escape(remark.reason)}"


def section(section: Section) -> str:
    """Return one section: heading, title and table."""
    where = f"{section.scenario}: {section.where}"
    head = f"### {escape(where)}\n\n{escape(section.title)}\n"
    columns = [escape(name) for name in (section.subject, *section.variants)]
    rows = [
        [escape(stretch.label), *(_cell(stretch.first.results.get(variant)) for variant in section.variants)]
        for stretch in section.stretches
    ]
    body = [" | ".join(columns), " | ".join("---" for _ in columns), *(" | ".join(row) for row in rows)]
    return head + "\n" + "\n".join(f"| {line} |" for line in body)


def _cell(result: CellResult | None) -> str:
    if result is None:
        return ""
    mark = f" ({CONTRADICTS})" if result.contradicts else ""
    return f"{SYMBOLS[result.verdict]} {result.verdict}{mark}"


def escape(text: str) -> str:
    """Return a text as one line in which nothing acts on a terminal, as Markdown or as HTML."""
    return _SPECIAL.sub(r"\\\1", escaping.line(text))
