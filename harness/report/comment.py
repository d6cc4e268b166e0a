"""Results in Markdown for a comment on a pull request or the summary of a CI job: what matters first, then the rest."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from harness.report import claims, histories, markdown
from harness.report.table import CONTRADICTS, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.analysis.document import Document
    from harness.report.table import Section, Table

LIMIT = 65_000  # characters; GitHub takes 65,536 in a comment
_NAMED = 10


def render(document: Document, table: Table) -> str:
    """Return the counts, the contradictions and the claims, then as much of the histories and the table as fits."""
    in_table = [cell for cell in document.cells if cell.is_in_tables]
    parts = [f"**{markdown.escape(summary(in_table))}**"]
    contradicting = [remark for remark in table.remarks if remark.verdict == CONTRADICTS]
    parts += [f"⚠ {markdown.remark(remark, named=_NAMED)}" for remark in contradicting]
    if document.claims:
        parts.append(claims.markdown(document.claims).rstrip())
    rest = [remark for remark in table.remarks if remark.verdict != CONTRADICTS]
    measured = [_details("Histories", histories.markdown(document.histories))] if document.histories else []
    reasons = [f"- {markdown.remark(remark, named=_NAMED)}" for remark in rest]
    foot = markdown.escape(table.legend)
    room = LIMIT - len(foot) - sum(len(part) + 2 for part in parts)
    folded = [_folded(where, list(group)) for where, group in itertools.groupby(table.sections, key=_where)]
    kept = _fitting(
        [*measured, *folded, *([_details("What could not be judged", "\n".join(reasons))] if reasons else [])], room
    )
    left_out = len(measured) + len(folded) + bool(reasons) - len(kept)
    more = [f"… {left_out} more parts do not fit in here; `harness report` prints them."] if left_out else []
    return "\n\n".join((*parts, *kept, *more, foot)) + "\n"


def _where(section: Section) -> tuple[str, str]:
    return section.scenario, section.platform


def _folded(where: tuple[str, str], sections: Sequence[Section]) -> str:
    scenario, platform = where
    pythons = ", ".join(section.python + (f" as of {section.as_of}" if section.as_of else "") for section in sections)
    heading = markdown.escape(f"{scenario}: {platform}, Python {pythons}")
    return _details(heading, "\n\n".join(markdown.section(section) for section in sections))


def _details(heading: str, body: str) -> str:
    """Return a part that is folded away; because of the empty lines its body is read as Markdown."""
    return f"<details><summary>{heading}</summary>\n\n{body}\n\n</details>"


def _fitting(parts: Sequence[str], room: int) -> list[str]:
    """Return the parts that fit, in order; a part that is too large does not keep later parts out."""
    kept = []
    for part in parts:
        if len(part) + 200 <= room:
            kept.append(part)
            room -= len(part) + 2
    return kept
