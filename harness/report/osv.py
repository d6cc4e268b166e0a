"""Measured failures as OSV documents (https://ossf.github.io/osv-schema/), one for each failure that a release has.

Each history is one entry of ``affected``. Its events are the measured ranges; ``versions`` names only releases in which
the failure was observed, so a release that could not be judged inside a range is in the range and not in the list.

The schema admits the prefixes of registered databases only. ``OSV-HARNESS-`` is none of its own, and cannot be
mistaken for an entry of OSS-Fuzz, which are ``OSV-`` with a year and a number.
"""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.analysis.series import key_of
from harness.model.verdict import Verdict
from harness.report import clean

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from harness.analysis.claims import ClaimResult
    from harness.analysis.document import Document
    from harness.analysis.history import Range
    from harness.analysis.series import History, Key
    from harness.model.scenario import Scenario

SCHEMA_VERSION = "1.6.7"
PREFIX = "OSV-HARNESS-"


def documents(document: Document, scenarios: Mapping[str, Scenario], *, at: dt.datetime) -> dict[str, dict[str, Any]]:
    """Return the OSV documents by id.

    Args:
        document: with its histories.
        scenarios: by id, for titles; one that is not at hand is named by its id.
        at: the moment (UTC) that they are written, which is what ``modified`` says.

    """
    observed: dict[Key, list[str]] = collections.defaultdict(list)
    for cell in document.cells:
        if cell.control is None and cell.verdict is Verdict.REPRODUCED:
            observed[key_of(cell)].append(cell.version)
    groups: dict[str, list[History]] = collections.defaultdict(list)
    for history in document.histories:
        if history.affected:
            groups[history.scenario].append(history)
    claims = {claim.scenario: claim for claim in document.claims}
    found = {}
    for name, histories in groups.items():
        affected = [_affected(history, observed[history.key]) for history in histories]
        title = scenarios[name].title if name in scenarios else name
        one: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "id": f"{PREFIX}{clean.line(name)}",
            "modified": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "summary": clean.line(title),
            "details": clean.line(_details(histories, claims.get(name))),
            "affected": affected,
        }
        found[one["id"]] = one
    return found


def render(documents: Mapping[str, dict[str, Any]]) -> str:
    """Return them as one JSON array, or the only one by itself."""
    every = list(documents.values())
    return text(every[0] if len(every) == 1 else every)


def text(value: object) -> str:
    """Return one as JSON."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def _affected(history: History, versions: Iterable[str]) -> dict[str, Any]:
    where = {"variant": history.variant, "python": history.python, "platform": history.platform}
    return {
        "package": {"ecosystem": "PyPI", "name": canonicalize_name(clean.line(history.subject))},
        "ranges": [{"type": "ECOSYSTEM", "events": [event for one in history.affected for event in _events(one)]}],
        "versions": [clean.line(version) for version in sorted(set(versions), key=Version)],
        "ecosystem_specific": {name: clean.line(value) for name, value in where.items()},
        "database_specific": {"confidence": history.confidence, "releases_tested": len(history.tested)},
    }


def _events(found: Range) -> list[dict[str, str]]:
    events = [{"introduced": clean.line(found.introduced or "0")}]
    return [*events, {"fixed": clean.line(found.fixed)}] if found.fixed else events


def _details(histories: Iterable[History], claim: ClaimResult | None) -> str:
    where = "; ".join(f"{one.variant} on Python {one.python}, {one.platform}" for one in histories)
    said = f" A document says that it is fixed in {claim.claimed_fixed}." if claim else ""
    return f"Measured by executing releases: {where}.{said}"
