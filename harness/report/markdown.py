"""The table in Markdown, fit for a page or a comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.report import clean
from harness.report.table import CONTRADICTS, SYMBOLS

if TYPE_CHECKING:
    from harness.model.result import CellResult
    from harness.report.table import Section, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&$@-])")


def render(table: Table) -> str:
    """Return the whole table as Markdown."""
    parts = [_section(section) for section in table.sections]
    parts.append(_escape(table.legend))
    remarks = [
        f"- **{_escape(remark.verdict)}**: {', '.join(f'`{clean.line(cell)}`' for cell in remark.cells)}: "
        f"{_escape(clean.line(remark.reason))}"
        for remark in table.remarks
    ]
    if remarks:
        parts.append("\n".join(remarks))
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> str:
    head = f"### {section.scenario}: Python {section.python}, {section.platform}\n\n{_escape(section.title)}\n"
    columns = [section.subject, *section.variants]
    rows = [[row.version, *(_cell(row.results.get(variant)) for variant in section.variants)] for row in section.rows]
    body = [" | ".join(columns), " | ".join("---" for _ in columns), *(" | ".join(row) for row in rows)]
    return head + "\n" + "\n".join(f"| {line} |" for line in body)


def _cell(result: CellResult | None) -> str:
    if result is None:
        return ""
    mark = f" ({CONTRADICTS})" if result.contradicts else ""
    return f"{SYMBOLS[result.verdict]} {result.verdict}{mark}"


def _escape(text: str) -> str:
    """Let nothing in the text act as Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", text)
