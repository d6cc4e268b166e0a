"""Which candidates to test next: pure functions of the verdicts known so far, so that a search can stop and go on.

The rule: `sweep` asks for every candidate. `bisect` asks for few: first for the anchors, then, between two judged
neighbours that differ, for the middle of the longest stretch without a test, until every candidate between the two was
tested. An unjudged candidate is never taken for good or bad. A history need not be monotone: a candidate that no search
looked at stays untested, and the history says so.
"""

from __future__ import annotations

import enum
import itertools
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from harness.model.verdict import Verdict

DRAWN = 5  # candidates on each side of the claim that are tested in any case


class Strategy(enum.StrEnum):
    """How a history comes about; ``selection`` is whatever candidates a matrix or a call names."""

    SWEEP = "sweep"
    BISECT = "bisect"
    SELECTION = "selection"


def sweep(labels: Sequence[str], verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Return the candidates that have no verdict yet."""
    return tuple(label for label in labels if label not in verdicts)


def anchors(labels: Sequence[str], claimed: Collection[int], *, seed: str) -> tuple[str, ...]:
    """Return the candidates that a bisection tests in any case.

    These are both ends, each claimed candidate, its two neighbours, and `DRAWN` of each stretch between these.

    Args:
        labels: all of the history, oldest first.
        claimed: the positions of the candidates that documents name; where there is none, the middle stands for them.
        seed: what the draw depends on.

    """
    if not labels:
        return ()
    middles = sorted(set(claimed)) or [len(labels) // 2]
    around = {place for middle in middles for place in (middle - 1, middle, middle + 1)} & set(range(len(labels)))
    draw = random.Random(seed)  # noqa: S311 - a draw that can be repeated, not a secret
    begins = [1, *(middle + 2 for middle in middles)]
    ends = [*(middle - 1 for middle in middles), len(labels) - 1]
    sides = [range(begin, end) for begin, end in zip(begins, ends, strict=True)]
    drawn = {place for side in sides for place in draw.sample(side, min(DRAWN, len(side)))}
    return tuple(labels[place] for place in sorted({0, len(labels) - 1} | around | drawn))


def bisect(labels: Sequence[str], verdicts: Mapping[str, Verdict], always: Collection[str]) -> tuple[str, ...]:
    """Return the candidates to test next; none when the search is over.

    Args:
        labels: all of the history, oldest first.
        verdicts: of those that were tested.
        always: those that are tested in any case, `anchors`.

    """
    if first := tuple(label for label in labels if label in always and label not in verdicts):
        return first
    places = [place for place, label in enumerate(labels) if label in verdicts]
    judged = [place for place in places if verdicts[labels[place]].is_judged]
    pairs = [
        (older, newer)
        for older, newer in itertools.pairwise(judged)
        if verdicts[labels[older]] is not verdicts[labels[newer]]
    ]
    pairs += _ends(places, judged)
    middles = (_middle(places, older, newer) for older, newer in pairs)
    return tuple(labels[place] for place in sorted({place for place in middles if place is not None}))


def _ends(places: Sequence[int], judged: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of places between which the first or the last judged candidate may still be found."""
    if not judged:
        yield from itertools.pairwise(places)
        return
    if outside := [place for place in places if place < judged[0]]:
        yield outside[-1], judged[0]
    if outside := [place for place in places if place > judged[-1]]:
        yield judged[-1], outside[0]


def _middle(places: Sequence[int], older: int, newer: int) -> int | None:
    """Return the middle of the longest stretch without a test between two places; None where all was tested."""
    inside = [place for place in places if older <= place <= newer]
    start, end = max(itertools.pairwise(inside), key=lambda pair: pair[1] - pair[0])
    return (start + end) // 2 if end - start > 1 else None
