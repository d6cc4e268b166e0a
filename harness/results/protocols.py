"""The protocols of what keeps results, to read and to write them: a folder with a journal, or a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.analysis.document import Searched
    from harness.model.coordinates import SeriesKey
    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.model.result import CellResult


class ReadResults(Protocol):
    """Results that are there."""

    def latest(self) -> tuple[CellResult, ...]:
        """Return the newest result of every cell, in the order in which cells first appeared."""

    def evidence_of(self, result: CellResult, /) -> tuple[Evidence, ...]:
        """Return the evidence of a result, trial by trial; nothing where it is not kept here."""

    @property
    def releases(self) -> dict[str, tuple[Release, ...]]:
        """The releases of each subject that were known when cells were selected."""

    @property
    def searched(self) -> dict[SeriesKey, Searched]:
        """How histories came about, where a strategy chose their cells."""


class WriteResults(ReadResults, Protocol):
    """Results that can be added to; every method but `close` raises `StorageError` where nothing can be kept."""

    def find(self, key: str) -> CellResult | None:
        """Return the stored result of exactly this key, marked as stored, if its evidence is still there."""

    def find_trials(self, trial_key: str) -> CellResult | None:
        """Return the newest result of exactly this trial key, whoever judged it, if its evidence is still there."""

    def keep_evidence(self, evidence: Sequence[Evidence]) -> str:
        """Keep the trials of one cell in a new folder; return its path relative to the results."""

    def add(self, key: str, result: CellResult, *, trial_key: str = "") -> None:
        """Enter a finished cell."""

    def note(self, result: CellResult) -> None:
        """Enter the result of a cell that was not run, unless the newest one says so already."""

    def know(self, releases: Mapping[str, Sequence[Release]]) -> None:
        """Add to the known releases, by subject."""

    def remember(self, searched: Mapping[SeriesKey, Searched]) -> None:
        """Add how histories came about."""

    def close(self) -> None:
        """Write no more."""
