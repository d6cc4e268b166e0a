"""What stands on the start page and on the page of each failure, as values."""

from __future__ import annotations

import collections
import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from harness.analysis.advice import Advice
from harness.analysis.assessment import SILENT
from harness.model.verdict import Verdict
from harness.report import histories as said
from harness.report.claims import findings
from harness.report.site import names
from harness.report.site.bands import axis_of, runs_of
from harness.report.site.story import story_of
from harness.report.table import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.analysis.document import Document
    from harness.analysis.series import History
    from harness.model.coordinates import SeriesKey
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario
    from harness.report.claims import ClaimRow
    from harness.report.site.bands import Axis, Stretch
    from harness.report.site.story import Part


@dataclasses.dataclass(frozen=True, kw_only=True)
class VariantRow:
    """One history as a band, and its statements as labelled lines."""

    history: History
    runs: tuple[Stretch, ...]
    lines: tuple[tuple[str, str], ...]

    @property
    def affected(self) -> str:
        """The affected releases in a few words."""
        if self.history.affected:
            return f"affected {said.affected(self.history)}"
        judged = len(self.history.judged)
        return f"none of {judged} judged releases is affected" if judged else "nothing could be judged"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chart:
    """The bands of one variant on one platform, one for each Python."""

    variant: str
    platform: str
    rows: tuple[VariantRow, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Said:
    """What one document says about a failure: ``words`` has each statement once.

    ``unmeasured`` are the findings that say neither that the document is right nor that it is wrong.
    """

    document: str
    references: tuple[str, ...]
    words: tuple[str, ...]
    findings: tuple[ClaimRow, ...]
    unmeasured: tuple[ClaimRow, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """One failure of one subject.

    ``said`` is what documents say about it, document by document; ``references`` are the scenario's own. ``overview``
    puts all its cells together. ``platforms`` are the systems that the failure can exist on, None where its scenario is
    not at hand.
    """

    id: str
    page: str
    platforms: tuple[str, ...] | None
    title: str
    subject: str
    references: tuple[str, ...]
    said: tuple[Said, ...]
    axis: Axis
    overview: tuple[Stretch, ...]
    charts: tuple[Chart, ...]
    cells: tuple[CellResult, ...]
    story: tuple[Part, ...]

    @property
    def findings(self) -> tuple[ClaimRow, ...]:
        """What was measured of all documents, without what could not be measured."""
        return tuple(one for said in self.said for one in said.findings)

    @property
    def unmeasured(self) -> tuple[ClaimRow, ...]:
        """What could not be measured of any document."""
        return tuple(one for said in self.said for one in said.unmeasured)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Content:
    """All that stands on these pages; from ``answers`` the start page answers the question that it asks."""

    failures: tuple[Failure, ...]
    figures: tuple[tuple[str, str], ...]
    verdicts: tuple[tuple[Verdict, str, int], ...]
    answers: dict[str, Any]


def content_of(document: Document, scenarios: Mapping[str, Scenario]) -> Content:
    """Return the content for a document; ``scenarios``, those at hand, give titles, claims and stories."""
    cells = [cell for cell in document.cells if cell.control is None]
    about: dict[tuple[str, str], list[CellResult]] = collections.defaultdict(list)
    for cell in cells:
        about[cell.scenario, cell.subject].append(cell)
    failures = tuple(_failure(document, about[key], scenarios.get(key[0])) for key in sorted(about))
    counts = collections.Counter(cell.verdict for cell in cells)
    return Content(
        failures=failures,
        figures=tuple(_figures(cells)),
        verdicts=tuple((verdict, SYMBOLS[verdict], counts[verdict]) for verdict in Verdict if counts[verdict]),
        answers=_answers(failures),
    )


def _figures(cells: Sequence[CellResult]) -> Iterator[tuple[str, str]]:
    yield f"{len({(cell.subject, cell.version) for cell in cells}):,}", "releases"
    yield f"{len({cell.python for cell in cells}):,}", "Pythons"
    yield " and ".join(sorted({cell.platform for cell in cells})), "platforms"
    yield f"{len(cells):,}", "cells"
    yield f"{sum(cell.trials for cell in cells):,}", "trials"


def _failure(document: Document, cells: Sequence[CellResult], scenario: Scenario | None) -> Failure:
    name, subject = cells[0].scenario, cells[0].subject
    others = {cell.subject for cell in document.cells if cell.scenario == name} - {subject}
    histories = [one for one in document.histories if one.is_usual and (one.scenario, one.subject) == (name, subject)]
    found = findings(one for one in document.claims if one.scenario == name) if _is_its_own(subject, scenario) else ()
    versions = {cell.version for cell in cells} | {one for history in histories for one in history.untested}
    named = {release for one in found for release in one.statement.releases}
    axis = axis_of(versions, document.releases.get(subject, ()), named)
    return Failure(
        id=name,
        page=names.page(f"{name}/{subject}" if others else name),
        platforms=scenario.platforms if scenario else None,
        title=scenario.title if scenario else name,
        subject=subject,
        references=scenario.references if scenario else (),
        said=tuple(_said(list(group)) for _, group in itertools.groupby(found, key=lambda one: one.document)),
        axis=axis,
        overview=runs_of(axis, cells),
        charts=_charts(axis, cells, histories),
        cells=tuple(sorted(cells, key=_order)),
        story=story_of(scenario) if scenario else (),
    )


def _said(found: Sequence[ClaimRow]) -> Said:
    """Return what one document says: the findings that tell something, or all where none does."""
    told = [one for one in found if one.assessment not in SILENT or one.advice]
    return Said(
        document=found[0].document,
        references=tuple(dict.fromkeys(name for one in found for name in one.references)),
        words=tuple(dict.fromkeys(str(one.statement) for one in found)),
        findings=tuple(told or found),
        unmeasured=tuple(one for one in found if told and one not in told),
    )


def _is_its_own(subject: str, scenario: Scenario | None) -> bool:
    """Whether the scenario is about this subject; also where no scenario is at hand."""
    return scenario is None or scenario.subject == subject


def _order(cell: CellResult) -> tuple[str, str, Version, Version]:
    return cell.platform, cell.variant, Version(cell.python), Version(cell.version)


def _charts(axis: Axis, cells: Iterable[CellResult], histories: Iterable[History]) -> tuple[Chart, ...]:
    by_key: dict[SeriesKey, list[CellResult]] = collections.defaultdict(list)
    for cell in cells:
        by_key[cell.key].append(cell)
    ordered = sorted(histories, key=lambda one: (one.platform, one.variant, Version(one.python)))
    charts = []
    for (platform, variant), group in itertools.groupby(ordered, key=lambda one: (one.platform, one.variant)):
        rows = [
            VariantRow(
                history=history,
                runs=runs_of(axis, by_key[history.key], history.untested),
                lines=tuple(said.lines(history)),
            )
            for history in group
        ]
        charts.append(Chart(platform=platform, variant=variant, rows=tuple(rows)))
    return tuple(charts)


def _answers(failures: Sequence[Failure]) -> dict[str, Any]:
    """Return the verdicts of every series, one symbol a release, and the names by which pages of cells are found."""
    versions: dict[str, set[str]] = collections.defaultdict(set)
    for failure in failures:
        versions[failure.subject] |= set(failure.axis.versions)
    ordered = {subject: sorted(known, key=Version) for subject, known in sorted(versions.items())}
    return {
        "releases": ordered,
        "failures": [
            {
                "title": failure.title,
                "subject": failure.subject,
                "page": f"failures/{failure.page}",
                "platforms": None if failure.platforms is None else list(failure.platforms),
                "series": list(_series(failure, ordered[failure.subject])),
            }
            for failure in failures
        ],
        "words": {SYMBOLS[verdict]: verdict for verdict in Verdict},
    }


def _series(failure: Failure, releases: Sequence[str]) -> Iterator[dict[str, Any]]:
    by_key: dict[SeriesKey, dict[str, CellResult]] = collections.defaultdict(dict)
    for cell in failure.cells:
        by_key[cell.key][cell.version] = cell
    for chart in failure.charts:
        for row in chart.rows:
            cells = by_key[row.history.key]
            shown = (SYMBOLS[cells[version].verdict] if version in cells else " " for version in releases)
            yield {
                "variant": chart.variant,
                "platform": chart.platform,
                "python": row.history.python,
                "verdicts": "".join(shown),
                "advice": _advice(row.history),
                "name": _name(cells.values()),
            }


def _advice(history: History) -> str | None:
    """Return the release that a history advises, in words."""
    return str(Advice(release=history.upgrade_to, or_later=history.or_later)) if history.upgrade_to else None


def _name(cells: Iterable[CellResult]) -> list[str] | None:
    """Return the parts of a series' ids before and after the release, where these ids name the pages; else None."""
    parts = {tuple(cell.id.split(f"-{cell.version}_", 1)) for cell in cells}
    name = list(parts.pop()) if len(parts) == 1 else []
    return name if len(name) == len(("before", "after")) and all(names.is_plain(cell.id) for cell in cells) else None
