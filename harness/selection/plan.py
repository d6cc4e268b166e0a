"""From what a call says to the cells it means: the same for the command line and for pytest."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import platformdirs

from harness import escaping
from harness.analysis.document import document_of
from harness.catalog import loading
from harness.environments import settings
from harness.errors import EmptySelectionError, UsageError, nearest
from harness.execution.laboratory import Laboratory, Settings
from harness.model.platforms import check_platform, check_pythons, own_platform
from harness.model.result import CellResult, expecting, order_of, result_of
from harness.model.verdict import Judgement, Verdict
from harness.results.journal import Journal
from harness.results.published import Published
from harness.selection import globs
from harness.selection import matrix as matrices
from harness.selection.available import Available
from harness.selection.shard import costs_of, part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.analysis.document import Document, Searched
    from harness.analysis.series import Key
    from harness.catalog.loading import Catalog
    from harness.model.cell import Cell
    from harness.model.scenario import Claim
    from harness.selection.matrix import Matrix
    from harness.selection.shard import Shard

RESULTS = Path(".harness")
_MOST_OF_A_MATRIX = 1024 * 1024
PUBLISHED = loading.bundled("reports") / "measured.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """All that a call can say about which cells it means and how they are executed."""

    names: tuple[str, ...] = ()
    matrix: Path | None = None
    servers: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    scenarios: tuple[Path, ...] = ()
    results: Path = RESULTS
    trials: int = 1
    rerun: bool = False
    absent: bool = False
    shard: Shard | None = None
    costs: Path | None = None

    @property
    def narrows(self) -> bool:
        """Whether the call names cells more closely than by scenario."""
        return bool(self.matrix or self.servers or self.pythons or self.platforms or self.cells or self.shard)

    @property
    def cache(self) -> Path:
        """The user cache folder; ``HARNESS_CACHE`` in the environment names another.

        Raises:
            UsageError: something else is in its place.

        """
        path = Path(os.environ.get("HARNESS_CACHE") or platformdirs.user_cache_dir("harness", appauthor=False))
        if path.exists() and not path.is_dir():
            message = f"the cache folder {path} is not a folder; remove what is there, or name another by HARNESS_CACHE"
            raise UsageError(message)
        return path


def split(values: Sequence[str]) -> tuple[str, ...]:
    """Read ``--python 3.8,3.12`` and repetitions of the option alike."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


class Plan:
    """The cells that a call means, with all it takes to execute or show them."""

    def __init__(self, options: Options, scenarios: Catalog | None = None) -> None:
        """Find the scenarios, unless they are given, load the matrix, and select.

        Raises:
            UsageError: something that the call names does not exist, or nothing is left.

        """
        settings.load()  # a mistake in them is told before anything starts
        self.options = options
        self.scenarios = load_scenarios(options) if scenarios is None else scenarios
        self.matrix = load_matrix(options.matrix)
        self.source = _source(options.results, where="--results")
        self.remarks: dict[str, None] = {}  # lines for the user, each once: what was left out, what was read instead
        self.available = Available(set(self.scenarios.subjects.values()), cache=options.cache)

    @property
    def journal(self) -> Journal:
        """The results folder, to write to.

        Raises:
            UsageError: the call names a document in its place.

        """
        if isinstance(self.source, Published):
            message = f"--results: {self.options.results} is a document, which can be read; to run, name a folder"
            raise UsageError(message)
        return self.source

    @functools.cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The selected cells; of a shard its own, which may be none.

        Raises:
            UsageError: something that the call names does not exist, nothing is left, or machines would divide it
                differently.

        """
        chosen = self.select(cells=self.options.cells)
        if self.options.shard and self.available.platforms:
            message = (
                "--shard: name the Pythons by --python; which is the newest one here differs from machine to machine"
            )
            raise UsageError(message)
        return part_of(chosen, self.options.shard, self.costs(chosen)) if self.options.shard else chosen

    def costs(self, cells: Iterable[Cell]) -> dict[Cell, int]:
        """Return what a trial of each cell costs, in milliseconds, by the results that the call names for it."""
        named = self.options.costs
        return self._costs(cells, _source(named, where="--costs").latest() if named else ())

    def known_costs(self, cells: Mapping[Cell, int]) -> dict[Cell, int]:
        """Return what so many trials of each cell take, in milliseconds, by what this results folder has recorded."""
        trial = self._costs(cells, self.journal.latest())
        return {cell: trials * trial[cell] for cell, trials in cells.items()}

    def _costs(self, cells: Iterable[Cell], results: Iterable[CellResult]) -> dict[Cell, int]:
        return costs_of(cells, self.scenarios.declared, {result.id: result for result in results})

    def select(self, *, cells: Sequence[str], every: bool = False, prereleases: bool = False) -> tuple[Cell, ...]:
        """Return the cells of the matrix by these globs, and by all else that the call says.

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
            tell=self.tell,
        )
        chosen = matrices.cells_of(self.matrix, selection, known)
        for line in self.available.left_out():
            self.tell(line)
        return chosen

    def tell(self, line: str) -> None:
        """Note a line for the user, once."""
        self.remarks[line] = None

    def _own(self) -> tuple[str, ...]:
        """Return the scenarios of the folders that the call names, all of which it means where it names no other."""
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
        """Return how many trials a cell is to have: as many as are asked for, or more where the scenario needs more."""
        loaded = self.scenarios.get(scenario)
        return max(asked, getattr(loaded.scenario.combine, "trials", 1)) if loaded else asked

    def claims_of(self, names: Iterable[str]) -> dict[str, Claim]:
        """Return the claims of the scenarios that have one, by scenario; of those at hand."""
        claims = ((name, self.scenarios[name].scenario.claim) for name in set(names) if name in self.scenarios)
        return {name: claim for name, claim in claims if claim}

    def keep_releases(self) -> None:
        """Keep what is known of the releases that cells were selected from beside the results."""
        self.journal.know({subject: self.available.listed(subject) for subject in self.available.asked})

    def document(
        self,
        results: Iterable[CellResult],
        searched: Mapping[Key, Searched] | None = None,
        *,
        source: Journal | Published | None = None,
    ) -> Document:
        """Return the document of some results of a source, the call's own by default, with histories and claims."""
        source, results = source or self.source, tuple(results)
        return document_of(
            results,
            releases=source.releases,
            claims=self.claims_of(result.scenario for result in results),
            searched={**source.searched, **(searched or {})},
        )

    def scenario_names(self) -> tuple[str, ...]:
        """Return the ids of the scenarios that the call's names and globs mean, or of all.

        Raises:
            UsageError: one of them means no scenario.

        """
        return globs.chosen(self.options.names, self.scenarios.subjects, where="the call") or tuple(self.scenarios)

    def stored(self, *, published: bool = False) -> tuple[CellResult, ...]:
        """Return the newest stored results: of the selected cells, or of all where the call selects none.

        Controls come with the cells that they stand beside. What is expected is what is expected now. Their order
        does not tell in which one they were made.

        Args:
            published: where nothing is stored and no place is named, they are the published report's; that is told.

        Raises:
            UsageError: there is none.

        """
        options = self.options
        if published and options.results == RESULTS and not self.source.latest() and PUBLISHED.is_file():
            self.source = Published(PUBLISHED, where="the published report")
            self.tell(f"no results in {RESULTS}: this is the published report, as it was measured elsewhere before")
        if options.narrows:
            wanted = {cell.id for cell in self.cells}
            found = [result for result in self.source.latest() if result.base in wanted]
        else:
            names = self.scenario_names()
            found = [
                result
                for result in self.source.latest()
                if result.scenario in names or (not options.names and result.scenario not in self.scenarios)
            ]
        if not found:
            message = f"no stored results of that selection in {options.results}; 'harness run' makes them"
            raise UsageError(message)
        return tuple(self.expecting(result) for result in sorted(found, key=order_of))

    def expecting(self, result: CellResult) -> CellResult:
        """Return a result with what this call expects of it, now."""
        loaded = self.scenarios.get(result.scenario)
        return expecting(result, loaded.scenario, absent=self.options.absent) if loaded else result

    def published(self, path: Path | None = None) -> Document:
        """Return the document that the call names, or the published report."""
        return Published(path or PUBLISHED, where="--since" if path else "the published report").document

    def stored_cell(self, name: str) -> CellResult:
        """Return the newest stored result of the one cell that the id or glob names.

        Raises:
            UsageError: none or several match.

        """
        stored = {result.id: result for result in self.source.latest()}
        matching = [stored[name]] if name in stored else [stored[i] for i in fnmatch.filter(stored, name)]
        if len(matching) == 1:
            return matching[0]
        hint = ", ".join(result.id for result in matching[:5]) if matching else nearest(name, stored)
        count = "several stored cells match" if matching else f"no stored cell in {self.options.results} is"
        message = f"{count} '{name}'; {hint}"
        raise UsageError(message)

    def not_run(self, cell: Cell) -> CellResult:
        """Return the result of a planned cell that was not executed."""
        judgement = Judgement(verdict=Verdict.NOT_RUN, reason="the run was interrupted before this cell had ended")
        return self.expecting(result_of(cell, self.scenarios[cell.scenario].scenario, judgement))

    def laboratory(self) -> Laboratory:
        """Return a laboratory for the cells."""
        options = self.options
        settings = Settings(cache=options.cache, rerun=options.rerun)
        return Laboratory(scenarios=self.scenarios, journal=self.journal, settings=settings)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _source(results: Path, *, where: str) -> Journal | Published:
    try:
        is_document = results.is_file()
    except OSError as error:  # its name is too long, or leads where this user may not look
        raise UsageError(f"{where}: {str(results)[:200]} cannot be read: {error.strerror}") from None
    return Published(results, where=where) if is_document else Journal(results, tell=_tell)


def _tell(line: str) -> None:
    """Say on standard error what does not hold in a results folder and does not count."""
    click.echo(escaping.line(line), err=True)


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
