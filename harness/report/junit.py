"""The table as JUnit XML, which CI systems read.

A verdict that contradicts is a failure; a verdict that is expected, of whatever kind, passes. A cell that leaves the
question open is an error: its environment could not be built, its trials disagree, it was not run, or its release
cannot serve although another verdict was expected. Any other cell that was not judged is skipped, with its reason: the
reason is a property of the release, and no news.
"""

from __future__ import annotations

import collections
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from harness import escaping
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.result import CellResult
    from harness.report.table import Section, Table

_UNKNOWN = {Verdict.ENVIRONMENT_FAILED, Verdict.INCONCLUSIVE, Verdict.NOT_RUN}


def render(table: Table) -> str:
    """Return the document: a suite for each section, a case for each cell."""
    suites = [_suite(section) for section in table.sections]
    root = ET.Element("testsuites", {"name": "harness", **_counts(cell for one in table.sections for cell in _of(one))})
    root.extend(suites)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _of(section: Section) -> list[CellResult]:
    return [row.results[variant] for row in section.rows for variant in section.variants if variant in row.results]


def _suite(section: Section) -> ET.Element:
    cells = _of(section)
    name = escaping.line(f"{section.scenario}: {section.where}")
    suite = ET.Element("testsuite", {"name": name, **_counts(cells), "skipped": str(_tally(cells)["skipped"])})
    suite.extend(_case(cell) for cell in cells)
    return suite


def _counts(cells: Iterable[CellResult]) -> dict[str, str]:
    known = list(cells)
    tally = _tally(known)
    return {
        "tests": str(len(known)),
        "failures": str(tally["failure"]),
        "errors": str(tally["error"]),
        "time": f"{sum(cell.duration_s for cell in known):.3f}",
    }


def _tally(cells: Iterable[CellResult]) -> collections.Counter[str | None]:
    return collections.Counter(_outcome(cell) for cell in cells)


def _outcome(cell: CellResult) -> str | None:
    """Return the element that says how the case ended; None where it passed."""
    if cell.contradicts:
        return "failure"
    if cell.verdict == cell.expected:
        return None
    if cell.verdict in _UNKNOWN or (cell.verdict is Verdict.UNHEALTHY and cell.expected):
        return "error"
    return None if cell.verdict.is_judged else "skipped"


def _case(cell: CellResult) -> ET.Element:
    group = escaping.line(f"{cell.scenario}.{cell.variant}")
    case = ET.Element(
        "testcase", {"name": escaping.line(cell.id), "classname": group, "time": f"{cell.duration_s:.3f}"}
    )
    if outcome := _outcome(cell):
        expected = f"expected {cell.expected}, measured {cell.verdict}" if cell.expected else str(cell.verdict)
        why = cell.reason or cell.signature
        message = escaping.line(f"{expected}: {why}" if why else expected)
        ET.SubElement(case, outcome, {"type": str(cell.verdict), "message": message})
    return case
