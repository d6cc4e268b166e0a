"""A document that was written before, read in place of a results folder; evidence is not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.analysis.document import SCHEMA_VERSION, Document, Searched
from harness.decoding import decode
from harness.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.analysis.series import Key
    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.model.result import CellResult


class Published:
    """Offers what a journal offers to readers."""

    def __init__(self, path: Path, *, where: str) -> None:
        """Read the document; ``where`` is the option that named it, for messages.

        Raises:
            UsageError: it is none.

        """
        try:
            self.document = decode(path.read_bytes(), Document)
        except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
            message = f"{where}: {path} is not a folder of results, nor a document that the harness wrote: {error}"
            raise UsageError(message) from None
        if self.document.schema_version != SCHEMA_VERSION:
            found = self.document.schema_version
            message = f"{where}: {path} is of schema version {found}; this program reads {SCHEMA_VERSION}"
            raise UsageError(message)

    def latest(self) -> tuple[CellResult, ...]:
        """Return the results."""
        return self.document.cells

    @property
    def releases(self) -> dict[str, tuple[Release, ...]]:
        """The releases of each subject that were known."""
        return self.document.releases

    @property
    def searched(self) -> dict[Key, Searched]:
        """How each history came about."""
        return {one.key: Searched(strategy=one.strategy, seed=one.seed) for one in self.document.histories}

    def evidence_of(self, _: CellResult) -> tuple[Evidence, ...]:
        """Return nothing."""
        return ()
