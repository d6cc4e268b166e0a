"""What changed between two documents: verdicts, histories, and the assessments of claims."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from harness import escaping
from harness.report.histories import affected
from harness.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.analysis.claims import ClaimResult
    from harness.analysis.document import Document
    from harness.analysis.series import History
    from harness.model.result import CellResult


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """The changes, each as one escaped line.

    ``compared`` counts the cells that were judged in both documents. ``turned`` are the cells whose judged verdict
    turned into the other judged one; ``judged_or_not`` are the other cells whose verdict changed.
    """

    compared: int
    turned: tuple[str, ...]
    judged_or_not: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    histories: tuple[str, ...]
    claims: tuple[str, ...]

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The changes by heading, without empty ones."""
        every = {
            "The other verdict": self.turned,
            "Another verdict, not judged in both": self.judged_or_not,
            "New": self.new,
            "Gone": self.gone,
            "Histories": self.histories,
            "Documents": self.claims,
        }
        return {heading: told for heading, told in every.items() if told}

    @property
    def counts(self) -> str:
        """The counts, in one line."""
        told = {
            "turned into the other verdict": self.turned,
            "changed without being judged in both": self.judged_or_not,
            "new": self.new,
            "gone": self.gone,
        }
        said = ", ".join(f"{len(cells)} {what}" for what, cells in told.items() if cells)
        return f"{said or 'no cell changed'}; {len(self.histories)} histories and {len(self.claims)} claims differ"


def difference(old: Document, new: Document) -> Difference:
    """Return what changed; controls are left out."""
    before, after = _cells(old), _cells(new)
    changed = [
        (before[name], cell) for name, cell in after.items() if name in before and before[name].verdict != cell.verdict
    ]
    both = [pair for pair in changed if all(cell.verdict.is_judged for cell in pair)]
    rest = [pair for pair in changed if not all(cell.verdict.is_judged for cell in pair)]
    known = {_claim(one): one for one in old.claims}
    claims = [(known.get(_claim(one)), one) for one in new.claims]
    return Difference(
        compared=sum(
            cell.verdict.is_judged and name in before and before[name].verdict.is_judged for name, cell in after.items()
        ),
        turned=tuple(_turned(was, cell) for was, cell in both),
        judged_or_not=tuple(_turned(was, cell) for was, cell in rest),
        new=tuple(_new(cell) for name, cell in after.items() if name not in before),
        gone=tuple(escaping.line(f"{name}: was {cell.verdict}") for name, cell in before.items() if name not in after),
        histories=tuple(escaping.line(line) for line in _histories(old, new)),
        claims=tuple(
            escaping.line(f"{now.key}: {now.document} says {now.statement}: {now.assessment}, was {was.assessment}")
            for was, now in claims
            if was and was.assessment is not now.assessment
        ),
    )


def lines(old: Document, new: Document) -> Iterator[str]:
    """Yield a line for every cell that is new or has another verdict, then for every history that is new or changed."""
    found = difference(old, new)
    yield from (*found.turned, *found.judged_or_not, *found.new, *found.histories)


def terminal(found: Difference) -> str:
    """Return the changes for a terminal."""
    parts = ["\n".join((heading, *(f"  {line}" for line in told))) for heading, told in found.parts.items()]
    return "\n\n".join((*parts, found.counts)) + "\n"


def markdown(found: Difference) -> str:
    """Return the changes as Markdown."""
    parts = [
        "\n".join((f"### {heading}\n", *(f"- {escape(line)}" for line in told)))
        for heading, told in found.parts.items()
    ]
    return "\n\n".join((f"**{escape(found.counts)}**", *parts)) + "\n"


def _claim(one: ClaimResult) -> tuple[object, ...]:
    return one.key, one.document, str(one.statement)


def _cells(document: Document) -> dict[str, CellResult]:
    return {cell.id: cell for cell in document.cells if not cell.is_control}


def _turned(was: CellResult, cell: CellResult) -> str:
    told = f"{cell.id}: {was.verdict}, now {cell.verdict}"
    return escaping.line(f"{told}: {cell.reason}" if cell.reason else told)


def _new(cell: CellResult) -> str:
    told = f"{cell.id}: new: {cell.verdict}"
    return escaping.line(f"{told}: {cell.reason}" if cell.reason else told)


def _histories(old: Document, new: Document) -> Iterator[str]:
    histories = {history.key: history for history in old.histories}
    for history in new.histories:
        known = histories.get(history.key)
        if known is None:
            yield f"{history.key}: new: affected {affected(history)}"
        elif said := list(_changes(known, history)):
            yield f"{history.key}: {'; '.join((*said, *_reach(known, history)))}"


def _reach(old: History, new: History) -> Iterator[str]:
    """Yield how many releases each history rests on where these differ: the failure itself need not have changed."""
    if old.judged != new.judged:
        yield f"{len(new.judged)} releases judged, were {len(old.judged)}"


def _changes(old: History, new: History) -> Iterator[str]:
    pairs = {
        "affected": (affected(old), affected(new)),
        "first fixed in": (old.first_fixed or "no release", new.first_fixed or "no release"),
        "safe since": (old.safe_since or "no release", new.safe_since or "no release"),
    }
    for what, (was, is_now) in pairs.items():
        if was != is_now:
            yield f"{what} {is_now}, was {was}"
