"""A series: the candidates that one history is about, with the cell of each; and the `History`, as JSON has it.

The rule: a series says in which order its candidates stand, which cell tries a candidate, and what a document's name
means among them. Whoever searches a series, or reads results of it, speaks of labels and positions only.
`Series.of_releases` makes a series of the subject's releases, `Series.over_releases` one of a dependency's releases;
the `History` of the public contract is of such a series. All cells of a series are resolved as of one day, or each as
of its release's own moment: a series never mixes moments.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.attribution import Attribution, FourCells, attribute, changes
from harness.analysis.candidates import Candidate, Find
from harness.analysis.history import Boundary, Gap, Point, Range, Ranges
from harness.analysis.releases import candidate_of, divided, in_order, oldest_first, place_of
from harness.analysis.search import Strategy
from harness.model.cell import Cell
from harness.model.coordinates import SeriesKey
from harness.model.moment import beginning
from harness.model.recipe import DependenciesOf, With, usual_at
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from harness.model.release import Release
    from harness.model.result import CellResult


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The candidates that one history is about, oldest first, and how each of them is tried.

    Attributes:
        key: what the series is called.
        candidates: all that exist, in their order.
        cells: the cell of each candidate that can be tried, by label, in the same order.
        refused: why each of the others cannot be tried, by label.
        trials: how many the scenario's own rule needs of a candidate before it calls the failure absent.
        yanked: the labels of the candidates that were taken back.
        find: what a name in a document means among the labels of such candidates.

    """

    key: SeriesKey
    candidates: tuple[Candidate, ...]
    cells: dict[str, Cell]
    find: Find
    refused: dict[str, str] = {}
    trials: int = 1
    yanked: tuple[str, ...] = ()

    @classmethod
    def of_releases(
        cls, key: SeriesKey, releases: Collection[Release], *, refused: Iterable[Release] = (), trials: int = 1
    ) -> Series:
        """Return the series of releases of the key's subject; ``refused`` are those that no installer takes."""
        recipe = usual_at(_moment(key))
        cells = {one.version: Cell(**key.axes, release=one, recipe=recipe) for one in oldest_first(releases)}
        return cls._of(key, cells, tried=releases, refused=refused, trials=trials)

    @classmethod
    def over_releases(
        cls,
        key: SeriesKey,
        held: Release,
        releases: Collection[Release],
        *,
        refused: Iterable[Release] = (),
        trials: int = 1,
    ) -> Series:
        """Return the series of releases of the package that the key varies, each beside one release of the subject."""
        cells = {
            one.version: Cell(**key.axes, release=held, recipe=With(package=key.varied, release=one, at=_moment(key)))
            for one in oldest_first(releases)
        }
        return cls._of(key, cells, tried=releases, refused=refused, trials=trials)

    @classmethod
    def _of(
        cls,
        key: SeriesKey,
        cells: dict[str, Cell],
        *,
        tried: Iterable[Release],
        refused: Iterable[Release],
        trials: int,
    ) -> Series:
        others = tuple(refused)
        reasons = {one.version: one.refusal(key.python, key.platform, at=_moment(key)) for one in others}
        return cls(
            key=key,
            candidates=tuple(candidate_of(one) for one in oldest_first((*tried, *others))),
            cells=cells,
            find=place_of,
            refused={version: f"{key.varied} {version} {reason}" for version, reason in reasons.items() if reason},
            trials=trials,
            yanked=tuple(one.version for one in oldest_first(tried) if one.yanked),
        )

    @property
    def subject(self) -> str:
        """The package on trial."""
        return self.key.subject

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the candidates that can be tried, oldest first: what a search is over."""
        return tuple(self.cells)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of its cells."""
        return tuple(cell.id for cell in self.cells.values())

    def position(self, name: str, labels: Sequence[str]) -> int | None:
        """Return the position of the candidate that a document names, among some labels of the series, in order."""
        place = self.find(name, labels)
        return place.position if place else None

    def cell(self, label: str, dependencies_of: str | None = None) -> Cell:
        """Return the cell of a candidate, with its own dependencies or with those of another one."""
        cell = self.cells[label]
        if dependencies_of is None:
            return cell
        recipe = DependenciesOf(release=self.cells[dependencies_of].release, at=cell.recipe.moment)
        return msgspec.structs.replace(cell, recipe=recipe)

    def with_release(self, label: str, package: str, release: Release) -> Cell:
        """Return the cell of a candidate with one release of another package."""
        cell = self.cells[label]
        return msgspec.structs.replace(cell, recipe=With(package=package, release=release, at=cell.recipe.moment))

    @property
    def has_causes(self) -> bool:
        """Whether its boundaries have a cause to be looked for: where a dependency varies, the cause is known."""
        return self.key.over is None

    def without(self, labels: Collection[str]) -> Series:
        """Return the series in which some candidates do not stand."""
        return msgspec.structs.replace(
            self,
            candidates=tuple(one for one in self.candidates if one.label not in labels),
            cells={label: cell for label, cell in self.cells.items() if label not in labels},
            refused={label: reason for label, reason in self.refused.items() if label not in labels},
        )

    def results(self, results: Mapping[str, CellResult]) -> dict[str, CellResult]:
        """Return the results of the series' cells, by label; ``results`` are by cell id."""
        found = ((label, results.get(cell.id)) for label, cell in self.cells.items())
        return {label: result for label, result in found if result is not None}

    def points(self, results: Mapping[str, CellResult]) -> tuple[Point, ...]:
        """Return the history's points, one for each candidate that exists, tested or not."""
        of_label = self.results(results)
        return tuple(_point(one, of_label.get(one.label), self.refused.get(one.label)) for one in self.candidates)

    def is_whole(self, found: Ranges) -> bool:
        """Whether every candidate that can be tried was tried."""
        return bool(self.cells) and not found.untested

    def four_cells(self, boundary: Boundary, results: Mapping[str, CellResult]) -> FourCells:
        """Return the ids of the cells that tell what caused a boundary."""
        older, newer = boundary.older.label, boundary.newer.label
        ids = self.cell(older).id, self.cell(newer).id
        same = ids[0] in results and ids[1] in results and not changes(results[ids[0]], results[ids[1]])
        exchanged = ids if same else (self.cell(older, newer).id, self.cell(newer, older).id)
        return FourCells(older=ids[0], older_exchanged=exchanged[0], newer=ids[1], newer_exchanged=exchanged[1])

    def attribution(self, boundary: Boundary, results: Mapping[str, CellResult]) -> Attribution:
        """Return the cause of a boundary; without one of its four cells it is undetermined."""
        return attribute(boundary, self.four_cells(boundary, results), results)


class History(SeriesKey, frozen=True, kw_only=True):
    """The history of one scenario variant over the releases of its subject, on one Python and platform.

    With ``over``, the releases are those of a dependency, and one release of the subject is held.

    ``specifiers`` are the affected ranges as PEP 440 has them; ``judged``, ``untested`` and ``yanked`` name releases;
    ``whole`` says that no release that the Python can install was left out; ``trials`` counts those of all its cells;
    ``seed`` is what a bisection's draw of further releases depended on; ``upgrade_to`` and ``or_later`` are the advice.
    ``confidence`` is None where only one side was seen, releases with the failure or without it. The public contract,
    `harness.analysis.history.Ranges` and `harness.analysis.confidence` explain the rest.
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

    @property
    def labels(self) -> tuple[str, ...]:
        """The releases that the history names, among them the ends of its ranges and gaps, oldest first."""
        gaps = [end for gap in self.gaps for end in (gap.first, gap.last)]
        ends = [end for one in self.affected for end in (one.first, one.last, one.fixed) if end]
        return in_order((*self.tested, *self.untested, *gaps, *ends))


def series_of(results: Iterable[CellResult], releases: Mapping[str, Iterable[Release]]) -> Iterator[Series]:
    """Yield the series of releases that results belong to, where anything could be tried of them.

    Args:
        results: of cells, controls among them or not.
        releases: all known ones of each subject. A pre-release is part of a series only where it has a result; so is a
            release that the Python cannot install, which is refused otherwise.

    """
    kept = [one for one in results if not one.is_control and _counts(one)]
    for key, group in itertools.groupby(sorted(kept, key=lambda one: one.key.place), key=lambda one: one.key):
        tested = {one.label for one in group}
        tried, refused = divided(
            releases.get(key.varied, ()), tested=tested, python=key.python, platform=key.platform, at=_moment(key)
        )
        if key.over is None:
            yield Series.of_releases(key, tried, refused=refused)
        elif held := next((one for one in releases.get(key.subject, ()) if one.version == key.over.held), None):
            yield Series.over_releases(key, held, tried, refused=refused)


def _counts(result: CellResult) -> bool:
    """Whether a result says that its candidate can be tried, or why not, where only the resolver could tell that."""
    return result.verdict is not Verdict.UNSUPPORTED or result.key.over is not None


def _moment(key: SeriesKey) -> dt.datetime | None:
    return beginning(key.as_of) if key.as_of else None


def _point(candidate: Candidate, result: CellResult | None, refusal: str | None) -> Point:
    point = Point(label=candidate.label, is_usual=candidate.is_usual, at=candidate.at)
    if refusal is not None:
        return msgspec.structs.replace(point, verdict=Verdict.UNSUPPORTED, reason=refusal)
    if result is None:
        return point
    return msgspec.structs.replace(point, verdict=result.verdict, reason=result.reason, tally=result.tally)
