"""From the options of a call to the cells that it means: the same for the command line and for pytest."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING

from harness.catalog import loading
from harness.environments import settings
from harness.errors import EmptySelectionError, UsageError
from harness.model.moment import RELEASE, moment_of
from harness.model.platforms import check_platform, check_pythons, own_platform
from harness.model.result import CellResult, expecting, result_of
from harness.model.task import DatedRequirement, Task
from harness.model.verdict import Judgement, Verdict
from harness.selection import globs
from harness.selection import matrix as matrices
from harness.selection.shard import costs_of, part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.catalog.loading import Catalog
    from harness.model.cell import Cell
    from harness.model.claim import Claim
    from harness.model.scenario import Companion
    from harness.selection.available import Available
    from harness.selection.matrix import Matrix
    from harness.selection.options import Options

_MOST_OF_A_MATRIX = 1024 * 1024
_MOST_NAMED = 10  # failures in one line


class Plan:
    """The cells that a call means, with their costs, tasks, claims and expectations; no stored result is read here."""

    def __init__(self, options: Options, scenarios: Catalog | None = None) -> None:
        """Find the scenarios, unless they are given, and load the matrix.

        Raises:
            UsageError: something that the call names does not exist.

        """
        settings.load()  # a mistake in the settings is reported before anything starts
        self.options = options
        self.scenarios = load_scenarios(options) if scenarios is None else scenarios
        self.matrix = load_matrix(options.matrix)
        self.today = dt.datetime.now(dt.UTC).date()  # asked once, so that all of a call is resolved as of one moment
        self.remarks: dict[str, None] = {}  # lines for the user, each once: what was left out, what was read instead

    @functools.cached_property
    def available(self) -> Available:
        """What the cells are selected from."""
        from harness.selection.available import Available  # noqa: PLC0415 - a call that selects nothing asks nobody

        return Available(set(self.scenarios.subjects.values()), cache=self.options.cache)

    @functools.cached_property
    def documented(self) -> dict[str, tuple[Claim, ...]]:
        """What documents say about each failure: those of the project, and those of each folder that the call names.

        Raises:
            UsageError: a document is not what `harness.claims.documents` says.

        """
        from harness.claims import documents  # noqa: PLC0415 - many calls need no claim

        own = [place / documents.FOLDER for place in self.options.scenarios]
        return documents.claims_in([loading.bundled("claims"), *own])

    @functools.cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The selected cells, or those of the call's shard, which may be none.

        Raises:
            UsageError: something that the call names does not exist, no cell is left, or machines would divide the
                selection differently.

        """
        chosen = self.select(cells=self.options.cells)
        if self.options.shard and self.available.platforms:
            message = (
                "--shard: name the Pythons by --python; which is the newest one here differs from machine to machine"
            )
            raise UsageError(message)
        return part_of(chosen, self.options.shard, self.costs(chosen)) if self.options.shard else chosen

    def costs(self, cells: Iterable[Cell]) -> dict[Cell, int]:
        """Return what a trial of each cell costs, in milliseconds, by the results that ``--costs`` names."""
        named = self.options.costs
        if named is None:
            return self.costs_by(cells, ())
        from harness.results import sources  # noqa: PLC0415 - most calls name none

        return self.costs_by(cells, sources.reading(named, where="--costs").latest())

    def costs_by(self, cells: Iterable[Cell], results: Iterable[CellResult]) -> dict[Cell, int]:
        """Return what a trial of each cell costs, in milliseconds, by what these results have recorded."""
        return costs_of(cells, self.scenarios.declared, {result.id: result for result in results})

    def select(self, *, cells: Sequence[str], every: bool = False, prereleases: bool = False) -> tuple[Cell, ...]:
        """Return the cells of the matrix that these globs, and all other options of the call, select.

        Args:
            cells: globs, none for all.
            every: every release of each row's subject in place of the row's own.
            prereleases: with ``every``, pre-releases too.

        """
        options = self.options
        check_pythons(options.pythons, where="--python")
        for platform in options.platforms:
            check_platform(platform, where="--platform")
        selection = matrices.Selection(
            scenarios=self.scenario_names() if options.names else self._own(),
            servers=tuple(self.available.server(spec) for spec in options.servers),
            pythons=options.pythons,
            platforms=options.platforms,
            moments=options.moments,
            cells=tuple(cells),
            every=every,
            prereleases=prereleases,
        )
        self._refuse_other_subjects(selection)
        known = matrices.Known(
            scenarios=self.scenarios.declared,
            subjects=self.scenarios.subjects,
            releases_of=self.available.releases_of,
            pythons_on=self.available.pythons_on,
            own_platform=own_platform(),
            claims_of=lambda name: self.claims_of([name])[name],
            today=self.today,
            tell=self.tell,
        )
        chosen = matrices.cells_of(self.matrix, selection, known)
        for line in self.available.left_out():
            self.tell(line)
        return chosen

    @property
    def days(self) -> frozenset[str | None]:
        """The days of the call's moments, None for the releases' own.

        Raises:
            UsageError: one of them is no moment.

        """
        found = matrices.moments(self.options.moments or (RELEASE,), today=self.today, where="--as-of")
        return frozenset(moment.date().isoformat() if moment else None for moment in found)

    def tell(self, line: str) -> None:
        """Note a line for the user, once."""
        self.remarks[line] = None

    def _own(self) -> tuple[str, ...]:
        """Return the scenarios of the call's own folders, which a call without names means; none with a matrix."""
        own = tuple(name for name, module in self.scenarios.modules.items() if not loading.is_bundled(module))
        return () if self.options.matrix else own

    def _refuse_other_subjects(self, selection: matrices.Selection) -> None:
        """Refuse a ``--server`` that no selected scenario is about."""
        names = selection.scenarios or tuple(self.scenarios)
        subjects = {self.scenarios.subjects[name] for name in names}
        for server in selection.servers:
            if server.subject not in subjects:
                which = f"none of {', '.join(names)}" if selection.scenarios else "no scenario"
                are = f"the subject is {subjects.pop()}" if len(subjects) == 1 else f"subjects are {_listed(subjects)}"
                message = f"--server: {which} is about '{server.subject}'; {are}"
                raise EmptySelectionError(message)

    def trials_of(self, scenario: str, asked: int) -> int:
        """Return how many trials a cell is to have: ``asked``, or more where the scenario needs more."""
        loaded = self.scenarios.get(scenario)
        return max(asked, getattr(loaded.scenario.combine, "trials", 1)) if loaded else asked

    def task(self, cell: Cell, trials: int | None = None) -> Task:
        """Return the task of a cell; without ``trials``, of as many trials as the call and the scenario ask for."""
        loaded = self.scenarios[cell.scenario]
        beside = loaded.scenario.variant(cell.variant).beside(cell.release.version)
        return Task(
            cell=cell,
            scenario=loaded.closure.trial,
            companions=tuple(self._dated(one) for one in beside),
            trials=trials or self.trials_of(cell.scenario, self.options.trials),
        )

    def claims_of(self, names: Iterable[str]) -> dict[str, tuple[Claim, ...]]:
        """Return what is claimed about these failures, by id: by documents, then by the scenario if that is at hand."""
        return {name: (*self.documented.get(name, ()), *self._claims_in(name)) for name in set(names)}

    def _claims_in(self, name: str) -> tuple[Claim, ...]:
        return self.scenarios[name].scenario.claims if name in self.scenarios else ()

    def tell_unwritten(self) -> None:
        """Note the failures that documents speak of and no scenario reproduces, unless the call names scenarios."""
        unwritten = sorted(self.documented.keys() - self.scenarios.keys())
        if unwritten and not self.options.names:
            named = ", ".join(unwritten[:_MOST_NAMED])
            more = f" and {len(unwritten) - _MOST_NAMED} more" if len(unwritten) > _MOST_NAMED else ""
            self.tell(f"documents speak of failures that no scenario here reproduces: {named}{more}")

    def _dated(self, companion: Companion) -> DatedRequirement:
        """Return a companion as of the moment that its scenario declares, on the day of this call.

        Raises:
            UsageError: the moment is a day that has not begun.

        """
        what = f"as_of of the companion '{companion.requirement}'"
        try:
            moment = moment_of(companion.as_of, today=self.today, what=what)
        except ValueError as error:
            raise UsageError(str(error)) from None
        return DatedRequirement(requirement=companion.requirement, as_of=moment)

    def scenario_names(self) -> tuple[str, ...]:
        """Return the ids of the scenarios that the call's names and globs mean, or of all.

        Raises:
            UsageError: a name or a glob means no scenario.

        """
        return globs.chosen(self.options.names, self.scenarios.subjects, where="the call") or tuple(self.scenarios)

    def expecting(self, result: CellResult) -> CellResult:
        """Return a result with what this call expects of it."""
        loaded = self.scenarios.get(result.scenario)
        return expecting(result, loaded.scenario, absent=self.options.absent) if loaded else result

    def not_run(self, cell: Cell) -> CellResult:
        """Return the result of a planned cell that was not executed."""
        judgement = Judgement(verdict=Verdict.NOT_RUN, reason="the run was interrupted before this cell had ended")
        return self.expecting(result_of(cell, self.scenarios[cell.scenario].scenario, judgement))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def load_scenarios(options: Options) -> Catalog:
    """Find the project's own scenarios and those of every folder that the call names."""
    return loading.load([loading.bundled("scenarios"), *options.scenarios])


def load_matrix(path: Path | None) -> Matrix:
    """Read a matrix file, the project's default one where none is named; a bare name is one of the project's.

    Raises:
        UsageError: there is no such file, or it is not a matrix.

    """
    own = loading.bundled("matrices")
    path = path or own / "seeds.toml"
    if not path.is_file() and (own / path.name).is_file() and len(path.parts) <= 2:  # noqa: PLR2004 - matrices/NAME
        path = own / path.name
    try:
        text = _text_of(path)
    except (OSError, ValueError) as error:
        names = ", ".join(sorted(file.name for file in own.glob("*.toml")))
        message = f"--matrix: {path} cannot be read ({error}); the project's own are {names}"
        raise UsageError(message) from None
    return matrices.parse(text, name=str(path))


def _text_of(path: Path) -> str:
    """Read a file that a person wrote: it may be a device, or a pipe, and has a bound."""
    with path.open("rb") as file:
        content = file.read(_MOST_OF_A_MATRIX + 1)
    if len(content) > _MOST_OF_A_MATRIX:
        raise ValueError(f"more than {_MOST_OF_A_MATRIX} bytes")
    return content.decode()
