"""Jobs of a CI service: a selection divided by operating system and Python, then by cost where jobs are left.

A job names its cells by globs of their ids and, where other jobs have the same globs, by a shard. By these the machine
that takes the job selects the same cells again.
"""

from __future__ import annotations

import collections
import heapq
import shlex
from typing import TYPE_CHECKING, TypeVar

import msgspec

from harness.errors import UsageError
from harness.model.cell import Cell
from harness.model.coordinates import printable
from harness.model.platforms import platform_of
from harness.selection.shard import Shard, divide, part_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Name = TypeVar("Name", str, int)
WORTH_MS = 120_000  # a further job costs a minute of preparation: what takes less than two is not divided


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What runs on the same kind of machine: its runner, Pythons, platforms and cells."""

    runner: str
    pythons: tuple[str, ...]
    platforms: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def globs(self) -> tuple[str, ...]:
        """Globs that match the ids of these cells and of no others of the selection."""
        fields = ((f"py{cell.python}", cell.platform, cell.recipe.label) for cell in self.cells)
        return tuple(dict.fromkeys("_".join(("*", *(printable(one) for one in found if one))) for found in fields))


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job: where it runs, what has to be there, and the ``arguments`` of ``harness run`` that select its cells.

    ``python`` and ``platform`` name several, separated by spaces, where there are fewer jobs than Pythons or platforms.
    ``seconds`` is what the cells cost one after the other.
    """

    name: str
    os: str
    python: str
    platform: str
    cells: int
    seconds: int
    arguments: str


def jobs_of(
    cells: Sequence[Cell], costs: Mapping[Cell, int], *, most: int, divided_by: Sequence[str] = ()
) -> tuple[Job, ...]:
    """Return at most ``most`` jobs that together have every cell once.

    Args:
        cells: the selection.
        costs: what each cell costs, in milliseconds.
        most: how many jobs at most.
        divided_by: the arguments that give a call the same costs.

    Raises:
        UsageError: there are more operating systems than jobs.

    """
    groups = _joined(_groups(cells), costs, most)
    shares = _shares(groups, costs, most)
    return tuple(
        _job(group, Shard(number=number, count=count), costs, divided_by)
        for group, count in zip(groups, shares, strict=True)
        for number in range(1, count + 1)
    )


def _groups(cells: Sequence[Cell]) -> tuple[Group, ...]:
    """Group by runner and Python."""
    found: dict[tuple[str, str], list[Cell]] = collections.defaultdict(list)
    for cell in cells:
        found[platform_of(cell.platform).runner, cell.python].append(cell)
    return tuple(_group(runner, members) for (runner, _), members in found.items())


def _group(runner: str, cells: Sequence[Cell]) -> Group:
    pythons = tuple(dict.fromkeys(cell.python for cell in cells))
    platforms = tuple(dict.fromkeys(cell.platform for cell in cells))
    return Group(runner=runner, pythons=pythons, platforms=platforms, cells=tuple(cells))


def _joined(groups: tuple[Group, ...], costs: Mapping[Cell, int], most: int) -> tuple[Group, ...]:
    """Join the Pythons of an operating system evenly where there are more groups than jobs."""
    if len(groups) <= most:
        return groups
    of_runner: dict[str, list[Group]] = collections.defaultdict(list)
    for group in groups:
        of_runner[group.runner].append(group)
    if len(of_runner) > most:
        message = f"--jobs: {most} are too few for {len(of_runner)} operating systems: {', '.join(of_runner)}"
        raise UsageError(message)
    loads = {runner: sum(_cost(group, costs) for group in members) for runner, members in of_runner.items()}
    limits = {runner: len(members) for runner, members in of_runner.items()}
    joined: list[Group] = []
    for runner, count in _spread(loads, limits, most).items():
        members = {group: _cost(group, costs) for group in of_runner[runner]}
        parts = divide(members, count, name=lambda group: group.pythons[0])
        joined += [_group(runner, [cell for group in part for cell in group.cells]) for part in parts]
    return tuple(joined)


def _shares(groups: tuple[Group, ...], costs: Mapping[Cell, int], most: int) -> tuple[int, ...]:
    """Return how many jobs each group is divided into."""
    loads = {place: _cost(group, costs) for place, group in enumerate(groups)}
    limits = {place: min(len(groups[place].cells), -(-load // WORTH_MS) or 1) for place, load in loads.items()}
    return tuple(_spread(loads, limits, most).values())


def _spread(loads: Mapping[Name, int], limits: Mapping[Name, int], most: int) -> dict[Name, int]:
    """Give each name one job, and each further job to the largest load for each job so far, up to the name's limit."""
    counts = dict.fromkeys(loads, 1)
    heap = [(-loads[name], place, name) for place, name in enumerate(loads)]
    heapq.heapify(heap)
    while heap and sum(counts.values()) < most:
        _, place, name = heapq.heappop(heap)
        if counts[name] < limits[name]:
            counts[name] += 1
            heapq.heappush(heap, (-(loads[name] // counts[name]), place, name))
    return counts


def _cost(group: Group, costs: Mapping[Cell, int]) -> int:
    return sum(costs[cell] for cell in group.cells)


def _job(group: Group, shard: Shard, costs: Mapping[Cell, int], divided_by: Sequence[str]) -> Job:
    cells = part_of(group.cells, shard, costs)
    python, platform = " ".join(group.pythons), " ".join(group.platforms)
    words = [word for glob in group.globs for word in ("--cell", glob)]
    words += ["--shard", str(shard), *divided_by] if shard.count > 1 else []
    return Job(
        name=f"{platform}, Python {python}" + (f", {shard}" if shard.count > 1 else ""),
        os=group.runner,
        python=python,
        platform=platform,
        cells=len(cells),
        seconds=round(sum(costs[cell] for cell in cells) / 1000),
        arguments=shlex.join(words),
    )
