"""A document that was written before, read in place of a results folder; it holds no evidence."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.document import SCHEMA_VERSION, Document, Searched, fault_of
from harness.errors import UsageError
from harness.results import reading

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model.coordinates import SeriesKey
    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.model.result import CellResult


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    """What a document of any version has."""

    schema_version: int


class Published:
    """Offers a document's results as `harness.results.protocols.ReadResults` has them."""

    def __init__(self, path: Path, *, where: str) -> None:
        """Read the document; ``where`` is the option that named it, for messages.

        Raises:
            UsageError: the file is not a document that this program reads.

        """
        name = reading.name_of(path)
        try:
            self.document = reading.read(path, Document)
        except reading.FileError as error:
            _refuse_other_versions(path, where=where)
            raise UsageError(
                f"{where}: {name} is not a folder of results, nor a document that the harness wrote: {error.why}"
            ) from None
        if self.document.schema_version != SCHEMA_VERSION:
            _refuse_other_versions(path, where=where)
        if fault := fault_of(self.document):
            raise UsageError(f"{where}: {name} is not a document that the harness wrote: {fault}")

    def latest(self) -> tuple[CellResult, ...]:
        """Return the results."""
        return self.document.cells

    @property
    def releases(self) -> dict[str, tuple[Release, ...]]:
        """The releases of each subject that were known."""
        return self.document.releases

    @property
    def searched(self) -> dict[SeriesKey, Searched]:
        """How each history came about."""
        return {one.key: Searched(strategy=one.strategy, seed=one.seed) for one in self.document.histories}

    def evidence_of(self, _: CellResult) -> tuple[Evidence, ...]:
        """Return nothing: a document holds no evidence."""
        return ()


def _refuse_other_versions(path: Path, *, where: str) -> None:
    """Raise `UsageError` where a document is of another schema version."""
    with contextlib.suppress(reading.FileError):
        found = reading.read(path, _Version).schema_version
        if found != SCHEMA_VERSION:
            name = reading.name_of(path)
            raise UsageError(f"{where}: {name} is of schema version {found}; this program reads {SCHEMA_VERSION}")
