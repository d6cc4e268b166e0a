"""Writes what was measured beside the scenarios, as what their later runs expect."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from packaging.version import Version

from harness.analysis.series import key_of
from harness.environments.files import write_json
from harness.model.expectation import SUFFIX, Expectation, Expectations
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from harness.analysis.document import Document
    from harness.analysis.series import History
    from harness.execution.catalog import LoadedScenario
    from harness.model.result import CellResult


def write(document: Document, scenarios: Mapping[str, LoadedScenario], *, command: str) -> Iterator[Path]:
    """Write the histories of a document into the data files beside their scenarios, and yield each file's path.

    A history takes the place of an earlier one of the same variant, Python and platform. One in which no release was
    judged says nothing and is left out.
    """
    for name, loaded in scenarios.items():
        unhealthy = [
            cell
            for cell in document.cells
            if cell.scenario == name and cell.verdict is Verdict.UNHEALTHY and cell.control is None
        ]
        measured = [
            expectation
            for history in document.histories
            if history.scenario == name
            and history.subject == loaded.scenario.subject
            and (expectation := _expectation(history, unhealthy, command))
        ]
        if measured:
            path = loaded.module.with_suffix(SUFFIX)
            write_json(path, Expectations(histories=_together(loaded.scenario.expectations, measured)))
            yield path


def _together(old: Iterable[Expectation], new: Iterable[Expectation]) -> tuple[Expectation, ...]:
    by_key = {(one.variant, one.platform, int(one.python.split(".")[1])): one for one in (*old, *new)}
    return tuple(one for _, one in sorted(by_key.items(), key=lambda item: item[0]))


def _expectation(history: History, unhealthy: Iterable[CellResult], command: str) -> Expectation | None:
    if not history.judged:
        return None
    first, last = Version(history.judged[0]), Version(history.judged[-1])
    sick = {cell.version for cell in unhealthy if key_of(cell) == history.key}
    known = sorted({*history.tested, *history.untested}, key=Version)
    silent = [one for one in known if one not in sick and one not in history.judged and first < Version(one) < last]
    return Expectation(
        variant=history.variant,
        python=history.python,
        platform=history.platform,
        affected=history.specifiers,
        first=history.judged[0],
        last=history.judged[-1],
        strategy=history.strategy,
        releases=len(history.judged),
        trials=history.trials,
        confidence=history.confidence,
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        command=command,
        unhealthy=tuple(one for one in known if one in sick),
        unjudged=tuple(silent),
        prereleases=any(Version(one).is_prerelease for one in history.tested),
    )
