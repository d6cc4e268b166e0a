"""How sure a history is, from the trials that it stands on.

The rule: let each trial show the wrong verdict with one chance, the same for all trials of the history. It is estimated
by the rule of succession (Laplace, *Essai philosophique sur les probabilités*, 1814): of ``repeats`` trials that
repeated another one ``disagreeing`` differed, so it is ``(disagreeing + 1) / (repeats + 2)``; without any repetition
that is one half. A release whose ``n`` trials all agreed is wrongly judged where all were wrong, chance to the power of
``n``; where a scenario's own rule lets trials disagree, those that show its verdict count. The history holds where none
of the releases that it stands on is: the product over them, as confidence is carried over the steps of a bisection by
syzbot (https://github.com/google/syzkaller/blob/master/pkg/bisect/bisect.go).

What was not tested is no part of the figure; a history names it beside it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.analysis.history import deciding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.analysis.history import Point

ENOUGH = 0.99
TRIALS = 3  # the fewest of a release that a history stands on
MOST_TRIALS = 10


def confidence(points: Sequence[Point]) -> float | None:
    """Return how sure the history of these points is, from 0 to 1; None where no release was judged."""
    sides = deciding(points)
    return _figure(points, [point.tally.get(point.verdict, 0) for point in sides]) if sides else None


def trials_wanted(points: Sequence[Point]) -> dict[str, int]:
    """Return how many trials in all the releases that a history stands on need, by release; empty when they have them.

    As many as make the history sure where they all agree, at least `TRIALS`, at most `MOST_TRIALS`.
    """
    sides = deciding(points)
    have = [sum(point.tally.values()) for point in sides]
    for least in range(TRIALS, MOST_TRIALS + 1):
        wanted = [max(least, trials) for trials in have]
        if not sides or _figure(points, wanted, added=sum(wanted) - sum(have)) >= ENOUGH:
            break
    return {point.version: trials for point, trials, before in zip(sides, wanted, have, strict=True) if trials > before}


def _figure(points: Sequence[Point], trials: Sequence[int], *, added: int = 0) -> float:
    """Return the confidence where the deciding releases have so many trials, of which ``added`` are yet to agree."""
    tallies = [point.tally.values() for point in points if point.tally]
    repeats = sum(sum(tally) - 1 for tally in tallies) + added
    disagreeing = sum(sum(tally) - max(tally) for tally in tallies)
    chance = (disagreeing + 1) / (repeats + 2)
    return math.prod(1 - chance**count for count in trials)
