"""Advice: where the reader of a document should go, by what was measured.

The rule: nobody is sent to a candidate that was not tried, that has the failure now and then, that cannot do its
ordinary work, or that is unusual (see `harness.analysis.candidates.Candidate`).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.analysis.history import Point, Ranges


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go: one release, or with ``or_later`` that one and all that were judged after it."""

    release: str
    or_later: bool

    def __str__(self) -> str:
        """Say it to a person."""
        return f"upgrade to {self.release} or later" if self.or_later else f"upgrade to {self.release}"


def advice(points: Sequence[Point], found: Ranges) -> Advice | None:
    """Return the first usual candidate from which on none is affected or unable to do its work.

    "Or later" is said only where each later candidate was tried. Where a later candidate cannot do its work, however
    new, the advice is the newest candidate that is free of the failure, by itself. None where there is nothing to leave
    behind, or nothing to go to.

    Args:
        points: those of a history, oldest first.
        found: the ranges of the same points.

    """
    if found.safe_since is None or not found.affected:
        return None
    after = list(itertools.dropwhile(lambda point: point.label != found.safe_since, points))
    free = [place for place, point in enumerate(after) if point.verdict is Verdict.ABSENT and point.is_usual]
    if not free:
        return None
    bad = max((place for place, point in enumerate(after) if _is_bad(point)), default=-1)
    place = next((place for place in free if place > bad), free[-1])
    tried = all(point.verdict is not Verdict.NOT_RUN for point in after[place:])
    return Advice(release=after[place].label, or_later=place > bad and tried)


def _is_bad(point: Point) -> bool:
    """Whether nobody is sent to the candidate: it has the failure now and then, or cannot do its work."""
    return point.verdict is Verdict.UNHEALTHY or Verdict.REPRODUCED in point.tally
