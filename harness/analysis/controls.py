"""Controls of the harness itself.

The rule: two environments that are built alike must show the same verdict, and a scenario must tell a server that is
known to have its failure from one that is known to be free of it.
"""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import msgspec

from harness.model.recipe import Copy
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.model.cell import Cell
    from harness.model.result import CellResult


def twins(cell: Cell) -> tuple[Cell, Cell]:
    """Return the cell and its copy, which runs in an environment of its own that is built alike."""
    return cell, msgspec.structs.replace(cell, recipe=Copy(number=1, at=cell.recipe.moment))


def differences(results: Iterable[CellResult]) -> tuple[tuple[CellResult, CellResult], ...]:
    """Return the pairs of a cell and its copy whose verdicts differ."""
    by_id = {result.id: result for result in results}
    copies = (result for result in by_id.values() if result.is_copy)
    pairs = ((by_id[copy.base], copy) for copy in copies if copy.base in by_id)
    return tuple((one, other) for one, other in pairs if one.verdict is not other.verdict)


def indistinct(results: Iterable[CellResult], variants: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield a line for each scenario variant that was not seen to tell a bad server from a good one.

    Args:
        results: of cells over releases of both kinds.
        variants: the names of each scenario's variants, by scenario.

    """
    seen: dict[tuple[str, str], set[Verdict]] = collections.defaultdict(set)
    for result in results:
        if result.control is None:
            seen[result.scenario, result.variant].add(result.verdict)
    for scenario, names in variants.items():
        for name in names:
            if Verdict.REPRODUCED not in seen[scenario, name]:
                yield f"{scenario} {name}: the signature was never observed, so its absence shows nothing"
            if Verdict.ABSENT not in seen[scenario, name]:
                yield f"{scenario} {name}: no server is known on which the signature is absent"
