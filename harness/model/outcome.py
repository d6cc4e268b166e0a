"""The outcome of a call, from its results: the exit status, and the words that say why.

The status answers the question that the call asks. For a release the question is whether it shows what its scenario
expects; for a working tree, and with ``--absent``, whether the failure is absent. Any verdict agrees where it is the
expected one. A failure that no cell tried leaves the question unanswered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.result import CellResult

AGREES, CONTRADICTS, UNJUDGED = 0, 1, 3
_NAMED = 3


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How many cells answer the question, and how.

    Attributes:
        agreeing: cells with the expected verdict.
        contradicting: cells with a judged verdict other than the expected one.
        unjudged: cells that can exist and have no judged verdict, where that was not expected.
        unforeseen: cells with a judged verdict where nothing is expected.
        untried: the scenarios none of whose cells can exist.

    """

    agreeing: int = 0
    contradicting: int = 0
    unjudged: int = 0
    unforeseen: int = 0
    untried: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """The exit status by the public contract."""
        if self.contradicting:
            return CONTRADICTS
        answered = self.agreeing + self.unforeseen
        return UNJUDGED if self.unjudged or self.untried or not answered else AGREES

    @property
    def words(self) -> str:
        """Why the exit status is what it is, and of how many cells nothing is expected."""
        parts = [self._of_the_expected()]
        if self.unjudged:
            parts.append(f"{_cells(self.unjudged)} could not be judged")
        if self.untried:
            more = f" and {len(self.untried) - _NAMED} more" if len(self.untried) > _NAMED else ""
            parts.append(f"no cell tried {', '.join(self.untried[:_NAMED])}{more}")
        if self.unforeseen:
            parts.append(f"nothing is expected of {_cells(self.unforeseen)}")
        return "; ".join(part for part in parts if part)

    def _of_the_expected(self) -> str:
        if self.contradicting:
            return f"{_cells(self.contradicting)} {_verb(self.contradicting)} what is expected"
        if self.unjudged or self.untried:
            return "nothing contradicts what is expected" if self.agreeing else ""
        if self.unforeseen:
            return f"{_cells(self.agreeing)} as expected" if self.agreeing else ""
        return "every verdict agrees with what is expected" if self.agreeing else "nothing was judged"


def outcome_of(results: Iterable[CellResult]) -> Outcome:
    """Return the outcome of the results; a control, about which the call asks nothing, counts like any other cell."""
    counts = dict.fromkeys(("agreeing", "contradicting", "unjudged", "unforeseen"), 0)
    tried: dict[str, bool] = {}
    for result in results:
        kind = _kind(result)
        tried[result.scenario] = tried.get(result.scenario, False) or kind is not None
        if kind:
            counts[kind] += 1
    return Outcome(**counts, untried=tuple(name for name, was in tried.items() if not was))


def _kind(result: CellResult) -> str | None:
    """Return which field of an `Outcome` counts a result; None where the cell cannot exist."""
    if result.verdict == result.expected:
        return "agreeing"
    if result.verdict.is_judged:
        return "contradicting" if result.expected else "unforeseen"
    return None if result.verdict is Verdict.UNSUPPORTED else "unjudged"


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"


def _verb(count: int) -> str:
    return "contradicts" if count == 1 else "contradict"
