"""What is known of the cells that a call means: stored results, and the documents that are made of them."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion

from harness.analysis.completeness import most_complete
from harness.analysis.document import document_of
from harness.errors import UsageError, nearest
from harness.model.judge import judge
from harness.model.result import CellResult, order_of
from harness.results import sources
from harness.results.sources import PUBLISHED
from harness.selection.options import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.analysis.document import Document, Searched
    from harness.model.cell import Cell
    from harness.model.coordinates import SeriesKey
    from harness.model.evidence import Evidence
    from harness.model.verdict import Judgement
    from harness.results.protocols import ReadResults, WriteResults
    from harness.selection.plan import Plan


class Stored:
    """The results that a call names, as the plan of the call means them."""

    def __init__(self, plan: Plan) -> None:
        """Open the results that the call names.

        Raises:
            UsageError: the results cannot be read.

        """
        self._plan = plan
        self.source = sources.reading(plan.options.results, where="--results")

    @property
    def writable(self) -> WriteResults:
        """The results, to write to.

        Raises:
            UsageError: the call names a document in place of a folder.

        """
        return sources.writing(self.source, named=self._plan.options.results)

    def costs(self, cells: Mapping[Cell, int]) -> dict[Cell, int]:
        """Return what the given number of trials of each cell takes, in milliseconds, by the stored results."""
        trial = self._plan.costs_by(cells, self.source.latest())
        return {cell: trials * trial[cell] for cell, trials in cells.items()}

    def keep_releases(self) -> None:
        """Keep the releases that cells were selected from beside the results."""
        available = self._plan.available
        self.writable.know({subject: available.listed(subject) for subject in available.asked})

    def document(
        self,
        results: Iterable[CellResult],
        searched: Mapping[SeriesKey, Searched] | None = None,
        *,
        source: ReadResults | None = None,
    ) -> Document:
        """Return the document of results of a source, by default the call's own, with histories and claims.

        Where the call says by ``searched`` how its series came about, a history over a dependency is one of these: the
        cells of a trace are a part of an earlier history over that dependency, and would be taken for all of it.
        """
        source, results = source or self.source, tuple(results)
        before = {key: how for key, how in source.searched.items() if searched is None or key.over is None}
        return document_of(
            results,
            releases=source.releases,
            claims=self._plan.claims_of(result.scenario for result in results),
            searched={**before, **(searched or {})},
        )

    def results(self, *, published: bool = False) -> tuple[CellResult, ...]:
        """Return the newest stored results: of the selected cells, or of all where the call selects none.

        Controls come with the cells that they stand beside. Each result has the expectation of this call. The order of
        the results does not depend on the order in which they were made.

        Args:
            published: read the published report where nothing is stored and the call names no place, and report that.

        Raises:
            UsageError: there are no such results.

        """
        plan = self._plan
        if published and plan.options.results == RESULTS and not self.source.latest() and PUBLISHED.is_file():
            self.source = sources.published()
            plan.tell(f"no results in {RESULTS}: this is the published report, as it was measured elsewhere before")
        wanted = {cell.id for cell in plan.cells} if plan.options.narrows else None
        found = [one for one in self.source.latest() if (self._is_meant(one) if wanted is None else one.base in wanted)]
        if not found:
            raise self._nothing()
        return tuple(plan.expecting(result) for result in sorted(found, key=order_of))

    def one(self, name: str) -> CellResult:
        """Return the newest stored result of the one cell that the id or glob names.

        Raises:
            UsageError: none or several match.

        """
        first, *others = self.some(name)
        if others:
            named = ", ".join(result.id for result in (first, *others[:4]))
            raise UsageError(f"several stored cells match '{name}'; name one: {named}")
        return first

    def some(self, name: str) -> tuple[CellResult, ...]:
        """Return the newest stored results of the cells that the id or glob names, in the order of tables.

        Raises:
            UsageError: none matches.

        """
        stored = {result.id: result for result in self.source.latest()}
        matching = [stored[name]] if name in stored else [stored[i] for i in fnmatch.filter(stored, name)]
        if not matching:
            raise UsageError(f"no stored cell in {self._plan.options.results} is '{name}'; {nearest(name, stored)}")
        return tuple(sorted(matching, key=order_of))

    def trials_of(self, result: CellResult) -> list[tuple[Evidence, Judgement | None]]:
        """Return the evidence of a result, trial by trial, each with its judgement; None without the scenario."""
        loaded = self._plan.scenarios.get(result.scenario)
        return [(one, judge(loaded.scenario, one) if loaded else None) for one in self.source.evidence_of(result)]

    def assessed(self) -> Document:
        """Return the document that claims are assessed by: the most complete history at hand of each series.

        A series that the call means counts with all of its releases: a claim is not about some of them. The published
        report is read beside the stored results, unless the call names a place for its results.

        Raises:
            UsageError: there are no results of the selection.

        """
        options = self._plan.options
        wanted = {cell.key for cell in self._plan.cells} if options.narrows else None
        found = self._whole_series(self.source, wanted)
        if options.results == RESULTS and (PUBLISHED.is_file() or not found.cells):
            found = most_complete(found, self._whole_series(sources.published(), wanted))
        if not found.cells:
            raise self._nothing()
        return found

    def _whole_series(self, source: ReadResults, wanted: set[SeriesKey] | None) -> Document:
        plan = self._plan
        found = [one for one in source.latest() if (wanted is None or one.key in wanted) and self._is_meant(one)]
        try:
            return self.document([plan.expecting(one) for one in sorted(found, key=order_of)], source=source)
        except InvalidVersion as error:
            raise UsageError(f"{plan.options.results} names a release that is none: {error}") from None

    def _is_meant(self, result: CellResult) -> bool:
        """Whether a result is of a scenario that the call names; a call without names means unknown ones, too."""
        plan = self._plan
        is_unknown = not plan.options.names and result.scenario not in plan.scenarios
        return is_unknown or result.scenario in plan.scenario_names()

    def _nothing(self) -> UsageError:
        where = self._plan.options.results
        return UsageError(f"no stored results of that selection in {where}; 'harness run' makes them")
