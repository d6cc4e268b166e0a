"""The document of the public contract as text, with one cell, history or claim a line; and its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.document import Document, fault_of
from harness.decoding import decode
from harness.errors import ResultsError
from harness.model.result import CellResult

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTS = ("cells", "histories", "claims")
# A cell's members stand in the order of the public contract.
_FIRST = ("id", "scenario", "variant", "subject", "version", "python", "python_full", "platform")
_MEMBERS = (*_FIRST, *(name for name in CellResult.__struct_fields__ if name not in _FIRST))


def render(document: Document) -> str:
    """Return the document as text. The user's home folder is written as ``~``, so that the text may be published.

    Raises:
        ResultsError: the document does not hold what its schema demands.

    """
    portable = msgspec.structs.replace(document, cells=tuple(_portable(cell) for cell in document.cells))
    text = "".join(_lines(portable))
    try:
        fault = fault_of(decode(text, Document))
    except msgspec.ValidationError as error:
        fault = str(error)
    if fault:
        raise ResultsError(f"the results do not make a document of the schema: {fault}")
    return text


def _lines(document: Document) -> Iterator[str]:
    yield f'{{"schema_version": {document.schema_version}'
    for name in _LISTS:
        rows = [_harmless(msgspec.json.encode(_ordered(row)).decode()) for row in getattr(document, name)]
        yield f',\n "{name}": [' + ",".join(f"\n  {row}" for row in rows) + "]"
    yield f',\n "releases": {_harmless(msgspec.json.encode(document.releases).decode())}}}\n'


def _ordered(row: object) -> object:
    return {name: getattr(row, name) for name in _MEMBERS} if isinstance(row, CellResult) else row


def _harmless(row: str) -> str:
    """Return the same JSON, in which characters that cannot be seen, such as bidirectional controls, are escaped."""
    if row.isprintable():
        return row
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in row)


def _portable(cell: CellResult) -> CellResult:
    home = str(Path.home())
    if cell.environment is None or not cell.environment.interpreter.startswith(home):
        return cell
    interpreter = "~" + cell.environment.interpreter.removeprefix(home)
    return msgspec.structs.replace(cell, environment=msgspec.structs.replace(cell.environment, interpreter=interpreter))


def schema() -> str:
    """Return the JSON Schema of the document."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Document)), indent=2).decode() + "\n"
