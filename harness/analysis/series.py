"""A series: the releases that one history is about. From its cells' results comes the `History`, as JSON has it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.attribution import Attribution, FourCells, attribute, changes
from harness.analysis.claims import Assessment, ClaimResult, advice, assess, sentence
from harness.analysis.confidence import confidence
from harness.analysis.history import Boundary, Gap, Point, Range, Ranges, boundaries, ranges
from harness.analysis.search import Strategy
from harness.model.cell import Cell
from harness.model.coordinates import SeriesKey
from harness.model.recipe import DependenciesOf, OwnMoment
from harness.model.release import Release
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.model.result import CellResult
    from harness.model.scenario import Claim


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """All releases of a subject that one history is about, oldest first.

    ``refused`` are those that exist and that the Python cannot install; ``trials`` how many the scenario's own rule
    needs of a release before it calls the failure absent.
    """

    key: SeriesKey
    releases: tuple[Release, ...]
    refused: tuple[Release, ...] = ()
    trials: int = 1

    @property
    def subject(self) -> str:
        """The package on trial."""
        return self.key.subject

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions, oldest first."""
        return tuple(release.version for release in self.releases)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of its cells."""
        return tuple(self._cell(release).id for release in self.releases)

    def cell(self, version: str, dependencies_of: str | None = None) -> Cell:
        """Return the cell of a release, with its own dependencies or with those of another one."""
        by_version = {release.version: release for release in self.releases}
        return self._cell(by_version[version], by_version[dependencies_of] if dependencies_of else None)

    def _cell(self, release: Release, dependencies_of: Release | None = None) -> Cell:
        recipe = DependenciesOf(release=dependencies_of) if dependencies_of else OwnMoment()
        return Cell(**self.key.key_fields, release=release, recipe=recipe)

    def results(self, results: Mapping[str, CellResult]) -> dict[str, CellResult]:
        """Return the results of the series' cells, by version; ``results`` are by cell id."""
        found = ((release.version, results.get(self._cell(release).id)) for release in self.releases)
        return {version: result for version, result in found if result is not None}

    def points(self, results: Mapping[str, CellResult]) -> tuple[Point, ...]:
        """Return the history's points, one for each release that exists, tested or not."""
        of_version = self.results(results)
        points = {one: _point(one.version, of_version.get(one.version)) for one in self.releases}
        points |= {one: _refused(one, self.subject) for one in self.refused}
        return tuple(points[one] for one in sorted(points, key=lambda one: one.parsed))

    def is_whole(self, found: Ranges) -> bool:
        """Whether every release that the Python can install was tried."""
        return bool(self.releases) and not found.untested

    def four_cells(self, boundary: Boundary, results: Mapping[str, CellResult]) -> FourCells:
        """Return the ids of the cells that tell what caused a boundary."""
        older, newer = boundary.older.version, boundary.newer.version
        ids = self.cell(older).id, self.cell(newer).id
        same = ids[0] in results and ids[1] in results and not changes(results[ids[0]], results[ids[1]])
        exchanged = ids if same else (self.cell(older, newer).id, self.cell(newer, older).id)
        return FourCells(older=ids[0], older_exchanged=exchanged[0], newer=ids[1], newer_exchanged=exchanged[1])


class History(SeriesKey, frozen=True, kw_only=True):
    """The history of one scenario variant over the releases of its subject, on one Python and platform.

    ``specifiers`` are the affected ranges as PEP 440 has them; ``judged``, ``untested`` and ``yanked`` name releases;
    ``whole`` says that no release that the Python can install was left out; ``trials`` counts those of all its cells;
    ``seed`` is what a bisection's draw of further releases depended on; ``upgrade_to`` and ``or_later`` are the advice.
    ``confidence`` is None where only one side was seen, releases with the failure or without it. For the rest see
    the public contract, `harness.analysis.history.Ranges` and `harness.analysis.confidence`.
    """

    strategy: Strategy
    tested: tuple[str, ...]
    untested: tuple[str, ...]
    yanked: tuple[str, ...]
    affected: tuple[Range, ...]
    specifiers: tuple[str, ...]
    first_fixed: str | None
    safe_since: str | None
    relapses: tuple[str, ...]
    gaps: tuple[Gap, ...]
    trials: int
    confidence: float | None
    attribution: tuple[Attribution, ...]
    judged: tuple[str, ...] = ()
    whole: bool = False
    seed: int | None = None
    upgrade_to: str | None = None
    or_later: bool = False


def history_of(
    series: Series, results: Mapping[str, CellResult], *, strategy: Strategy, seed: int | None = None
) -> History:
    """Return the history of a series from the results of its cells, by id."""
    points = series.points(results)
    found = ranges(points)
    edges = boundaries(points)
    sure = confidence(points) if edges else None
    to = advice(points, found, series.releases)
    return History(
        **series.key.key_fields,
        strategy=strategy,
        judged=found.judged,
        tested=found.tested,
        untested=found.untested,
        whole=series.is_whole(found),
        yanked=tuple(release.version for release in series.releases if release.yanked),
        affected=found.affected,
        specifiers=found.specifiers,
        first_fixed=found.first_fixed,
        safe_since=found.safe_since,
        relapses=found.relapses,
        gaps=found.gaps,
        trials=sum(result.trials for result in series.results(results).values()),
        confidence=None if sure is None else round(sure, 6),
        attribution=tuple(attribute(edge, series.four_cells(edge, results), results) for edge in edges),
        seed=seed,
        upgrade_to=to.release if to else None,
        or_later=bool(to and to.or_later),
    )


def claim_result(
    series: Series, results: Mapping[str, CellResult], claim: Claim, *, strategy: Strategy = Strategy.SELECTION
) -> ClaimResult:
    """Return a claim beside the history of a series, which came about by a strategy."""
    points = series.points(results)
    found = ranges(points)
    assessment = assess(claim.fixed, points)
    to = advice(points, found, series.releases)
    by_version = {release.version: release for release in series.releases}
    return ClaimResult(
        scenario=series.key.scenario,
        variant=series.key.variant,
        document=claim.document,
        claimed_fixed=claim.fixed,
        first_fixed=found.first_fixed,
        safe_since=found.safe_since,
        relapses=found.relapses,
        assessment=assessment,
        python=series.key.python,
        platform=series.key.platform,
        sentence=sentence(claim, assessment, found, by_version),
        upgrade_to=to.release if to else None,
        or_later=bool(to and to.or_later),
        strategy=strategy,
        whole=series.is_whole(found),
        judged=len(found.judged),
    )


def series_of(results: Iterable[CellResult], releases: Mapping[str, Iterable[Release]]) -> Iterator[Series]:
    """Yield the series that results belong to, where anything could be tried of them.

    Args:
        results: of cells, controls among them or not.
        releases: all known ones of each subject; what is only chosen by name is left out unless there is a result of
            it; what a Python cannot install is refused likewise.

    """
    kept = [one for one in results if one.control is None and one.verdict is not Verdict.UNSUPPORTED]
    for key, group in itertools.groupby(sorted(kept, key=lambda one: one.place), key=lambda one: one.key):
        inside = {one.version for one in group}
        known = {release.version: release for release in releases.get(key.subject, ())}
        final = [one for one in known.values() if one.version in inside or not one.parsed.is_prerelease]
        chosen = [one for one in final if one.version in inside or one.admits(key.python, key.platform)]
        refused = [one for one in final if not (one.version in inside or one.admits(key.python, key.platform))]
        yield Series(key=key, releases=_ordered(chosen), refused=_ordered(refused))


def _ordered(releases: Iterable[Release]) -> tuple[Release, ...]:
    return tuple(sorted(releases, key=lambda one: one.parsed))


def _point(version: str, result: CellResult | None) -> Point:
    if result is None:
        return Point(version=version)
    return Point(version=version, verdict=result.verdict, reason=result.reason, tally=result.tally)


def _refused(release: Release, subject: str) -> Point:
    reason = f"{subject} {release.version} requires Python {release.requires_python}"
    return Point(version=release.version, verdict=Verdict.UNSUPPORTED, reason=reason)


__all__ = ["Assessment", "History", "Series", "claim_result", "history_of", "series_of"]
