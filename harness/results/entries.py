"""The lines of a journal: one line of JSON for each finished cell, which counts once it is whole.

A torn last line, as a kill leaves it, is passed over when reading and closed off before the next line is written.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING

import msgspec

from harness.decoding import decode
from harness.model.result import CellResult
from harness.results import reading
from harness.storage.files import lines_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader, FileIO

PROTOCOL = 3
MOST_OF_LINE = 1024 * 1024  # bytes of one entry; a usual one has a thousandth of that
_BEGINNING = b'{"protocol":'  # of every line, whole or torn
_TORN = "Input data was truncated"  # what msgspec says of the beginning of a whole line


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One finished cell.

    Attributes:
        protocol: the protocol in which the entry is written, see `PROTOCOL`.
        key: the digest of all that the verdict depends on; empty where the result is not to be found again.
        trial_key: the digest of all that the trials depend on; empty where there are none.
        at: when the cell was entered, ISO 8601.
        result: the cell's result.
        evidence_bytes: the size of the evidence, by which damage to it is noticed.

    """

    protocol: int
    key: str
    trial_key: str = ""
    at: str
    result: CellResult
    evidence_bytes: int = 0


class _Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry of any protocol has."""

    protocol: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a journal: its entry, or what is wrong with it; neither where it was torn by a kill.

    ``text`` has the line's end where there is one; it is empty where the line is longer than any entry. ``taken`` is
    how many bytes the line has in the file. ``protocol`` is not `PROTOCOL` where the entry is of another protocol.
    """

    text: bytes
    taken: int
    entry: Entry | None = None
    fault: str | None = None
    protocol: int = PROTOCOL


def lines_of(file: BufferedReader) -> Iterator[Line]:
    """Yield the lines of a journal from where the file stands."""
    for text, taken in lines_in(file, most=MOST_OF_LINE):
        yield _too_long(taken) if text is None else _line(text)


def entries_in(file: BufferedReader) -> Iterator[Entry]:
    """Yield the entries of a journal, and pass over what is torn, damaged or another program's."""
    return (line.entry for line in lines_of(file) if line.entry)


def _line(text: bytes) -> Line:
    try:
        entry = decode(text.removesuffix(b"\n"), Entry)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        beginning = text[: len(_BEGINNING)].rstrip(b"\n")
        if _BEGINNING.startswith(beginning) and str(error) == _TORN:
            return Line(text=text, taken=len(text))
        protocol = _protocol(text)
        fault = reading.told(error) if protocol == PROTOCOL else None
        return Line(text=text, taken=len(text), fault=fault, protocol=protocol)
    if entry.protocol != PROTOCOL:
        return Line(text=text, taken=len(text), protocol=entry.protocol)
    fault = entry.result.fault
    return Line(
        text=text, taken=len(text), fault=fault and f"{entry.result.id}: {fault}", entry=None if fault else entry
    )


def _too_long(taken: int) -> Line:
    return Line(text=b"", taken=taken, fault=f"it has {taken} bytes, more than any entry")


def _protocol(text: bytes) -> int:
    """Return the protocol that a line names; `PROTOCOL` where it names none."""
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decode(text, _Numbered).protocol
    return PROTOCOL


def append(file: FileIO, line: bytes) -> None:
    """Append a line as a whole or not at all, after closing off a torn one; the line is on disk when this returns."""
    size = file.seek(0, os.SEEK_END)
    if size:
        file.seek(-1, os.SEEK_END)
        line = line if file.read(1) == b"\n" else b"\n" + line
    try:
        while line:
            line = line[file.write(line) :]
        os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            file.truncate(size)
        raise
