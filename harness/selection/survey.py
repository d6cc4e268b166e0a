"""A survey: the series that a call means, and the cells that their histories need next, until they need none."""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.inquiry import wanted
from harness.analysis.series import Series, series_of
from harness.errors import EmptySelectionError
from harness.model.result import order_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.analysis.document import Document, Searched
    from harness.model.cell import Cell
    from harness.model.claim import Claim
    from harness.model.coordinates import SeriesKey
    from harness.model.result import CellResult
    from harness.selection.plan import Plan


@dataclasses.dataclass(kw_only=True)
class Survey:
    """The series that are asked about, and the ``results`` so far, by cell id.

    Results that a survey begins with are taken as they are. ``before`` says how the series of those came about.
    """

    series: tuple[Series, ...]
    searched: Searched
    claims: Mapping[str, Sequence[Claim]]
    trials: int = 1
    results: dict[str, CellResult] = dataclasses.field(default_factory=dict)
    before: Mapping[SeriesKey, Searched] = dataclasses.field(default_factory=dict)

    @property
    def how(self) -> dict[SeriesKey, Searched]:
        """How each series comes about: releases that have appeared since make no sweep of a bisected series."""
        return {series.key: self.before.get(series.key, self.searched) for series in self.series}

    def next_step(self) -> dict[Cell, int]:
        """Return the cells to be executed next, each with its trials; none when all histories are complete."""
        step: dict[Cell, int] = {}
        for series in self.series:
            speaking = (one for one in self.claims.get(series.key.scenario, ()) if one.condition.admits(series.key))
            claimed = [release for claim in speaking for release in claim.releases]
            step |= wanted(series, self.results, self.searched, claimed=claimed, trials=self.trials)
        return step

    def of_series(self) -> tuple[CellResult, ...]:
        """Return the results of the series, controls among them, in an order that does not say which ended first."""
        inside = {cell for series in self.series for cell in series.ids}
        return tuple(sorted((one for one in self.results.values() if one.base in inside), key=order_of))


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
        if cell.release.admits(cell.python, cell.platform) and _is_named(cell, plan):
            rows[cell.key].append(cell)
    found = []
    for key, cells in rows.items():
        trials = plan.trials_of(key.scenario, 1)
        found.append(Series.of_releases(key, (cell.release for cell in cells), trials=trials))
    return _some(found)


def new_releases(plan: Plan, before: Document) -> tuple[Series, ...]:
    """Return the series of a document that the call means, with the releases that it has or that appeared since.

    Raises:
        EmptySelectionError: the document has no such series.

    """
    options = plan.options
    kept = [
        cell
        for cell in before.cells
        if cell.scenario in plan.scenario_names()
        and (not options.pythons or cell.python in options.pythons)
        and (not options.platforms or cell.platform in options.platforms)
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
