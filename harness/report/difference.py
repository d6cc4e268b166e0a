"""What changed between two documents, in lines: verdicts, and what histories and claims make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.analysis.document import Document
    from harness.analysis.series import History


def lines(old: Document, new: Document) -> Iterator[str]:
    """Yield a line for every cell that is new or has another verdict, then for every history that says other things."""
    before = {cell.id: cell for cell in old.cells}
    for cell in new.cells:
        known = before.get(cell.id)
        if cell.control is None and (known is None or known.verdict is not cell.verdict):
            was = f"{known.verdict}, now {cell.verdict}" if known else f"new: {cell.verdict}"
            yield clean.line(f"{cell.id}: {was}" + (f": {cell.reason}" if cell.reason else ""))
    histories = {history.key: history for history in old.histories}
    for history in new.histories:
        known_history = histories.get(history.key)
        if known_history is None:
            yield clean.line(f"{history.key}: new: affected {_affected(history)}")
        elif said := list(_changes(known_history, history)):
            yield clean.line(f"{history.key}: {'; '.join(said)}")


def _changes(old: History, new: History) -> Iterator[str]:
    pairs = {
        "affected": (_affected(old), _affected(new)),
        "first fixed in": (old.first_fixed or "no release", new.first_fixed or "no release"),
        "safe since": (old.safe_since or "no release", new.safe_since or "no release"),
    }
    for what, (was, is_now) in pairs.items():
        if was != is_now:
            yield f"{what} {is_now}, was {was}"


def _affected(history: History) -> str:
    return " or ".join(history.specifiers) or "no tested release"
