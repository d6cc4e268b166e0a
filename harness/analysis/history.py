"""A history: what the verdicts of one scenario over candidates in a given order say.

The rule: only ``reproduced`` and ``absent`` count. Two judged candidates that differ, with no judged candidate between
them, are a boundary. Every candidate without a judgement lies in a gap, and is never taken for good or bad.

The points of a history are all candidates that exist, also those that cannot be tried. Without them nobody could tell
whether the first judged candidate is the very first one, and the last judged candidate the newest.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.candidates import Candidate
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

UNTESTED = "not tested"
_UNSEEN = frozenset({Verdict.NOT_RUN, Verdict.UNSUPPORTED})  # nothing was started


class Point(Candidate, frozen=True, kw_only=True):
    """A candidate with its verdict, ``not-run`` where it was not tested.

    ``reason`` says why the candidate is not judged; ``tally`` counts the verdicts of its trials.
    """

    verdict: Verdict = Verdict.NOT_RUN
    reason: str | None = None
    tally: dict[Verdict, int] = msgspec.field(default_factory=dict)


class Range(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """Affected candidates in a row, by their labels.

    ``introduced`` is the first affected one, None where no judged candidate comes before it. ``last_affected`` is the
    last affected one and ``fixed`` the first judged one after that, both None where none is judged after the range.

    ``first`` and ``last``, in JSON ``from`` and ``to``, are the outermost candidates that were judged affected, always.
    ``open_before`` says that candidates exist before ``first`` of which none was judged, ``open_after`` the same of
    those after ``last``: the range may reach further than was measured. Older documents lack all four.
    """

    introduced: str | None
    last_affected: str | None
    fixed: str | None
    first: str | None = None
    last: str | None = None
    open_before: bool = False
    open_after: bool = False


class Gap(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """Candidates in a row that nothing is known of for one reason; ``first`` and ``last`` are the outermost."""

    first: str
    last: str
    reason: str


class Boundary(msgspec.Struct, frozen=True, kw_only=True):
    """Two judged candidates, none judged between them, of which one is affected and the other is not."""

    older: Point
    newer: Point

    @property
    def fixes(self) -> bool:
        """Whether the failure is gone in the newer one."""
        return self.newer.verdict is Verdict.ABSENT


class Ranges(msgspec.Struct, frozen=True, kw_only=True):
    """All that the verdicts say by themselves, by labels: the public contract explains the words.

    ``judged`` are the candidates that count.
    """

    judged: tuple[str, ...]
    tested: tuple[str, ...]
    untested: tuple[str, ...]
    affected: tuple[Range, ...]
    first_fixed: str | None
    safe_since: str | None
    relapses: tuple[str, ...]
    gaps: tuple[Gap, ...]


def ranges(points: Sequence[Point]) -> Ranges:
    """Return what points say, which are all candidates of a history, oldest first."""
    judged = [point for point in points if point.verdict.is_judged]
    runs = [list(run) for _, run in itertools.groupby(judged, key=lambda point: point.verdict)]
    having = [number for number, run in enumerate(runs) if run[0].verdict is Verdict.REPRODUCED]
    affected = tuple(_range(runs, number, points) for number in having)
    return Ranges(
        judged=tuple(point.label for point in judged),
        tested=tuple(point.label for point in points if point.verdict not in _UNSEEN),
        untested=tuple(point.label for point in points if point.verdict is Verdict.NOT_RUN),
        affected=affected,
        first_fixed=affected[0].fixed if affected else None,
        safe_since=runs[-1][0].label if runs and runs[-1][0].verdict is Verdict.ABSENT else None,
        relapses=tuple(point.label for number in having[1:] for point in runs[number]),
        gaps=tuple(_gaps(points)),
    )


def boundaries(points: Sequence[Point]) -> tuple[Boundary, ...]:
    """Return the boundaries of a history, oldest first."""
    judged = [point for point in points if point.verdict.is_judged]
    return tuple(
        Boundary(older=older, newer=newer)
        for older, newer in itertools.pairwise(judged)
        if older.verdict is not newer.verdict
    )


def deciding(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the points that a history stands on: each boundary's two, or where there is none its two ends."""
    sides = [point for boundary in boundaries(points) for point in (boundary.older, boundary.newer)]
    judged = [point for point in points if point.verdict.is_judged]
    return tuple({point.label: point for point in sides or judged[:1] + judged[-1:]}.values())


def unknown_between(one: Range, gaps: Iterable[Gap], labels: Sequence[str]) -> bool:
    """Whether a candidate without a judgement stands between a range and the first candidate that is free of it.

    Args:
        one: a range of a history.
        gaps: the gaps of the same history.
        labels: those of its candidates, oldest first; the ends of its ranges and gaps at least.

    """
    if one.fixed is None or one.last is None:
        return False
    between = labels[labels.index(one.last) + 1 : labels.index(one.fixed)]
    return any(gap.first in between for gap in gaps)


def _range(runs: Sequence[Sequence[Point]], number: int, points: Sequence[Point]) -> Range:
    """Return one of the runs of judged points as a range."""
    run = runs[number]
    before, after = number > 0, number + 1 < len(runs)
    return Range(
        introduced=run[0].label if before else None,
        last_affected=run[-1].label if after else None,
        fixed=runs[number + 1][0].label if after else None,
        first=run[0].label,
        last=run[-1].label,
        open_before=not before and run[0] is not points[0],
        open_after=not after and run[-1] is not points[-1],
    )


def _gaps(points: Sequence[Point]) -> Iterator[Gap]:
    """Yield the gaps: points in a row with the same verdict are one gap, and its reason is that of the first point."""
    for verdict, run in itertools.groupby(points, key=lambda point: point.verdict):
        if not verdict.is_judged:
            inside = list(run)
            reason = UNTESTED if verdict is Verdict.NOT_RUN else f"{verdict}: {inside[0].reason}"
            yield Gap(first=inside[0].label, last=inside[-1].label, reason=reason)
