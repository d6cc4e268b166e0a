"""Documents as data: one TOML file for each document that claims something, in a folder ``claims``.

    document = "PYSEC-2020-150"

    [[claims]]
    failure = "access-log-escapes"
    references = ["CVE-2020-7694"]
    ranges = [{ introduced = "0", fixed = "0.11.7" }]

The rule: a file holds what its document says, and nothing else does. Each ``[[claims]]`` table is one claim about one
failure, see `harness.model.claim.Claim`. The failure is the id of a scenario, which nobody need have written yet. No
scenario is executed to read a claim. An unknown key and a malformed value are errors that say file, table and field.
A file may come from anybody: it is bounded, and no text in it is taken for a path.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from harness import escaping
from harness.errors import UsageError, refuse_unknown
from harness.model.claim import Claim, check_name
from harness.model.names import ScenarioId, fits
from harness.storage.files import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FOLDER = "claims"
_MOST_BYTES = 1024 * 1024  # of a file
_MOST_FILES = 5000  # in a folder
_MOST_CLAIMS = 5000  # in a file
_SHOWN = 60  # characters of a name that somebody else wrote
_TOP = ("document", "claims")
_KEYS = ("failure", *(name for name in Claim.__struct_fields__ if name != "document"))
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")


def claims_in(places: Iterable[Path]) -> dict[str, tuple[Claim, ...]]:
    """Return what documents say about each failure, in the order of the files' names.

    Args:
        places: folders of files; one that does not exist has none.

    Raises:
        UsageError: a file is not what this module says, or two files are of one document.

    """
    found: dict[str, list[Claim]] = {}
    names: dict[str, Path] = {}
    for path in _files(places):
        document, claims = read(path)
        if (other := names.setdefault(document, path)) != path:
            raise UsageError(f"{path}: the document '{_shown(document)}' has a file already, {other}; join the two")
        for failure, claim in claims:
            found.setdefault(failure, []).append(claim)
    return {failure: tuple(claims) for failure, claims in found.items()}


def read(path: Path) -> tuple[str, tuple[tuple[str, Claim], ...]]:
    """Return a document's name, and its claims, each with the failure that the claim is about.

    Raises:
        UsageError: the file cannot be read, or is not what this module says.

    """
    data = _data(path)
    refuse_unknown(data, _TOP, what="key", where=str(path))
    document = data.get("document", "")
    try:
        check_name(document, "the document")
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    tables = data.get("claims")
    if not (isinstance(tables, list) and tables and all(isinstance(table, dict) for table in tables)):
        raise UsageError(f"{path}: it has no [[claims]]; each table of this name is one claim about one failure")
    if len(tables) > _MOST_CLAIMS:
        raise UsageError(f"{path}: it has {len(tables)} claims; a document has {_MOST_CLAIMS} at most")
    where = (f"{path}: [[claims]] number {number}" for number in range(1, len(tables) + 1))
    return document, tuple(_claim(document, table, where=place) for table, place in zip(tables, where, strict=True))


def _files(places: Iterable[Path]) -> Iterator[Path]:
    """Yield the files of folders, each once, in the order of their names."""
    for place in dict.fromkeys(place.resolve() for place in places):
        try:
            files = sorted(place.glob("*.toml")) if place.is_dir() else []
        except OSError as error:
            raise UsageError(f"{place} cannot be read: {error.strerror or error}") from None
        if len(files) > _MOST_FILES:
            raise UsageError(f"{place}: it has {len(files)} documents; a folder has {_MOST_FILES} at most")
        yield from files


def _data(path: Path) -> Mapping[str, Any]:
    """Read a file that somebody else may have written."""
    try:
        return tomllib.loads(read_whole(path, most=_MOST_BYTES).decode())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number of thousands of digits
        raise UsageError(f"{path}: not valid TOML: {escaping.line(str(error), limit=200)}") from None


def _claim(document: str, table: Mapping[str, Any], *, where: str) -> tuple[str, Claim]:
    refuse_unknown((_shown(key) for key in table), _KEYS, what="key", where=where)
    failure = table.get("failure", "")
    if not fits(failure, ScenarioId):
        told = _shown(str(failure))
        raise UsageError(f"{where}: failure is '{told}'; it is a scenario's id, lower-case words joined by '-'")
    rest = {name: value for name, value in table.items() if name != "failure"}
    try:
        return failure, msgspec.convert({**rest, "document": document}, Claim)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise UsageError(f"{where}: {_words(str(error))}") from None


def _words(told: str) -> str:
    """Return msgspec's words, with the field in front where the words do not say it."""
    place = _PLACE.search(told)
    words = escaping.line(_PLACE.sub("", told), limit=300)
    return f"{place[1]}: {words}" if place and place[1] else words


def _shown(name: str) -> str:
    return escaping.line(name, limit=_SHOWN)
