"""Which releases to test next: pure functions from the verdicts known so far, so that a search can stop and go on.

`sweep` asks for every release. `bisect` asks for few: the anchors, then between neighbours that differ the middle of
the longest stretch without a test, until nothing untested lies between them. It never takes an unjudged release for
good or bad. A history need not be monotone: what it does not look at stays untested, and says so.
"""

from __future__ import annotations

import enum
import itertools
import random
from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from harness.model.verdict import Verdict

DRAWN = 5  # releases of each side of the claim that are tested in any case


class Strategy(enum.StrEnum):
    """How a history comes about; ``selection`` is whatever releases a matrix or a call names."""

    SWEEP = "sweep"
    BISECT = "bisect"
    SELECTION = "selection"


def sweep(releases: Sequence[str], verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Return the releases that have no verdict yet."""
    return tuple(release for release in releases if release not in verdicts)


def anchors(releases: Sequence[str], claimed: str | None, *, seed: str) -> tuple[str, ...]:
    """Return what a bisection tests in any case: both ends, the claimed release, its neighbours, some of each side.

    Args:
        releases: all of the history, oldest first.
        claimed: the release that a document names; where it is not among them the middle stands for it.
        seed: what the draw depends on.

    """
    if not releases:
        return ()
    named = [place for place, release in enumerate(releases) if claimed and Version(release) == Version(claimed)]
    middle = named[0] if named else len(releases) // 2
    around = {middle - 1, middle, middle + 1} & set(range(len(releases)))
    draw = random.Random(seed)  # noqa: S311 - a draw that can be repeated, not a secret
    sides = [range(1, middle - 1), range(middle + 2, len(releases) - 1)]
    drawn = {place for side in sides for place in draw.sample(side, min(DRAWN, len(side)))}
    return tuple(releases[place] for place in sorted({0, len(releases) - 1} | around | drawn))


def bisect(releases: Sequence[str], verdicts: Mapping[str, Verdict], always: Collection[str]) -> tuple[str, ...]:
    """Return the releases to test next; none when the search is over.

    Args:
        releases: all of the history, oldest first.
        verdicts: of those that were tested.
        always: those that are tested in any case, `anchors`.

    """
    if first := tuple(release for release in releases if release in always and release not in verdicts):
        return first
    places = [place for place, release in enumerate(releases) if release in verdicts]
    judged = [place for place in places if verdicts[releases[place]].is_judged]
    pairs = [
        (older, newer)
        for older, newer in itertools.pairwise(judged)
        if verdicts[releases[older]] is not verdicts[releases[newer]]
    ]
    pairs += _ends(places, judged)
    middles = (_middle(places, older, newer) for older, newer in pairs)
    return tuple(releases[place] for place in sorted({place for place in middles if place is not None}))


def _ends(places: Sequence[int], judged: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where the first and the last judged release may still be found: next to an end that was not judged."""
    if not judged:
        yield from itertools.pairwise(places)
        return
    if outside := [place for place in places if place < judged[0]]:
        yield outside[-1], judged[0]
    if outside := [place for place in places if place > judged[-1]]:
        yield judged[-1], outside[0]


def _middle(places: Sequence[int], older: int, newer: int) -> int | None:
    """Return the middle of the longest stretch without a test between two places, None where there is none."""
    inside = [place for place in places if older <= place <= newer]
    start, end = max(itertools.pairwise(inside), key=lambda pair: pair[1] - pair[0])
    return (start + end) // 2 if end - start > 1 else None
