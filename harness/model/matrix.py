"""A matrix: strict data that names scenarios, releases, Pythons and platforms; and the cells it stands for.

The file is TOML, a list of ``[[cells]]`` tables. The platform ``docker`` in it stands for ``docker:IMAGE``, where IMAGE
is what the table ``[pythons]`` has for the Python of the cell:

    [pythons]
    "3.8" = "python:3.8-slim"

An unknown key, scenario, variant, Python or platform, a specifier that names no release, and a selection that leaves
nothing are errors that say where and offer the nearest valid names.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import tomllib
from typing import TYPE_CHECKING

import msgspec

from harness.errors import EmptySelectionError, UsageError, nearest
from harness.model.cell import Cell
from harness.model.names import PlatformName, fits
from harness.model.release import select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from harness.model.release import Release
    from harness.model.scenario import Scenario

PYTHONS = tuple(f"3.{minor}" for minor in range(6, 15))
BY_PYTHON = "docker"  # the platform that a matrix has an image for each Python of
PLATFORMS = ("linux", "windows", "macos", "windows-wine", "docker:IMAGE")


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[cells]]`` table: the product of its lists. No ``variants`` means all of them."""

    scenarios: tuple[str, ...]
    releases: tuple[str, ...]
    pythons: tuple[str, ...]
    platforms: tuple[str, ...]
    variants: tuple[str, ...] = ()


class Matrix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole matrix file, with the name it is called by in messages."""

    cells: tuple[Entry, ...]
    pythons: dict[str, str] = {}
    name: str = "matrix"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """One ``--server`` option: a subject, and a specifier as in a matrix."""

    subject: str
    spec: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """What a call asks for: names and a glob narrow the matrix; servers, pythons, platforms replace its axes."""

    scenarios: tuple[str, ...] = ()
    servers: tuple[Server, ...] = ()
    pythons: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()


def parse(text: str, *, name: str) -> Matrix:
    """Read a matrix from TOML; ``name`` is the file, for messages.

    Raises:
        UsageError: it is not TOML, or a key or value is not known.

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
            _refuse_unknown_keys(entry, Entry.__struct_fields__, where=f"{name}: [[cells]] number {number}")
    try:
        matrix = msgspec.convert({**data, "name": name}, Matrix)
    except msgspec.ValidationError as error:
        where = re.sub(r"\$\.cells\[(\d+)\]", lambda match: f"[[cells]] number {int(match[1]) + 1}", str(error))
        raise UsageError(f"{name}: {where}") from None
    refuse_unknown(matrix.pythons, PYTHONS, what="Python", where=f"{name}: [pythons]")
    for number, entry in enumerate(matrix.cells, start=1):
        where = f"{name}: [[cells]] number {number}"
        for key in ("scenarios", "releases", "pythons", "platforms"):
            if not getattr(entry, key):
                message = f"{where}: {key}: the list is empty"
                raise UsageError(message)
        refuse_unknown(entry.pythons, PYTHONS, what="Python", where=f"{where}: pythons")
        for platform in entry.platforms:
            check_platform(platform, where=f"{where}: platforms")
    return matrix


def check_platform(platform: str, *, where: str) -> None:
    """Refuse a platform that the contract does not name."""
    if platform == BY_PYTHON or (platform.startswith("docker:") and fits(platform, PlatformName)):
        return
    refuse_unknown([platform], PLATFORMS[:-1], what="platform", where=where)


def cells_of(
    matrix: Matrix,
    selection: Selection,
    *,
    scenarios: Mapping[str, Scenario],
    releases_of: Callable[[str, str], Sequence[Release]],
    own_python: str,
    own_platform: str,
) -> tuple[Cell, ...]:
    """Return the cells that a call selects from a matrix: each once, in the matrix's order.

    A scenario that is asked for by name and is not in the matrix gets a row of its own: the releases around its
    claim and the latest, on the harness's own Python and platform.

    Args:
        matrix: the parsed matrix.
        selection: what the call narrows or replaces.
        scenarios: every known scenario by id.
        releases_of: the releases that a subject and a specifier choose from; asked only for what is in play.
        own_python: the Python of a row that names none.
        own_platform: the platform of such a row.

    Raises:
        UsageError: an unknown name, a specifier that matches nothing, or nothing left.

    """
    refuse_unknown(selection.scenarios, scenarios, what="scenario", where="the call")
    entries = list(matrix.cells)
    named = {name for entry in entries for name in entry.scenarios}
    for missing in [name for name in selection.scenarios if name not in named]:
        around = ("before-claimed", "claimed", "latest") if scenarios[missing].claim else ("latest",)
        row = Entry(scenarios=(missing,), releases=around, pythons=(own_python,), platforms=(own_platform,))
        entries.append(row)
    found: dict[str, Cell] = {}
    for number, entry in enumerate(entries, start=1):
        where = f"{matrix.name}: [[cells]] number {number}"
        refuse_unknown(entry.scenarios, scenarios, what="scenario", where=f"{where}: scenarios")
        for name in entry.scenarios:
            if not selection.scenarios or name in selection.scenarios:
                for cell in _expand(matrix, entry, scenarios[name], selection, releases_of, where):
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


def _expand(
    matrix: Matrix,
    entry: Entry,
    scenario: Scenario,
    selection: Selection,
    releases_of: Callable[[str, str], Sequence[Release]],
    where: str,
) -> Iterator[Cell]:
    variants = [variant.name for variant in scenario.variants]
    refuse_unknown(entry.variants, variants, what="variant", where=f"{where}: variants")
    for platform in selection.platforms or entry.platforms:
        for python in selection.pythons or entry.pythons:
            for release in _releases(entry, scenario, selection, releases_of, python, where):
                for variant in entry.variants or variants:
                    yield Cell(
                        scenario=scenario.id,
                        variant=variant,
                        subject=scenario.subject,
                        release=release,
                        python=python,
                        platform=_platform(platform, python, matrix),
                    )


def _platform(platform: str, python: str, matrix: Matrix) -> str:
    """Return the platform of a cell; ``docker`` becomes the image that the matrix has for the Python."""
    if platform != BY_PYTHON:
        return platform
    if python not in matrix.pythons:
        have = f"it has {', '.join(matrix.pythons)}" if matrix.pythons else "it has none"
        message = f"{matrix.name}: [pythons] has no image of Python {python} for the platform 'docker'; {have}"
        raise UsageError(message)
    return f"docker:{matrix.pythons[python]}"


def _releases(
    entry: Entry,
    scenario: Scenario,
    selection: Selection,
    releases_of: Callable[[str, str], Sequence[Release]],
    python: str,
    where: str,
) -> Iterator[Release]:
    """Yield the releases of one row on one Python; ``--server`` replaces them."""
    specs = [server.spec for server in selection.servers if server.subject == scenario.subject]
    for spec in specs if selection.servers else entry.releases:
        yield from select(
            spec,
            releases_of(scenario.subject, spec),
            subject=scenario.subject,
            python=python,
            claim=scenario.claim,
            where="--server" if selection.servers else f"{where}: releases",
        )


def _refuse_unknown_keys(data: Mapping[str, object], valid: Sequence[str], *, where: str) -> None:
    for key in data:
        if key not in valid:
            message = f"{where}: unknown key '{key}'; {nearest(key, valid)}"
            raise UsageError(message)


def refuse_unknown(names: Iterable[str], valid: Iterable[str], *, what: str, where: str) -> None:
    """Refuse a name that is not among the valid ones, offering the nearest."""
    known = tuple(valid)
    for name in names:
        if name not in known:
            message = f"{where}: unknown {what} '{name}'; {nearest(name, known)}"
            raise UsageError(message)
