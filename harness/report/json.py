"""The results as the JSON document of the public contract, and its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.model.result import SCHEMA_VERSION, Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model.result import CellResult


def render(results: Sequence[CellResult]) -> str:
    """Return the document, indented."""
    document = Document(schema_version=SCHEMA_VERSION, cells=tuple(results))
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def schema() -> str:
    """Return the JSON Schema of the document."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Document)), indent=2).decode() + "\n"
