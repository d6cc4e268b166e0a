"""Two documents put together, each series from the document that knows more of it.

The rule: a searched history counts for more than a selection, then the history with more judged candidates, then a
whole one. So the few releases that a call has measured by the way never take the place of a history over all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.analysis.search import Strategy

if TYPE_CHECKING:
    from harness.analysis.document import Document
    from harness.analysis.series import History


def most_complete(mine: Document, other: Document) -> Document:
    """Return a document with all series of both, each from the document with the more complete history, else mine."""
    known = {history.key: history for history in mine.histories}
    better = {
        history.key
        for history in other.histories
        if history.key not in known or _rank(history) > _rank(known[history.key])
    }
    kept = [cell for cell in mine.cells if cell.key not in better]
    return msgspec.structs.replace(
        mine,
        cells=(*kept, *(cell for cell in other.cells if cell.key in better)),
        histories=(
            *(one for one in mine.histories if one.key not in better),
            *(one for one in other.histories if one.key in better),
        ),
        claims=(
            *(one for one in mine.claims if one.key not in better),
            *(one for one in other.claims if one.key in better),
        ),
        releases={**other.releases, **mine.releases},
    )


def _rank(history: History) -> tuple[bool, int, bool]:
    """Return how complete a history is; of two histories the more complete one has the greater rank."""
    return history.strategy is not Strategy.SELECTION, len(history.judged), history.whole
