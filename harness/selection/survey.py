"""A survey: the series that a call means, and the cells that their histories need next, until they need none."""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.inquiry import wanted
from harness.analysis.releases import divided
from harness.analysis.series import Series, series_of
from harness.errors import EmptySelectionError, UsageError
from harness.model.coordinates import Over, SeriesKey
from harness.model.moment import beginning
from harness.model.release import is_local, ordinary
from harness.model.result import order_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.analysis.document import Document, Searched
    from harness.model.cell import Cell
    from harness.model.claim import Claim
    from harness.model.release import Release
    from harness.model.result import CellResult
    from harness.selection.plan import Plan


@dataclasses.dataclass(kw_only=True)
class Survey:
    """The series that are asked about, and the ``results`` so far, by cell id.

    Results that a survey begins with are taken as they are. ``before`` says how the series of those came about.
    ``releases_of`` returns the known releases of a package, for the search over a dependency.
    """

    series: tuple[Series, ...]
    searched: Searched
    claims: Mapping[str, Sequence[Claim]]
    trials: int = 1
    results: dict[str, CellResult] = dataclasses.field(default_factory=dict)
    before: Mapping[SeriesKey, Searched] = dataclasses.field(default_factory=dict)
    releases_of: Callable[[str], Sequence[Release]] = lambda _package: ()

    @property
    def how(self) -> dict[SeriesKey, Searched]:
        """How each series comes about: releases that have appeared since make no sweep of a bisected series."""
        return {series.key: self.before.get(series.key, self.searched) for series in self.series}

    def next_step(self) -> dict[Cell, int]:
        """Return the cells to be executed next, each with its trials; none when all histories are complete."""
        step: dict[Cell, int] = {}
        for series in self.series:
            claims = self.claims.get(series.key.scenario, ()) if series.key.over is None else ()
            speaking = (one for one in claims if one.condition.admits(series.key))
            claimed = [release for claim in speaking for release in claim.releases]
            step |= wanted(
                series,
                self.results,
                self.searched,
                claimed=claimed,
                trials=self.trials,
                releases_of=self.releases_of,
            )
        return step

    @property
    def ids(self) -> set[str]:
        """The ids of the cells that the series themselves consist of."""
        return {cell for series in self.series for cell in series.ids}

    def of_series(self) -> tuple[CellResult, ...]:
        """Return the results of the series, controls among them, in an order that does not say which ended first."""
        inside = self.ids
        found = (one for one in self.results.values() if {one.id, one.base} & inside)
        return tuple(sorted(found, key=order_of))


def all_releases(plan: Plan, *, prereleases: bool) -> tuple[Series, ...]:
    """Return a series for each row of the plan's matrix, of every release that its Python can install.

    Where neither the row nor the call names Pythons, the rule of `harness.selection.matrix` gives each release its
    Pythons, and a series has the releases of one of these. ``--server`` and ``--cell`` choose among the releases;
    pre-releases count only with ``prereleases``.

    Raises:
        UsageError: something that the call names does not exist, or no release is left.

    """
    rows: dict[SeriesKey, list[Cell]] = collections.defaultdict(list)
    for cell in plan.select(cells=(), every=not plan.options.servers, prereleases=prereleases):
        if not cell.release.refusal(cell.python, cell.platform, at=cell.recipe.moment) and _is_named(cell, plan):
            rows[cell.key].append(cell)
    found = []
    for key, cells in rows.items():
        trials = plan.trials_of(key.scenario, 1)
        found.append(Series.of_releases(key, [cell.release for cell in cells], trials=trials))
    return _some(found)


def over_a_dependency(plan: Plan, package: str, *, prereleases: bool) -> tuple[Series, ...]:
    """Return a series for each row of the plan's matrix, of every release of a package beside one of the subject.

    The release of the subject is the one that ``--server`` names, else the newest one of the row that its Python can
    install. ``--cell`` chooses among the cells; pre-releases count only with ``prereleases``.

    Args:
        plan: the plan of the call.
        package: the canonical name of a package.
        prereleases: whether pre-releases of the package count.

    Raises:
        UsageError: the package is the subject itself, ``--server`` does not name one release, or nothing is left.
        IndexUnavailableError: the index has no list of the releases of the package.

    """
    rows: dict[SeriesKey, list[Cell]] = collections.defaultdict(list)
    for cell in plan.select(cells=(), every=not plan.options.servers):
        if not cell.release.refusal(cell.python, cell.platform, at=cell.recipe.moment):
            rows[cell.key].append(cell)
    found = []
    for key, cells in rows.items():
        if package == key.subject:
            message = f"--over: {package} is the subject itself, whose releases a history is over without --over"
            raise UsageError(message)
        held = _held([cell.release for cell in cells], key, named=bool(plan.options.servers))
        series = _over(plan, key, held, package, prereleases=prereleases)
        ids = {label for label, cell in series.cells.items() if _is_named(cell, plan)}
        found.append(series.without([label for label in series.labels if label not in ids]))
    return _some([series for series in found if series.cells])


def _held(releases: Sequence[Release], key: SeriesKey, *, named: bool) -> Release:
    """Return the one release of the subject that a series over a dependency holds."""
    if named and len(releases) > 1:
        one = f"a history over a dependency holds one, such as {key.subject}=={releases[-1].version}"
        message = f"--over: --server names {len(releases)} releases of {key.subject}; {one}"
        raise UsageError(message)
    held = releases[0] if named else (ordinary(releases) or releases)[-1]
    if is_local(held.version):
        message = "--over: the release that is held is one of the index; a working tree has none of its own"
        raise UsageError(message)
    return held


def _over(plan: Plan, key: SeriesKey, held: Release, package: str, *, prereleases: bool) -> Series:
    known = plan.available.listed(package)
    tried, refused = divided(
        known,
        tested=[one.version for one in known if prereleases and one.parsed.is_prerelease and one.admits(key.python)],
        python=key.python,
        platform=key.platform,
        at=beginning(key.as_of) if key.as_of else None,
    )
    over = msgspec.structs.replace(key, over=Over(package=package, held=held.version))
    return Series.over_releases(over, held, tried, refused=refused, trials=plan.trials_of(key.scenario, 1))


def new_releases(plan: Plan, before: Document) -> tuple[Series, ...]:
    """Return the series of a document that the call means, with the releases that it has or that appeared since.

    Raises:
        EmptySelectionError: the document has no such series.

    """
    options, days = plan.options, plan.days
    kept = [
        cell
        for cell in before.cells
        if cell.scenario in plan.scenario_names()
        and (not options.pythons or cell.python in options.pythons)
        and (not options.platforms or cell.platform in options.platforms)
        and cell.key.over is None
        and cell.key.as_of in days
    ]
    by_id = {cell.id: cell for cell in kept}
    old = {subject: {release.version for release in releases} for subject, releases in before.releases.items()}
    found = []
    listed = {subject: plan.available.listed(subject) for subject in {cell.subject for cell in kept}}
    for series in series_of(kept, listed):
        tested = series.results(by_id)
        left_out = [label for label in series.labels if label in old[series.subject] and label not in tested]
        trials = plan.trials_of(series.key.scenario, 1)
        found.append(msgspec.structs.replace(series.without(left_out), trials=trials))
    return _some(found)


def _is_named(cell: Cell, plan: Plan) -> bool:
    globs = plan.options.cells
    return not globs or any(fnmatch.fnmatchcase(cell.id, glob) for glob in globs)


def _some(found: list[Series]) -> tuple[Series, ...]:
    if not found:
        message = "the selection leaves no release to test; see 'harness list --cells'"
        raise EmptySelectionError(message)
    return tuple(found)
