"""From what a call says to the cells it means: the same for the command line and for pytest."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
import platformdirs

from harness.analysis.document import document_of
from harness.environments import index, local, own_platform, settings
from harness.environments.uv import Uv
from harness.errors import UsageError, nearest
from harness.execution import catalog
from harness.execution.journal import Journal
from harness.execution.keeper import Kept
from harness.execution.laboratory import Laboratory, Settings
from harness.execution.published import Published
from harness.model import matrix as matrices
from harness.model.release import WORDS
from harness.model.result import CellResult, order_of, result_of
from harness.model.shard import costs_of, part_of
from harness.model.verdict import Judgement, Verdict
from harness.report import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.analysis.document import Document, Searched
    from harness.analysis.series import Key
    from harness.execution.catalog import LoadedScenario
    from harness.model.cell import Cell
    from harness.model.matrix import Matrix, Server
    from harness.model.release import Release
    from harness.model.scenario import Claim
    from harness.model.shard import Shard

RESULTS = Path(".harness")
PUBLISHED = catalog.bundled("reports") / "measured.json"
_SERVER = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*?)\s*(?P<spec>(?:[<>=!~]=?|===).*)?")


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
    shard: Shard | None = None
    costs: Path | None = None

    @property
    def narrows(self) -> bool:
        """Whether the call names cells more closely than by scenario."""
        return bool(self.matrix or self.servers or self.pythons or self.platforms or self.cells or self.shard)

    @property
    def cache(self) -> Path:
        """The user cache folder; ``HARNESS_CACHE`` in the environment names another."""
        return Path(os.environ.get("HARNESS_CACHE") or platformdirs.user_cache_dir("harness", appauthor=False))


def split(values: Sequence[str]) -> tuple[str, ...]:
    """Read ``--python 3.8,3.12`` and repetitions of the option alike."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


class Plan:
    """The cells that a call means, with all it takes to execute or show them."""

    def __init__(self, options: Options) -> None:
        """Load the scenarios and the matrix, and select.

        Raises:
            UsageError: something that the call names does not exist, or nothing is left.

        """
        settings.load()  # a mistake in them is told before anything starts
        self.options = options
        self.scenarios = load_scenarios(options)
        self.matrix = load_matrix(options.matrix)
        self.source = _source(options.results, where="--results")
        self._asked: set[str] = set()

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
        """The selected cells; of a shard its own, which may be none."""
        chosen = self.select(servers=self.options.servers, cells=self.options.cells)
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
        scenarios = {name: loaded.scenario for name, loaded in self.scenarios.items()}
        return costs_of(cells, scenarios, {result.id: result for result in results})

    def select(self, *, servers: Sequence[str], cells: Sequence[str]) -> tuple[Cell, ...]:
        """Return the cells of the matrix by these servers and globs, and by all else that the call says."""
        options = self.options
        matrices.refuse_unknown(options.pythons, matrices.PYTHONS, what="Python", where="--python")
        for platform in options.platforms:
            matrices.check_platform(platform, where="--platform")
        selection = matrices.Selection(
            scenarios=options.names,
            servers=tuple(self._server(spec) for spec in servers),
            pythons=options.pythons,
            platforms=options.platforms,
            cells=tuple(cells),
        )
        return matrices.cells_of(
            self.matrix,
            selection,
            scenarios={name: loaded.scenario for name, loaded in self.scenarios.items()},
            releases_of=self._releases_of,
            own_python=f"{sys.version_info[0]}.{sys.version_info[1]}",
            own_platform=own_platform(),
        )

    @property
    def claims(self) -> dict[str, Claim]:
        """The claims of the scenarios that have one, by scenario."""
        loaded = ((name, one.scenario.claim) for name, one in self.scenarios.items())
        return {name: claim for name, claim in loaded if claim}

    def keep_releases(self) -> None:
        """Keep what is known of the releases that cells were selected from beside the results."""
        self.journal.know({subject: self.listed(subject) for subject in self._asked})

    def document(self, results: Iterable[CellResult], searched: Mapping[Key, Searched] | None = None) -> Document:
        """Return the document of some results, with their histories and claims."""
        return document_of(
            results,
            releases=self.source.releases,
            claims=self.claims,
            searched={**self.source.searched, **(searched or {})},
        )

    def scenario_names(self) -> tuple[str, ...]:
        """Return the ids of the scenarios that the call names, or of all.

        Raises:
            UsageError: it names one that does not exist.

        """
        matrices.refuse_unknown(self.options.names, self.scenarios, what="scenario", where="the call")
        return self.options.names or tuple(self.scenarios)

    def stored(self, *, published: bool = False) -> tuple[CellResult, ...]:
        """Return the newest stored results: of the selected cells, or of all where the call selects none.

        Controls come with the cells that they stand beside. What is expected is what is expected now. Their order
        does not tell in which one they were made.

        Args:
            published: where nothing is stored, take the published report's.

        Raises:
            UsageError: there is none.

        """
        options = self.options
        if published and not self.source.latest() and options.results == RESULTS:
            self.source = Published(PUBLISHED, where="the published report")
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
        return tuple(self._expecting(result) for result in sorted(found, key=order_of))

    def _expecting(self, result: CellResult) -> CellResult:
        """Return the result with what its scenario expects now."""
        loaded = self.scenarios.get(result.scenario)
        if loaded is None or result.control:
            return result
        expected = loaded.scenario.expects(
            variant=result.variant, version=result.version, python=result.python, platform=result.platform
        )
        return msgspec.structs.replace(result, expected=expected)

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
        return result_of(cell, self.scenarios[cell.scenario].scenario, judgement)

    def laboratory(self) -> Laboratory:
        """Return a laboratory for the cells."""
        options = self.options
        settings = Settings(cache=options.cache, rerun=options.rerun)
        return Laboratory(scenarios=self.scenarios, journal=self.journal, settings=settings)

    def _server(self, spec: str) -> Server:
        """Read one ``--server`` option."""
        if local.is_local(spec):
            name, _ = self._local(spec)
            return matrices.Server(subject=name, spec=spec)
        match = _SERVER.fullmatch(spec.strip())
        if match is None:
            message = f"--server: '{spec}' is neither like 'uvicorn==0.27.0' nor a local project"
            raise UsageError(message)
        subjects = {loaded.scenario.subject for loaded in self.scenarios.values()}
        matrices.refuse_unknown([match["name"]], subjects, what="subject", where="--server")
        wanted = match["spec"] or "latest"
        word = wanted.removeprefix("==").strip()
        return matrices.Server(subject=match["name"], spec=word if word in WORDS else wanted)

    def _releases_of(self, subject: str, spec: str) -> Sequence[Release]:
        if local.is_local(spec):
            name, release = self._local(spec)
            return (release,) if name == subject else ()
        return self.listed(subject)

    @functools.cache  # noqa: B019 - a plan lives as long as its call
    def listed(self, subject: str) -> Sequence[Release]:
        """Return all releases of a subject that the index knows."""
        self._asked.add(subject)
        return index.releases_of(subject, cache=self.options.cache)

    @functools.cache  # noqa: B019 - a plan lives as long as its call
    def _local(self, spec: str) -> tuple[str, Release]:
        with Kept() as kept:
            uv = Uv(mark=kept.mark, temporary=kept.folder)
            return local.release_of(spec, cache=self.options.cache, uv=uv, where="--server")


def _source(results: Path, *, where: str) -> Journal | Published:
    try:
        is_document = results.is_file()
    except OSError as error:  # its name is too long, or leads where this user may not look
        raise UsageError(f"{where}: {str(results)[:200]} cannot be read: {error.strerror}") from None
    return Published(results, where=where) if is_document else Journal(results, tell=_tell)


def _tell(line: str) -> None:
    """Say on standard error what does not hold in a results folder and does not count."""
    click.echo(clean.line(line), err=True)


def load_scenarios(options: Options) -> dict[str, LoadedScenario]:
    """Load the project's own scenarios and those of every folder that the call names."""
    return catalog.load([catalog.bundled("scenarios"), *options.scenarios])


def load_matrix(path: Path | None) -> Matrix:
    """Read a matrix file, the project's default one where none is named; a bare name is one of the project's.

    Raises:
        UsageError: there is no such file, or it is not a matrix.

    """
    own = catalog.bundled("matrices")
    path = path or own / "seeds.toml"
    if not path.is_file() and (own / path.name).is_file() and len(path.parts) <= 2:  # noqa: PLR2004 - matrices/NAME
        path = own / path.name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(sorted(file.name for file in own.glob("*.toml")))
        message = f"--matrix: {path} cannot be read ({error}); the project's own are {names}"
        raise UsageError(message) from None
    return matrices.parse(text, name=str(path))
