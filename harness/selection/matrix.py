"""A matrix: strict data that names scenarios, releases, Pythons and platforms; and the cells that it stands for.

The file is TOML, a list of ``[[cells]]`` tables. The platform ``docker`` in it stands for ``docker:IMAGE``, where IMAGE
is what the table ``[pythons]`` has for the Python of the cell:

    [pythons]
    "3.8" = "python:3.8-slim"

A row names scenarios by their ids or by globs, see `harness.selection.globs`.

``as_of`` names the moments that environments are resolved as of, a value or a list: ``release`` (where a row names
none), ``today``, or a day such as ``2024-05-01``.

A row without ``pythons`` runs each release on the Pythons that its scenario names for the release's era, else on the
newest Python of the platform that the release allows; so does a row whose releases ``--server`` replaces.

An unknown key, scenario, variant or platform, a text that is no Python, a specifier that names no release, and a
selection that leaves no cell are errors that say where and offer the nearest valid names. A claim that names a release
that does not exist is the document's mistake: its cells are left out, and that is reported.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import fnmatch
import functools
import itertools
import re
import tomllib
from typing import TYPE_CHECKING, TypeVar

import msgspec
from packaging.version import Version

from harness.errors import EmptySelectionError, UsageError, nearest, refuse_unknown
from harness.model.cell import Cell
from harness.model.claim import Claim
from harness.model.moment import RELEASE, check_moment, moment_of
from harness.model.platforms import BY_PYTHON, CONTAINER, check_platform, check_pythons
from harness.model.recipe import usual_at
from harness.model.release import CLAIMED, ClaimedReleaseError, minor_of, select
from harness.selection import globs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from harness.model.release import Release
    from harness.model.scenario import Scenario


T = TypeVar("T")


class CellsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[cells]]`` table: the product of its lists.

    ``as_of`` holds moments, by default the release's own.

    ``scenarios`` are ids and globs. Without ``variants``, all variants of each scenario count. Without ``pythons``,
    each release runs on the Pythons that the rule of this module gives for it.
    """

    scenarios: tuple[str, ...]
    releases: tuple[str, ...]
    platforms: tuple[str, ...]
    pythons: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    as_of: tuple[str, ...] = ()


class Matrix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole matrix file, with its name in messages."""

    cells: tuple[CellsTable, ...]
    pythons: dict[str, str] = {}
    name: str = "matrix"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerOption:
    """One ``--server`` option: a subject, and a specifier as in a matrix."""

    subject: str
    spec: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """What a call asks for: names and globs narrow the matrix; servers, pythons, platforms, moments replace its axes.

    With ``every`` each row means every release of its subject, pre-releases only with ``prereleases``.
    """

    scenarios: tuple[str, ...] = ()
    servers: tuple[ServerOption, ...] = ()
    pythons: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    every: bool = False
    prereleases: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Known:
    """What cells are selected from.

    Attributes:
        scenarios: every known scenario by id; only the selected ones are looked up, since looking one up loads it.
        subjects: the subject of every known scenario, by id.
        releases_of: returns the releases of a subject that a specifier chooses from; asked only for selected subjects.
        pythons_on: returns the Pythons that a platform has here, newest first, at least one, with the patch version
            where that is known (``3.8.18``).
        own_platform: the platform of a row that names none.
        claims_of: returns what documents say about a scenario.
        today: the day of the call, in UTC.
        tell: takes a line about what had to be left out.

    """

    scenarios: Mapping[str, Scenario]
    subjects: Mapping[str, str]
    releases_of: Callable[[str, str], Sequence[Release]]
    pythons_on: Callable[[str], Sequence[str]]
    own_platform: str
    claims_of: Callable[[str], Sequence[Claim]]
    today: dt.date
    tell: Callable[[str], None] = lambda _line: None


def parse(text: str, *, name: str) -> Matrix:
    """Read a matrix from TOML; ``name`` is the file, for messages.

    Raises:
        UsageError: the text is not TOML, or a key or value is not known.

    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{name}: not valid TOML: {error}"
        raise UsageError(message) from None
    _refuse_unknown_keys(data, ("cells", "pythons"), where=name)
    entries = data.get("cells", ())
    for number, entry in enumerate(entries if isinstance(entries, list) else (), start=1):
        if isinstance(entry, dict):
            _refuse_unknown_keys(entry, CellsTable.__struct_fields__, where=f"{name}: [[cells]] number {number}")
            if "as_of" in entry:
                entry["as_of"] = _moments(entry["as_of"])
    try:
        matrix = msgspec.convert({**data, "name": name}, Matrix)
    except msgspec.ValidationError as error:
        where = re.sub(r"\$\.cells\[(\d+)\]", lambda match: f"[[cells]] number {int(match[1]) + 1}", str(error))
        raise UsageError(f"{name}: {where}") from None
    check_pythons(matrix.pythons, where=f"{name}: [pythons]")
    _check_entries(matrix, data["cells"])
    return matrix


def _check_entries(matrix: Matrix, given: Sequence[Mapping[str, object]]) -> None:
    """Refuse an empty list, and a Python, a platform or a moment that is none; ``given`` are the tables as written."""
    for number, entry in enumerate(matrix.cells, start=1):
        where = f"{matrix.name}: [[cells]] number {number}"
        for key in ("scenarios", "releases", "pythons", "platforms", "as_of"):
            if not getattr(entry, key) and key in given[number - 1]:
                message = f"{where}: {key}: the list is empty"
                raise UsageError(message)
        check_pythons(entry.pythons, where=f"{where}: pythons")
        for platform in entry.platforms:
            check_platform(platform, where=f"{where}: platforms")
        for moment in entry.as_of:
            _checked(check_moment, moment, what=f"{where}: as_of")


def _moments(value: object) -> object:
    """Return moments as a list of texts: a single one may stand alone, and TOML has dates of its own."""
    listed = value if isinstance(value, list) else [value]
    return [one.isoformat() if type(one) is dt.date else one for one in listed]


def cells_of(matrix: Matrix, selection: Selection, known: Known) -> tuple[Cell, ...]:
    """Return the cells that a call selects from a matrix: each once, in the matrix's order.

    A scenario that is asked for by name and is not in the matrix gets a row of its own: the releases around its
    claim and the latest, on the machine's own platform.

    Raises:
        UsageError: a name is unknown, a specifier matches nothing, or no cell is left.

    """
    asked = globs.chosen(selection.scenarios, known.subjects, where="the call")
    found: dict[str, Cell] = {}
    for where, entry, names in _rows(matrix, asked, known):
        for name in names:
            if not asked or name in asked:
                row = _Row(matrix=matrix, entry=entry, scenario=known.scenarios[name], where=where)
                for cell in _expand(row, selection, known):
                    found.setdefault(cell.id, cell)
    chosen = tuple(
        cell
        for cell in found.values()
        if not selection.cells or any(fnmatch.fnmatchcase(cell.id, glob) for glob in selection.cells)
    )
    if not chosen:
        hint = nearest(selection.cells[0], found) if selection.cells and found else "see 'harness list --cells'"
        message = f"the selection leaves no cell of {matrix.name}; {hint}"
        raise EmptySelectionError(message)
    return chosen


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Row:
    """One scenario of one entry; ``where`` is the place of the entry, for messages."""

    matrix: Matrix
    entry: CellsTable
    scenario: Scenario
    where: str


def _rows(matrix: Matrix, asked: Sequence[str], known: Known) -> Iterator[tuple[str, CellsTable, tuple[str, ...]]]:
    """Yield the entries of the matrix, and one for each scenario that is asked for and is not in the matrix.

    Each entry comes with its place, for messages, and with the ids of its scenarios.
    """
    named: set[str] = set()
    for number, entry in enumerate(matrix.cells, start=1):
        where = f"{matrix.name}: [[cells]] number {number}"
        names = globs.chosen(entry.scenarios, known.subjects, where=f"{where}: scenarios")
        named.update(names)
        yield where, entry, names
    for missing in [name for name in asked if name not in named]:
        around = ("before-claimed", "claimed", "latest") if _fixes(missing, known) else ("latest",)
        own = CellsTable(scenarios=(missing,), releases=around, platforms=(known.own_platform,))
        yield f"scenario '{missing}'", own, (missing,)


def _expand(row: _Row, selection: Selection, known: Known) -> Iterator[Cell]:
    entry, scenario = row.entry, row.scenario
    variants = [variant.name for variant in scenario.variants]
    refuse_unknown(entry.variants, variants, what="variant", where=f"{row.where}: variants")
    where = "--as-of" if selection.moments else f"{row.where}: as_of"
    words = selection.moments or entry.as_of or (RELEASE,)
    recipes = [usual_at(moment) for moment in moments(words, today=known.today, where=where)]
    for platform in selection.platforms or entry.platforms:
        for python, release in _points(row, selection, known, platform):
            for variant, recipe in itertools.product(entry.variants or variants, recipes):
                yield Cell(
                    scenario=scenario.id,
                    variant=variant,
                    subject=scenario.subject,
                    release=release,
                    python=python,
                    platform=_platform(platform, python, row.matrix),
                    recipe=recipe,
                )


def moments(words: Iterable[str], *, today: dt.date, where: str) -> tuple[dt.datetime | None, ...]:
    """Return the moments (UTC) that words and days mean, None for the release's own.

    Raises:
        UsageError: one of them is no moment, or has not begun.

    """
    return tuple(_checked(functools.partial(moment_of, today=today), word, what=where) for word in words)


def _points(row: _Row, selection: Selection, known: Known, platform: str) -> Iterator[tuple[str, Release]]:
    """Yield the Pythons and releases of a row on a platform; a row's Pythons are for the row's own releases only."""
    for python in selection.pythons or (() if selection.servers else row.entry.pythons):
        for release in _releases(row, selection, known, python):
            yield python, release
    if not (selection.pythons or (row.entry.pythons and not selection.servers)):
        for release in _releases(row, selection, known, None):
            era = row.scenario.pythons_for(release.version)
            for python in era or (_newest(release, _here(row.matrix, known, platform)),):
                yield python, release


def _here(matrix: Matrix, known: Known, platform: str) -> Sequence[str]:
    """Return the Pythons of a platform, newest first; of ``docker`` those that the matrix has an image for."""
    imaged = [python for python, image in matrix.pythons.items() if platform in {BY_PYTHON, f"{CONTAINER}{image}"}]
    return sorted(imaged, key=Version, reverse=True) or known.pythons_on(platform)


def _newest(release: Release, here: Sequence[str]) -> str:
    """Return the newest Python here that the release allows; the newest one of all where the release allows none."""
    return minor_of(next((python for python in here if release.admits(python)), here[0]))


def _platform(platform: str, python: str, matrix: Matrix) -> str:
    """Return the platform of a cell; ``docker`` becomes the image that the matrix has for the Python."""
    if platform != BY_PYTHON:
        return platform
    if python not in matrix.pythons:
        have = f"it has {', '.join(matrix.pythons)}" if matrix.pythons else "it has none"
        message = f"{matrix.name}: [pythons] has no image of Python {python} for the platform 'docker'; {have}"
        raise UsageError(message)
    return f"{CONTAINER}{matrix.pythons[python]}"


def _releases(row: _Row, selection: Selection, known: Known, python: str | None) -> Iterator[Release]:
    """Yield the releases of one row on one Python, or on any where ``python`` is None; ``--server`` replaces them.

    ``claimed`` means what every document claims. A claim that names a release that does not exist leaves out its own
    cells, and no others.
    """
    subject = row.scenario.subject
    if selection.every:
        listed = known.releases_of(subject, "")
        yield from (one for one in listed if selection.prereleases or not one.parsed.is_prerelease)
        return
    specs = [server.spec for server in selection.servers if server.subject == subject]
    where = "--server" if selection.servers else f"{row.where}: releases"
    for spec in specs if selection.servers else row.entry.releases:
        listed = known.releases_of(subject, spec)
        claims = _fixes(row.scenario.id, known) if spec.strip() in CLAIMED else ()
        for claim in claims or (None,):
            try:
                yield from select(spec, listed, subject=subject, python=python, claim=claim, where=where)
            except ClaimedReleaseError as error:
                known.tell(f"{row.scenario.id}: {error}; its '{spec}' has no cell")


def _fixes(scenario: str, known: Known) -> tuple[Claim, ...]:
    """Return a claim for each release that documents call fixed, of the first document that does."""
    named: dict[str, Claim] = {}
    for claim in known.claims_of(scenario):
        for release in claim.fixes:
            named.setdefault(release, Claim(document=claim.document, fixed=release))
    return tuple(named.values())


def _checked(check: Callable[..., T], value: str, *, what: str) -> T:
    """Return what a check returns; its refusal becomes one of the call or the file that is wrong."""
    try:
        return check(value, what=what)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _refuse_unknown_keys(data: Mapping[str, object], valid: Sequence[str], *, where: str) -> None:
    for key in data:
        if key not in valid:
            message = f"{where}: unknown key '{key}'; {nearest(key, valid)}"
            raise UsageError(message)
