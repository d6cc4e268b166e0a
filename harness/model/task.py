"""A task: trials of one cell, as a value that can be sent to whoever runs them."""

from __future__ import annotations

import msgspec

from harness.model.cell import Cell
from harness.model.names import Moment, TrialNumber, Word


class DatedRequirement(msgspec.Struct, frozen=True, kw_only=True):
    """A requirement (PEP 508) beside the subject, and the moment (UTC) that its package is resolved as of.

    ``as_of`` is None where that is the moment of everything else.
    """

    requirement: str
    as_of: Moment | None = None


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Trials ``first`` to ``trials`` of a cell; the cell has the coordinates and the recipe of its environment.

    ``scenario`` is the digest of every file that the trials depend on: whoever runs the task needs these very files.
    ``companions`` are installed beside the subject; paths in them are relative to the scenario's folder.
    """

    cell: Cell
    scenario: Word
    companions: tuple[DatedRequirement, ...] = ()
    first: TrialNumber = 1
    trials: TrialNumber = 1

    @property
    def numbers(self) -> range:
        """The numbers of the trials."""
        return range(self.first, self.trials + 1)
