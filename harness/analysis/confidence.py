"""How sure a history is, from the trials that it stands on.

The rule: let each trial show the wrong verdict with one chance, the same for all trials of the history. The chance is
estimated by the rule of succession (Laplace, *Essai philosophique sur les probabilités*, 1814): of ``repeats`` trials
that repeated an earlier trial ``disagreeing`` differed, so the chance is ``(disagreeing + 1) / (repeats + 2)``; without
any repetition that is one half. A candidate whose ``n`` trials all agreed is wrongly judged where all of them were
wrong: the chance to the power of ``n``. The history holds where no candidate that it stands on is wrongly judged: the
product over these candidates, as syzbot carries confidence over the steps of a bisection
(https://github.com/google/syzkaller/blob/master/pkg/bisect/bisect.go).

A failure that shows only now and then has two chances, since its two mistakes are not alike: a trial of an affected
candidate misses the failure, or a trial of a free candidate shows the signature. A history is of such a failure where a
candidate is affected though some of its trials were free of the failure, which only a rule of the scenario's own
allows. The first chance is estimated by the same rule from the candidates that showed the failure, without the one
trial of each that made the candidate count; the second chance is estimated from the candidates that never showed the
failure. A candidate that is called free is wrongly judged where all its trials missed the failure.

Candidates that were not tested are no part of the figure; the history names them beside it.
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
TRIALS = 3  # the fewest of a candidate that a history stands on
MOST_TRIALS = 10


def confidence(points: Sequence[Point]) -> float | None:
    """Return how sure the history of these points is, from 0 to 1; None where no candidate was judged."""
    sides = deciding(points)
    return _figure(points, sides, [_trials(point) for point in sides]) if sides else None


def trials_wanted(points: Sequence[Point]) -> dict[str, int]:
    """Return the candidates that need more trials, by label, each with the number of trials that it is to have in all.

    Only the candidates that the history stands on need any: as many as make the history sure if all further trials
    agree, at least `TRIALS`, at most `MOST_TRIALS`.
    """
    sides = deciding(points)
    have = [_trials(point) for point in sides]
    for least in range(TRIALS, MOST_TRIALS + 1):
        wanted = [max(least, trials) for trials in have]
        if not sides or _figure(points, sides, wanted) >= ENOUGH:
            break
    return {point.label: trials for point, trials, before in zip(sides, wanted, have, strict=True) if trials > before}


def _trials(point: Point) -> int:
    return sum(point.tally.values())


def _figure(points: Sequence[Point], sides: Sequence[Point], trials: Sequence[int]) -> float:
    """Return the confidence if the deciding candidates (``sides``) had these numbers of trials, and new ones agreed."""
    if any(point.verdict is Verdict.REPRODUCED and _missed(point) for point in points):
        return _figure_of_seldom(points, sides, trials)
    tallies = [point.tally.values() for point in points if point.tally]
    added = sum(trials) - sum(_trials(point) for point in sides)
    repeats = sum(sum(tally) - 1 for tally in tallies) + added
    disagreeing = sum(sum(tally) - max(tally) for tally in tallies)
    chance = (disagreeing + 1) / (repeats + 2)
    return math.prod(1 - chance**count for count in trials)


def _figure_of_seldom(points: Sequence[Point], sides: Sequence[Point], trials: Sequence[int]) -> float:
    """Return the same figure for a failure that shows only now and then."""
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
