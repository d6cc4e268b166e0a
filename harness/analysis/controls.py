"""Controls of the harness itself: two environments built alike must show the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.model.cell import COPY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.cell import Cell
    from harness.model.result import CellResult


def twins(cell: Cell) -> tuple[Cell, Cell]:
    """Return the cell and its copy, which runs in an environment of its own that is built the same."""
    return cell, msgspec.structs.replace(cell, copy=1)


def differences(results: Iterable[CellResult]) -> tuple[tuple[CellResult, CellResult], ...]:
    """Return the pairs of a cell and its copy whose verdicts differ."""
    by_id = {result.id: result for result in results}
    copies = (result for result in by_id.values() if result.control and result.control.startswith(COPY))
    pairs = ((by_id[copy.base], copy) for copy in copies if copy.base in by_id)
    return tuple((one, other) for one, other in pairs if one.verdict is not other.verdict)
