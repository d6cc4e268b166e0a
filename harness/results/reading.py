"""JSON files that somebody else may have written, read in bounds: they hold what they are said to hold, or are refused.

The types say what a name or a number may be, see `harness.model.names`. This module says what a type cannot: how large
a file may be before it is read, and how many values it may have before they take several times its size in memory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import msgspec

from harness.analysis.document import Searched
from harness.decoding import decode
from harness.errors import ResultsError
from harness.model.coordinates import SeriesKey
from harness.model.evidence import Evidence
from harness.model.names import SubjectName, fits
from harness.model.release import Release
from harness.storage.files import MOST_OF_JSON, read_whole

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model.result import CellResult

T = TypeVar("T")
Searches = tuple[tuple[SeriesKey, Searched], ...]
MOST_VALUES = 1_200_000  # in one file: 40,000 cells with their histories
_LONGEST_NAME = 200  # characters of a path that a message shows
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_PATTERN = re.compile(r"Expected `str` matching regex .* - at `(.*)`", re.DOTALL)


class FileError(ResultsError):
    """A file does not hold what it is said to hold; ``why`` is the message without the file's name."""

    def __init__(self, path: Path, why: str) -> None:
        """Name the file in the message."""
        super().__init__(f"{name_of(path)}: {why}")
        self.why = why


def read(path: Path, kind: type[T], *, most_values: int = MOST_VALUES) -> T:
    """Return the value that a JSON file holds.

    Raises:
        FileError: the file cannot be read, or holds something else; the message is one line that says where.

    """
    try:
        text = read_whole(path, most=MOST_OF_JSON)
        if _values_in(text, most_values) > most_values:
            raise FileError(path, f"it has more than {most_values} values")
        return decode(text, kind)
    except OSError as error:
        raise FileError(path, f"it cannot be read: {error.strerror or error}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(path, told(error)) from None


def releases_in(path: Path) -> tuple[Release, ...]:
    """Return the releases of the subject that the file is named by.

    Raises:
        FileError: the file holds something else.

    """
    known = read(path, tuple[Release, ...])
    if not fits(path.stem, SubjectName) or any(release.source for release in known):
        raise FileError(path, "it is not a list of an index")
    return known


def searches_in(path: Path) -> dict[SeriesKey, Searched]:
    """Return how series were searched.

    Raises:
        FileError: the file holds something else.

    """
    return dict(read(path, Searches))


def trial_in(path: Path, result: CellResult) -> Evidence:
    """Return the evidence of one trial of a result's cell.

    Raises:
        FileError: the file holds something else, or another cell's.

    """
    trial = read(path, Evidence)
    if trial.cell != result.id or path.name != f"trial-{trial.trial}.json":
        raise FileError(path, "it is of another trial")
    return trial


def told(error: Exception) -> str:
    """Say why a text is not of its type, without the pattern that a name does not match."""
    return _PATTERN.sub(r"what is at `\1` cannot be there, see 'harness report --format json-schema'", str(error))


def name_of(path: Path) -> str:
    """Return a path for a message, shortened: it may be longer than any file's."""
    name = str(path)
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _values_in(text: bytes, enough: int) -> int:
    """Return how many commas separate values in a JSON text; those in strings are left out where it matters."""
    count = text.count(b",")
    return count if count <= enough else count - sum(found[0].count(b",") for found in _STRING.finditer(text))
