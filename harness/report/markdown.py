"""The table in Markdown, fit for a page or a comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.report import clean
from harness.report.table import CONTRADICTS, SYMBOLS

if TYPE_CHECKING:
    from harness.model.result import CellResult
    from harness.report.table import Remark, Section, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#!|<>~&$@]|^[-+=])")


def render(table: Table) -> str:
    """Return the whole table as Markdown."""
    parts = [_section(section) for section in table.sections]
    parts.append(escape(table.legend))
    if table.remarks:
        parts.append("\n".join(_remark(remark) for remark in table.remarks))
    return "\n\n".join(parts) + "\n"


def _remark(remark: Remark) -> str:
    cells = ", ".join(escape(cell) for cell in remark.cells)
    return f"- **{escape(remark.verdict)}**: {cells}: {escape(remark.reason)}"


def _section(section: Section) -> str:
    where = f"{section.scenario}: Python {section.python}, {section.platform}"
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
    """Make one line of the text in which nothing acts, on a terminal, as Markdown or as HTML."""
    return _SPECIAL.sub(r"\\\1", clean.line(text))
