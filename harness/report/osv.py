"""Measured failures as OSV documents (https://ossf.github.io/osv-schema/), one for each failure that a release has.

Each whole history of the subject's releases, as of their own moments, makes one entry of ``affected``. A history is
whole where it is a sweep that left out no release that its Python can install. The reader of an advisory takes every
release that it does not name to be free of the failure; a history that left releases out, as a bisection does,
therefore makes no entry, and `refusals` says why. The events are the measured ranges: a range begins with a judged
release or with the very first release, and ends with a judged release unless the newest release has the failure.
``versions`` names only the releases in which the failure was observed: a release between two of them that could not be
judged is in the range and not in the list.

The schema admits only the prefixes of registered databases. ``OSV-HARNESS-`` is not registered itself; it begins with
the registered ``OSV-`` and cannot be mistaken for an entry of OSS-Fuzz, which is ``OSV-`` with a year and a number.
"""

from __future__ import annotations

import collections
import re
from typing import TYPE_CHECKING, Any

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness import escaping
from harness.analysis.history import unknown_between
from harness.analysis.search import Strategy
from harness.model.verdict import Verdict
from harness.report.site import names

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from harness.analysis.claims import ClaimResult
    from harness.analysis.document import Document
    from harness.analysis.series import History
    from harness.model.coordinates import SeriesKey
    from harness.model.scenario import Scenario

SCHEMA_VERSION = "1.6.7"
PREFIX = "OSV-HARNESS-"
_NAMED = 120  # characters of a title or a name that somebody else wrote
_MOST_SAID = 20  # statements of documents in the details
_ADVISORY = re.compile(r"\b(?:CVE-[0-9]{4}-[0-9]{4,}|PYSEC-[0-9]{4}-[0-9]+|GHSA(?:-[0-9a-z]{4}){3})\b", re.ASCII)


def documents(document: Document, scenarios: Mapping[str, Scenario], *, at: dt.datetime) -> dict[str, dict[str, Any]]:
    """Return the OSV documents by id; an id is a valid file name whatever names the document's writer chose.

    Args:
        document: with its histories.
        scenarios: by id, for titles; a scenario that is not at hand is named by its id.
        at: the moment (UTC) of writing, for ``modified``.

    """
    observed: dict[SeriesKey, list[str]] = collections.defaultdict(list)
    for cell in document.cells:
        if cell.control is None and cell.verdict is Verdict.REPRODUCED:
            observed[cell.key].append(cell.version)
    groups: dict[str, list[History]] = collections.defaultdict(list)
    for history in document.histories:
        if history.is_usual and history.affected and _is_whole(history):
            groups[history.scenario].append(history)
    claims = collections.defaultdict(list)
    for claim in document.claims:
        claims[claim.scenario].append(claim)
    found = {}
    for name, histories in groups.items():
        affected = [_affected(history, observed[history.key]) for history in histories]
        title = scenarios[name].title if name in scenarios else name
        one: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "id": f"{PREFIX}{names.file(name)}",
            "modified": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "summary": escaping.line(title, limit=_NAMED),
            "details": escaping.line(_details(histories, claims[name])),
            "affected": affected,
        }
        if related := _related(claims[name], scenarios.get(name)):
            one["related"] = related
        found[one["id"]] = one
    return found


def refusals(document: Document) -> Iterator[str]:
    """Yield an escaped line for each affected history that no OSV document contains, with the reason."""
    for history in document.histories:
        if history.is_usual and history.affected and not _is_whole(history):
            every = len(history.tested) + len(history.untested)
            reason = f"{len(history.tested)} of {every} releases were tried, by {history.strategy}"
            where = escaping.line(str(history.key), limit=_NAMED)
            yield f"no OSV of {where}: {reason}; 'harness history' tries all of them"


def _is_whole(history: History) -> bool:
    return history.whole and history.strategy is Strategy.SWEEP


def render(documents: Mapping[str, dict[str, Any]]) -> str:
    """Return the documents as one JSON array; a single document without an array."""
    every = list(documents.values())
    return text(every[0] if len(every) == 1 else every)


def text(value: object) -> str:
    """Return a value as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def _affected(history: History, versions: Iterable[str]) -> dict[str, Any]:
    where = {"variant": history.variant, "python": history.python, "platform": history.platform}
    return {
        "package": {"ecosystem": "PyPI", "name": canonicalize_name(escaping.line(history.subject))},
        "ranges": list(_ranges(history)),
        "versions": [escaping.line(version) for version in sorted(set(versions), key=Version)],
        "ecosystem_specific": {name: escaping.line(value) for name, value in where.items()},
        "database_specific": {
            "confidence": history.confidence,
            "first_fixed": escaping.line(history.first_fixed) if history.first_fixed else None,
            "releases_judged": len(history.judged),
            "not_judged": [
                escaping.line(f"{gap.first} to {gap.last}: {gap.reason}", limit=_NAMED) for gap in history.gaps
            ],
        },
    }


def _ranges(history: History) -> Iterator[dict[str, Any]]:
    """Yield the ranges; a range that ends with ``last_affected`` stands by itself, as the schema demands.

    A range ends so where the next release was not judged: that release is said to be neither affected nor fixed.
    """
    together: list[dict[str, str]] = []
    for one in history.affected:
        begins = {
            "introduced": "0" if one.introduced is None and not one.open_before else escaping.line(one.first or "")
        }
        if one.open_after or unknown_between(one, history.gaps, history.labels):
            yield {"type": "ECOSYSTEM", "events": [begins, {"last_affected": escaping.line(one.last or "")}]}
        else:
            together += [begins, {"fixed": escaping.line(one.fixed)}] if one.fixed else [begins]
    if together:
        yield {"type": "ECOSYSTEM", "events": together}


def _details(histories: Iterable[History], claims: Iterable[ClaimResult]) -> str:
    where = "; ".join(f"{one.variant} on Python {one.python}, {one.platform}" for one in histories)
    said = dict.fromkeys(f"{escaping.line(one.document, limit=_NAMED)} says: {one.statement}." for one in claims)
    return " ".join((f"Measured by executing releases: {where}.", *list(said)[:_MOST_SAID]))


def _related(claims: Iterable[ClaimResult], scenario: Scenario | None) -> list[str]:
    """Return the ids of advisories among the references; a document may be about several failures at once."""
    named = [*(scenario.references if scenario else ()), *(name for one in claims for name in one.references)]
    return list(dict.fromkeys(one for name in named for one in _ADVISORY.findall(name)))
