"""Shards and jobs: every cell in exactly one, about the same cost, the same division wherever it is made."""

from __future__ import annotations

import collections
import fnmatch
import shlex
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.model.verdict import Verdict
from harness.selection.jobs import WORTH_MS, jobs_of
from harness.selection.shard import Shard, costs_of, divide, part_of, read_shard

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from harness.model.cell import Cell
    from harness.model.release import Release
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario
    from harness.selection.jobs import Job

COSTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(0, 100_000), max_size=40)


@given(COSTS, st.integers(1, 20))
def test_every_member_is_in_one_part(costs: dict[str, int], count: int) -> None:
    """Nothing is lost and nothing is done twice."""
    parts = divide(costs, count, name=str)
    assert len(parts) == count
    assert collections.Counter(one for part in parts for one in part) == collections.Counter(list(costs))


@given(COSTS, st.integers(1, 20))
def test_parts_cost_about_the_same(costs: dict[str, int], count: int) -> None:
    """No part exceeds another by more than one member's cost."""
    loads = [sum(costs[one] for one in part) for part in divide(costs, count, name=str)]
    assert max(loads) - min(loads) <= max(costs.values(), default=0)


@given(COSTS, st.integers(1, 20), st.randoms(use_true_random=False))
def test_division_does_not_depend_on_the_order(costs: dict[str, int], count: int, chance: random.Random) -> None:
    """A machine that lists the cells differently takes the same ones."""
    items = list(costs.items())
    chance.shuffle(items)
    parts = divide(costs, count, name=str)
    assert [set(part) for part in divide(dict(items), count, name=str)] == [set(part) for part in parts]


def test_cells_of_no_cost_are_spread_too() -> None:
    """What cannot run at all is still shown by somebody, not by all the same."""
    assert [len(part) for part in divide(dict.fromkeys("abcdef", 0), 3, name=str)] == [2, 2, 2]


def test_division_stays_what_it_is() -> None:
    """Machines of different versions of this program have to agree: this division is part of its contract."""
    costs = {"a": 9, "b": 7, "c": 6, "d": 5, "e": 5, "f": 1}
    assert divide(costs, 3, name=str) == (("a", "f"), ("b", "e"), ("c", "d"))


@pytest.mark.parametrize(
    "text", ["", "1", "0/4", "5/4", "-1/4", "1/0", "1/4/2", "a/b", "1.0/4", "\uff11/4", "1/9999999"]
)
def test_shard_that_is_none_is_told(text: str) -> None:
    """With the option, and how it is spelled."""
    with pytest.raises(UsageError, match=r"--shard: .* such as 3/16"):
        read_shard(text)


def test_shard_reads_as_it_is_spelled() -> None:
    """Counted from 1."""
    assert read_shard(" 3/16 ") == Shard(number=3, count=16)
    assert str(Shard(number=3, count=16)) == "3/16"


def test_cost_is_what_was_recorded_or_is_typical(
    make_cell: Callable[..., Cell],
    make_scenario: Callable[..., Scenario],
    make_release: Callable[..., Release],
    make_result: Callable[..., CellResult],
) -> None:
    """For each trial; a cell that cannot exist costs nothing, one that never ran tells nothing."""
    known, new, failed = (make_cell(version=version) for version in ("1.0", "2.0", "3.0"))
    impossible = make_cell(release=make_release("4.0", requires_python=">=3.99"))
    recorded = [
        make_result(version="1.0", duration_s=4.5, trials=3),
        make_result(version="3.0", duration_s=0.0, trials=0, verdict=Verdict.ENVIRONMENT_FAILED),
    ]
    scenarios = {"some-failure": make_scenario(typical_s=7)}
    costs = costs_of([known, new, failed, impossible], scenarios, {one.id: one for one in recorded})
    assert [costs[cell] for cell in (known, new, failed, impossible)] == [1500, 7000, 7000, 0]


KINDS = st.lists(
    st.tuples(
        st.sampled_from(["linux", "windows", "macos", "windows-wine", "docker:python:3.8"]),
        st.sampled_from(["3.8", "3.10", "3.1"]),
        st.sampled_from([f"0.{number}.0" for number in range(12)]),
        st.integers(0, 400_000),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda kind: kind[:3],
)


def selected(job: Job, cells: list[Cell], costs: dict[Cell, int]) -> list[str]:
    """Select as 'harness run' does by the arguments of a job."""
    words = shlex.split(job.arguments)
    options = list(zip(words[::2], words[1::2], strict=True))
    globs = [value for name, value in options if name == "--cell"]
    chosen = [cell for cell in cells if any(fnmatch.fnmatchcase(cell.id, glob) for glob in globs)]
    for name, value in options:
        if name == "--shard":
            chosen = list(part_of(chosen, read_shard(value), costs))
    return [cell.id for cell in chosen]


@given(KINDS, st.integers(3, 12))
def test_jobs_select_every_cell_once(
    make_cell: Callable[..., Cell], kinds: list[tuple[str, str, str, int]], most: int
) -> None:
    """By the arguments that they print; as many as were allowed at most, each on one operating system."""
    costs = {
        make_cell(platform=platform, python=python, version=version): cost for platform, python, version, cost in kinds
    }
    jobs = jobs_of(list(costs), costs, most=most)
    taken = {job.name: selected(job, list(costs), costs) for job in jobs}
    assert len(taken) == len(jobs) <= most
    assert sorted(one for ids in taken.values() for one in ids) == sorted(cell.id for cell in costs)
    assert [len(taken[job.name]) for job in jobs] == [job.cells for job in jobs]
    for job in jobs:
        machines = {cell.platform.partition(":")[0] for cell in costs if cell.id in taken[job.name]}
        assert machines <= {"ubuntu": {"linux", "windows-wine", "docker"}}.get(job.os[:6], {job.os.split("-")[0]})


def test_a_python_is_a_job_of_its_own_where_jobs_suffice(make_cell: Callable[..., Cell]) -> None:
    """And only what takes long is divided further."""
    costs = {make_cell(python="3.8", version=f"0.{n}.0"): WORTH_MS // 2 for n in range(8)}
    costs |= {make_cell(python="3.12", version="0.1.0"): 1000}
    jobs = jobs_of(list(costs), costs, most=20)
    assert [(job.python, job.cells) for job in jobs] == [("3.8", 2)] * 4 + [("3.12", 1)]
    assert jobs[0].arguments == "--cell '*_py3.8_linux' --shard 1/4"
    assert jobs[-1].arguments == "--cell '*_py3.12_linux'"


def test_too_few_jobs_for_the_machines_are_told(make_cell: Callable[..., Cell]) -> None:
    """An operating system cannot share a job with another."""
    costs = {make_cell(platform=platform): 1 for platform in ("linux", "windows")}
    with pytest.raises(UsageError, match=r"--jobs: 1 are too few for 2 operating systems: ubuntu-24.04, windows-2022"):
        jobs_of(list(costs), costs, most=1)
