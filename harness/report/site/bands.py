"""The releases of a failure's subject as bands: what each release showed, from the oldest to the newest, as values."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from harness.analysis.releases import in_order, place_of
from harness.model.verdict import Verdict
from harness.report.site import names
from harness.report.table import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.model.release import Release
    from harness.model.result import CellResult

# Where several verdicts on one release are put together, the first of this order is shown: news before silence.
_WORST = (
    Verdict.REPRODUCED,
    Verdict.ABSENT,
    Verdict.INCONCLUSIVE,
    Verdict.UNHEALTHY,
    Verdict.ENVIRONMENT_FAILED,
    Verdict.NOT_RUN,
    Verdict.UNSUPPORTED,
)
_CLOSEST = 0.055  # of the width: a year whose label would touch the one before is left out
_CLOSEST_MARK = 0.12  # of the width: the same for the name of a marked release


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stretch:
    """Releases in a row with the same verdict, ``start`` counted from 1; ``page`` shows one of them."""

    start: int
    length: int
    verdict: Verdict
    first: str
    last: str
    page: str | None

    @property
    def symbol(self) -> str:
        """The verdict's symbol."""
        return SYMBOLS[self.verdict]

    @property
    def span(self) -> str:
        """The releases."""
        return self.first if self.first == self.last else f"{self.first}–{self.last}"

    @property
    def told(self) -> str:
        """The releases and their verdict, in words."""
        many = "" if self.length == 1 else f" ({self.length} releases)"
        return f"{self.span}{many}: {self.verdict}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tick:
    """Where a year begins on the axis."""

    start: int
    year: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mark:
    """Where a release stands that documents name, counted from 1; ``name`` is empty where it would hide another one."""

    start: int
    name: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Axis:
    """The releases along the bands, oldest first, and those of them that documents name."""

    versions: tuple[str, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]

    @property
    def width(self) -> int:
        """How many releases there are."""
        return len(self.versions)


def axis_of(versions: Iterable[str], releases: Sequence[Release], claimed: Iterable[str]) -> Axis:
    """Return the axis of some releases; ``claimed`` are the releases that documents name."""
    ordered = in_order(versions)
    years = {release.version: release.uploaded.year for release in releases}
    return Axis(versions=ordered, ticks=tuple(_ticks(ordered, years)), marks=tuple(_marks(ordered, in_order(claimed))))


def _marks(versions: Sequence[str], claimed: Iterable[str]) -> Iterator[Mark]:
    """Yield the marks; a release that is not on the axis is marked where the next newer one stands."""
    named = -len(versions)
    for name in claimed:
        start = place_of(name, versions).older + 1
        if start <= len(versions):
            is_shown = start - named >= _CLOSEST_MARK * len(versions)
            named = start if is_shown else named
            yield Mark(start=start, name=name if is_shown else "")


def _ticks(versions: Sequence[str], years: Mapping[str, int]) -> Iterator[Tick]:
    latest, shown = 0, -len(versions)
    for place, version in enumerate(versions, 1):
        year = years.get(version, 0)
        if year > latest:
            latest = year
            if place - shown >= _CLOSEST * len(versions):
                shown = place
                yield Tick(start=place, year=year)


def runs_of(axis: Axis, cells: Iterable[CellResult], untested: Iterable[str] = ()) -> tuple[Stretch, ...]:
    """Return the stretches of what cells showed; several cells of one release are put together."""
    by_version: dict[str, CellResult] = {}
    for cell in cells:
        other = by_version.get(cell.version)
        if other is None or _WORST.index(cell.verdict) < _WORST.index(other.verdict):
            by_version[cell.version] = cell
    waiting = set(untested)

    def verdict(version: str) -> Verdict | None:
        if version in by_version:
            return by_version[version].verdict
        return Verdict.NOT_RUN if version in waiting else None

    runs, start = [], 1
    for shown, group in itertools.groupby(axis.versions, key=verdict):
        inside = list(group)
        if shown is not None and shown is not Verdict.UNSUPPORTED:
            runs.append(_run(start, inside, shown, by_version))
        start += len(inside)
    return tuple(runs)


def _run(start: int, versions: Sequence[str], verdict: Verdict, by_version: Mapping[str, CellResult]) -> Stretch:
    """Return a stretch; its page is that of its last cell with evidence, nearest to where the verdict changes."""
    cells = [by_version[version] for version in versions if version in by_version]
    shown = next((cell for cell in reversed(cells) if cell.evidence), cells[-1] if cells else None)
    return Stretch(
        start=start,
        length=len(versions),
        verdict=verdict,
        first=versions[0],
        last=versions[-1],
        page=names.page(shown.id) if shown else None,
    )
