"""Results as a compatibility table of values: releases by variants, one section per scenario, Python, platform and day.

Every format that shows a table takes it from here, so that all of them say the same.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
from typing import TYPE_CHECKING

from packaging.version import Version

from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.model.result import CellResult
    from harness.model.scenario import Scenario

SYMBOLS = {
    Verdict.REPRODUCED: "✗",
    Verdict.ABSENT: "✓",
    Verdict.UNHEALTHY: "☠",
    Verdict.UNSUPPORTED: "-",
    Verdict.INCONCLUSIVE: "?",
    Verdict.ENVIRONMENT_FAILED: "!",
    Verdict.NOT_RUN: "·",
}
CONTRADICTS = "contradicts what is expected"
UNJUDGED_HERE = "as the shard says, not judged here"
FEW_ROWS = 10  # a section of at most this many rows is shown whole: a person has picked them by hand
FEWEST_FOLDED = 3
_Place = tuple[str, str, str, str, str]  # of a section: scenario, platform, Python, subject, day


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableRow:
    """One release: its results by variant; a variant that was not selected has none."""

    version: str
    results: Mapping[str, CellResult]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stretch:
    """Releases in a row that show the same in every variant, as one line of the table."""

    first: TableRow
    last: TableRow
    count: int

    @property
    def label(self) -> str:
        """The releases, as ``0.2.21–0.27.0 (57)``."""
        return f"{self.first.version}–{self.last.version} ({self.count})" if self.count > 1 else self.first.version


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """One scenario on one Python and platform, as of one day, or each release as of its own moment."""

    scenario: str
    title: str
    subject: str
    python: str
    platform: str
    variants: tuple[str, ...]
    rows: tuple[TableRow, ...]
    as_of: str | None = None

    @property
    def where(self) -> str:
        """The Python, the platform and the day, in words."""
        return f"Python {self.python}, {self.platform}" + (f", as of {self.as_of}" if self.as_of else "")

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The rows; in a section of many rows, equal rows that follow each other are folded into one."""
        groups = (list(rows) for _, rows in itertools.groupby(self.rows, key=_shown))
        stretches: list[Stretch] = []
        for rows in groups:
            if len(self.rows) > FEW_ROWS and len(rows) >= FEWEST_FOLDED:
                stretches.append(Stretch(first=rows[0], last=rows[-1], count=len(rows)))
            else:
                stretches += [Stretch(first=row, last=row, count=1) for row in rows]
        return tuple(stretches)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remark:
    """Why some cells have no judged verdict or contradict: the verdict, the cells, and a line to act on."""

    verdict: str
    cells: tuple[str, ...]
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """The whole table: sections, remarks on what was not judged, and how many cells have each verdict."""

    sections: tuple[Section, ...]
    remarks: tuple[Remark, ...]
    counts: Mapping[Verdict, int]
    contradictions: int

    @property
    def legend(self) -> str:
        """The verdicts that occur, each with its symbol."""
        return "  ".join(f"{SYMBOLS[verdict]} {verdict}" for verdict in Verdict if self.counts.get(verdict))


def table_of(results: Sequence[CellResult], scenarios: Mapping[str, Scenario]) -> Table:
    """Return the table of results; ``scenarios``, those at hand, gives titles and the order of variants."""
    grouped: dict[_Place, list[CellResult]] = collections.defaultdict(list)
    for result in results:
        as_of = result.key.as_of or ""
        grouped[result.scenario, result.platform, result.python, result.subject, as_of].append(result)
    sections = [
        _section(group, scenarios.get(place[0]))
        for place, group in sorted(grouped.items(), key=lambda item: _order(item[0]))
    ]
    return Table(
        sections=tuple(sections),
        remarks=tuple(_remarks(results)),
        counts=collections.Counter(result.verdict for result in results),
        contradictions=sum(result.contradicts for result in results),
    )


def _shown(row: TableRow) -> dict[str, tuple[Verdict, bool]]:
    """Return all that a table shows of a row besides its release."""
    return {variant: (result.verdict, result.contradicts) for variant, result in row.results.items()}


def _order(place: _Place) -> tuple[str, str, Version, str, str]:
    scenario, platform, python, subject, as_of = place
    return scenario, platform, Version(python), subject, as_of


def _section(group: Sequence[CellResult], scenario: Scenario | None) -> Section:
    first = group[0]
    present = {result.variant for result in group}
    known = [variant.name for variant in scenario.variants] if scenario else []
    variants = [name for name in known if name in present] + sorted(present - set(known))
    by_version: dict[str, dict[str, CellResult]] = collections.defaultdict(dict)
    for result in group:
        by_version[result.version][result.variant] = result
    return Section(
        scenario=first.scenario,
        title=scenario.title if scenario else "",
        subject=first.subject,
        python=first.python,
        platform=first.platform,
        as_of=first.key.as_of,
        variants=tuple(variants),
        rows=tuple(
            TableRow(version=version, results=by_version[version]) for version in sorted(by_version, key=Version)
        ),
    )


def _remarks(results: Sequence[CellResult]) -> list[Remark]:
    """Collect the reasons, each once with its cells; contradictions first."""
    grouped: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for result in results:
        if result.contradicts:
            seen = f": {result.signature}" if result.signature else ""
            reason = f"expected {result.expected}, measured {result.verdict}{seen}"
            grouped[CONTRADICTS, reason].append(result.id)
        elif not result.verdict.is_judged:
            grouped[result.verdict, result.reason or ""].append(result.id)
    for result in results:
        if result.unjudged_here:
            grouped[UNJUDGED_HERE, "its scenario is not at hand, or is another one"].append(result.id)
    ordered = sorted(grouped.items(), key=lambda item: (item[0][0] != CONTRADICTS, item[0]))
    return [Remark(verdict=verdict, cells=tuple(cells), reason=reason) for (verdict, reason), cells in ordered]


def summary(results: Sequence[CellResult]) -> str:
    """Return the one line of counts that ends a run."""
    counts = collections.Counter(result.verdict for result in results)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]]
    contradictions = sum(result.contradicts for result in results)
    stored = sum(result.cached for result in results)
    if contradictions:
        parts.append(f"{contradictions} contradicting the expectation")
    if unjudged := sum(result.unjudged_here for result in results):
        parts.append(f"{unjudged} {UNJUDGED_HERE}")
    if stored:
        parts.append(f"{stored} from stored results")
    return f"{len(results)} cells: " + ", ".join(parts)
