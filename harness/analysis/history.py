"""A history: what the verdicts of one scenario over the releases of its subject say, on one Python and platform.

Only ``reproduced`` and ``absent`` count. Two releases that differ, with no judged release between them, are a
boundary; what lies between them or anywhere else without a judgement is a gap, and never taken for good or bad.

The points of a history are all releases that exist, also those that its Python cannot install: only so is it known
whether a judged release is the very first one or the newest one, beyond which nothing remains unsaid.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
from packaging.version import Version

from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNTESTED = "not tested"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One release in a history: its verdict, ``not-run`` where it was not tested, with the reason of an unjudged one.

    ``tally`` counts the verdicts of its trials.
    """

    version: str
    verdict: Verdict = Verdict.NOT_RUN
    reason: str | None = None
    tally: dict[Verdict, int] = msgspec.field(default_factory=dict)


class Range(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """Affected releases in a row.

    ``introduced`` is the first one, None where no judged release comes before it; ``fixed`` the first judged one
    after them and ``last_affected`` their last, both None where none is judged after them.

    ``first`` and ``last``, in JSON ``from`` and ``to``, are the outermost releases that were judged affected, always.
    ``open_before`` says that releases exist before ``first`` of which none was judged, ``open_after`` the same of those
    after ``last``: the range may reach further than was measured. All four are of no value in older documents.
    """

    introduced: str | None
    last_affected: str | None
    fixed: str | None
    first: str | None = None
    last: str | None = None
    open_before: bool = False
    open_after: bool = False


class Gap(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """Releases in a row that nothing is known of for one reason; ``first`` and ``last`` are the outermost ones."""

    first: str
    last: str
    reason: str


class Boundary(msgspec.Struct, frozen=True, kw_only=True):
    """Two judged releases, none judged between them, of which one is affected and the other is not."""

    older: Point
    newer: Point

    @property
    def fixes(self) -> bool:
        """Whether the failure is gone in the newer one."""
        return self.newer.verdict is Verdict.ABSENT


class Ranges(msgspec.Struct, frozen=True, kw_only=True):
    """All that the verdicts say by themselves: see the public contract for the words.

    ``judged`` are the releases that count. ``specifiers`` are the affected ranges as PEP 440 has them, one each: of all
    releases of the history they admit the affected ones and what lies in gaps between two of them, nothing else. One
    without a beginning or an end is of a failure that the very first release, or the newest one, was seen to have.
    """

    judged: tuple[str, ...]
    tested: tuple[str, ...]
    untested: tuple[str, ...]
    affected: tuple[Range, ...]
    specifiers: tuple[str, ...]
    first_fixed: str | None
    safe_since: str | None
    relapses: tuple[str, ...]
    gaps: tuple[Gap, ...]


def ranges(points: Sequence[Point]) -> Ranges:
    """Return what the points say, which are all releases of a history, oldest first."""
    judged = [point for point in points if point.verdict.is_judged]
    runs = [list(run) for _, run in itertools.groupby(judged, key=lambda point: point.verdict)]
    affected = [
        Range(
            introduced=run[0].version if number else None,
            last_affected=run[-1].version if number + 1 < len(runs) else None,
            fixed=runs[number + 1][0].version if number + 1 < len(runs) else None,
            first=run[0].version,
            last=run[-1].version,
            open_before=not number and run[0] is not points[0],
            open_after=number + 1 == len(runs) and run[-1] is not points[-1],
        )
        for number, run in enumerate(runs)
        if run[0].verdict is Verdict.REPRODUCED
    ]
    first_fixed = affected[0].fixed if affected else None
    after = itertools.dropwhile(lambda point: point.version != first_fixed, judged) if first_fixed else ()
    unseen = {Verdict.NOT_RUN, Verdict.UNSUPPORTED}
    return Ranges(
        judged=tuple(point.version for point in judged),
        tested=tuple(point.version for point in points if point.verdict not in unseen),
        untested=tuple(point.version for point in points if point.verdict is Verdict.NOT_RUN),
        affected=tuple(affected),
        specifiers=tuple(_specifier(found, [point.version for point in points]) for found in affected),
        first_fixed=first_fixed,
        safe_since=runs[-1][0].version if runs and runs[-1][0].verdict is Verdict.ABSENT else None,
        relapses=tuple(point.version for point in after if point.verdict is Verdict.REPRODUCED),
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
    return tuple({point.version: point for point in sides or judged[:1] + judged[-1:]}.values())


def _gaps(points: Sequence[Point]) -> Iterator[Gap]:
    """Yield what is not judged, each verdict's releases in a row as one; the reason is the first one's."""
    for verdict, run in itertools.groupby(points, key=lambda point: point.verdict):
        if not verdict.is_judged:
            inside = list(run)
            told = UNTESTED if verdict is Verdict.NOT_RUN else f"{verdict}: {inside[0].reason}"
            yield Gap(first=inside[0].version, last=inside[-1].version, reason=told)


def _specifier(found: Range, releases: Sequence[str]) -> str:
    """Return a range as a PEP 440 specifier that ends before the release that comes after the last affected one.

    ``<1.0`` means no pre-release of 1.0, and to some resolvers ``<1.0.post1`` means none either: a range with one of
    them ends with the last affected release. So does one that may reach further, as it begins with the first.
    """
    begins = releases.index(found.first or "")
    ends = releases.index(found.last or "") + 1
    from_the_start = found.introduced is None and not found.open_before
    to_the_end = found.fixed is None and not found.open_after
    if begins + 1 == ends and not (from_the_start or to_the_end):
        return f"=={found.last}"
    parts = [] if from_the_start else [f">={found.first}"]
    if found.open_after:
        parts.append(f"<={found.last}")
    elif not to_the_end:
        inside, after = [Version(one) for one in releases[begins:ends]], Version(releases[ends])
        hidden = any(one.is_prerelease and one.base_version == after.base_version for one in inside)
        parts.append(f"<={found.last}" if hidden and not after.is_prerelease else f"<{releases[ends]}")
    return ",".join(parts) or ">=0"
