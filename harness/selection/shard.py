"""A shard: one of several even parts of a selection, so that many machines can take one each.

The parts depend on nothing but the cells and their given costs, so that every machine divides alike.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import msgspec

from harness.errors import UsageError
from harness.model.result import unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from harness.model.cell import Cell
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario

T = TypeVar("T")
_SPELLED = re.compile(r"([0-9]{1,6})/([0-9]{1,6})", re.ASCII)


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """Part ``number`` of ``count``, counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        """Spell the shard as a call does."""
        return f"{self.number}/{self.count}"


def read_shard(text: str) -> Shard:
    """Read ``3/16``.

    Raises:
        UsageError: the text is not spelled so, or there is no such part.

    """
    match = _SPELLED.fullmatch(text.strip())
    shard = Shard(number=int(match[1]), count=int(match[2])) if match else None
    if shard is None or not 1 <= shard.number <= shard.count:
        message = f"--shard: '{text}' is not a part of a whole such as 3/16, the first being 1/16"
        raise UsageError(message)
    return shard


def costs_of(
    cells: Iterable[Cell], scenarios: Mapping[str, Scenario], recorded: Mapping[str, CellResult]
) -> dict[Cell, int]:
    """Return what a trial of each cell costs, in whole milliseconds, whose sums are the same on every machine.

    Args:
        cells: the cells, in any order.
        scenarios: the scenarios by id, each of which says what a trial typically takes.
        recorded: results of earlier runs by cell id; what a trial took in one of them comes before what is typical.

    """
    costs = {}
    for cell in cells:
        scenario, earlier = scenarios[cell.scenario], recorded.get(cell.id)
        if unsupported(cell, scenario):
            costs[cell] = 0  # known before anything starts
        elif earlier and earlier.trials > 0:
            costs[cell] = round(1000 * earlier.duration_s / earlier.trials)
        else:
            costs[cell] = round(1000 * scenario.typical_s)
    return costs


def divide(costs: Mapping[T, int], count: int, *, name: Callable[[T], str]) -> tuple[tuple[T, ...], ...]:
    """Divide members into ``count`` parts of about the same cost, each in the given order; a part may be empty.

    The most expensive member goes first, each to the part that costs least so far: no part exceeds another by more than
    the cost of one of its members. Members of equal cost are ordered by ``name``, so the given order does not matter.
    """
    parts: list[list[T]] = [[] for _ in range(count)]
    loads = [0] * count
    for member in sorted(costs, key=lambda one: (-costs[one], name(one))):
        least = min(range(count), key=lambda part: (loads[part], len(parts[part]), part))
        parts[least].append(member)
        loads[least] += costs[member]
    places = {member: place for place, member in enumerate(costs)}
    return tuple(tuple(sorted(part, key=places.__getitem__)) for part in parts)


def part_of(cells: Sequence[Cell], shard: Shard, costs: Mapping[Cell, int]) -> tuple[Cell, ...]:
    """Return the cells of one shard, in the given order."""
    return divide({cell: costs[cell] for cell in cells}, shard.count, name=lambda cell: cell.id)[shard.number - 1]
