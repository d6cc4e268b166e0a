"""How sure a history is, from the trials that it stands on.

The rule: let each trial show the wrong verdict with one chance, the same for all trials of the history. It is estimated
by the rule of succession (Laplace, *Essai philosophique sur les probabilités*, 1814): of ``repeats`` trials that
repeated another one ``disagreeing`` differed, so it is ``(disagreeing + 1) / (repeats + 2)``; without any repetition
that is one half. A release whose ``n`` trials all agreed is wrongly judged where all were wrong, chance to the power of
``n``. The history holds where none of the releases that it stands on is: the product over them, as confidence is
carried over the steps of a bisection by syzbot
(https://github.com/google/syzkaller/blob/master/pkg/bisect/bisect.go).

A failure that shows only now and then has two chances, since its two mistakes are not alike: that a trial of a release
that has it does not show it, and that a trial of one without it does. A history is of such a failure where a release is
affected though trials of it were free of the failure, which only a rule of the scenario's own allows. The first chance
is estimated by the same rule from the releases that showed it, the one trial of each that made it count left out; the
second from those that never did. A release that is called free is wrongly judged where all its trials missed it.

What was not tested is no part of the figure; a history names it beside it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.analysis.history import deciding
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.analysis.history import Point

ENOUGH = 0.99
TRIALS = 3  # the fewest of a release that a history stands on
MOST_TRIALS = 10


def confidence(points: Sequence[Point]) -> float | None:
    """Return how sure the history of these points is, from 0 to 1; None where no release was judged."""
    sides = deciding(points)
    return _figure(points, sides, [_trials(point) for point in sides]) if sides else None


def trials_wanted(points: Sequence[Point]) -> dict[str, int]:
    """Return how many trials in all the releases that a history stands on need, by release; empty when they have them.

    As many as make the history sure where they all agree, at least `TRIALS`, at most `MOST_TRIALS`.
    """
    sides = deciding(points)
    have = [_trials(point) for point in sides]
    for least in range(TRIALS, MOST_TRIALS + 1):
        wanted = [max(least, trials) for trials in have]
        if not sides or _figure(points, sides, wanted) >= ENOUGH:
            break
    return {point.version: trials for point, trials, before in zip(sides, wanted, have, strict=True) if trials > before}


def _trials(point: Point) -> int:
    return sum(point.tally.values())


def _figure(points: Sequence[Point], sides: Sequence[Point], trials: Sequence[int]) -> float:
    """Return the confidence where the deciding releases have so many trials, of which the further ones agree."""
    if any(point.verdict is Verdict.REPRODUCED and _missed(point) for point in points):
        return _figure_of_seldom(points, sides, trials)
    tallies = [point.tally.values() for point in points if point.tally]
    added = sum(trials) - sum(_trials(point) for point in sides)
    repeats = sum(sum(tally) - 1 for tally in tallies) + added
    disagreeing = sum(sum(tally) - max(tally) for tally in tallies)
    chance = (disagreeing + 1) / (repeats + 2)
    return math.prod(1 - chance**count for count in trials)


def _figure_of_seldom(points: Sequence[Point], sides: Sequence[Point], trials: Sequence[int]) -> float:
    """Return the same of a failure that shows only now and then."""
    having = [point for point in points if point.verdict is Verdict.REPRODUCED]
    missed = sum(_missed(point) for point in having)
    repeats = missed + sum(_shown(point) - 1 for point in having)
    missing = (missed + 1) / (repeats + 2)
    mistaken = 1 / (sum(_missed(point) for point in points if point.verdict is Verdict.ABSENT) + 2)
    return math.prod(
        1 - (missing**count if point.verdict is Verdict.ABSENT else mistaken ** _shown(point))
        for point, count in zip(sides, trials, strict=True)
    )


def _shown(point: Point) -> int:
    """Return how many trials showed the failure."""
    return point.tally.get(Verdict.REPRODUCED, 0)


def _missed(point: Point) -> int:
    """Return how many trials were free of the failure."""
    return point.tally.get(Verdict.ABSENT, 0)
