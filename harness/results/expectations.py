"""The writer of ``expected.json``: what was measured of a scenario becomes what its later runs expect."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import msgspec
from packaging.version import Version

from harness.catalog.folders import expected_of
from harness.model.expectation import Expectation, Expectations
from harness.model.verdict import Verdict
from harness.storage.files import write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from harness.analysis.document import Document
    from harness.analysis.series import History
    from harness.catalog.loading import LoadedScenario
    from harness.model.result import CellResult


# Where the results lay is no part of how a history was measured, and means nothing on another machine.
_PLACE = re.compile(r" --results(?:=| +)(?:'[^']*'|\S+)")


def write(
    document: Document, scenarios: Mapping[str, LoadedScenario], *, command: str, measured_now: bool = True
) -> Iterator[Path]:
    """Write the histories of a document into the data files beside their scenarios, and yield each file's path.

    A history replaces an earlier one of the same variant, Python and platform. Only histories of the subject's
    releases, each as of its own moment, are written: expectations are of these. A history in which no release was
    judged says nothing and is left out.

    Args:
        document: the document with the histories.
        scenarios: the scenarios at hand, by id.
        command: the call that measured the histories, which is kept without its results folder.
        measured_now: False where the document was measured before: a history then keeps the day and the command of the
            one that it replaces; a history that replaces none is left out, since nobody knows its day.

    """
    names = {history.scenario for history in document.histories}
    for name in (known for known in scenarios if known in names):
        loaded = scenarios[name]
        unhealthy = [
            cell
            for cell in document.cells
            if cell.scenario == name and cell.verdict is Verdict.UNHEALTHY and cell.control is None
        ]
        measured = [
            expectation
            for history in document.histories
            if history.scenario == name
            and history.is_usual
            and history.subject == loaded.scenario.subject
            and (expectation := _expectation(history, unhealthy, _PLACE.sub("", command)))
        ]
        if measured:
            path = expected_of(loaded.module)
            old = loaded.scenario.expectations
            new = measured if measured_now else _dated(measured, old)
            write_json(path, Expectations(histories=_together(old, new)))
            yield path


def _dated(new: Iterable[Expectation], old: Iterable[Expectation]) -> list[Expectation]:
    """Return the new expectations that replace an old one, each with the day and the command of the old one."""
    known = {(one.variant, one.platform, one.python): one for one in old}
    pairs = ((one, known.get((one.variant, one.platform, one.python))) for one in new)
    return [msgspec.structs.replace(one, date=before.date, command=before.command) for one, before in pairs if before]


def _together(old: Iterable[Expectation], new: Iterable[Expectation]) -> tuple[Expectation, ...]:
    by_key = {(one.variant, one.platform, int(one.python.split(".")[1])): one for one in (*old, *new)}
    return tuple(one for _, one in sorted(by_key.items(), key=lambda item: item[0]))


def _expectation(history: History, unhealthy: Iterable[CellResult], command: str) -> Expectation | None:
    if not history.judged:
        return None
    first, last = Version(history.judged[0]), Version(history.judged[-1])
    sick = {cell.version for cell in unhealthy if cell.key == history.key}
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
