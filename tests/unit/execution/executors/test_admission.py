"""Which cell starts when, on a machine whose load and clock are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.execution.executors.admission import FLOOR, MOST, TICK_S, Admission

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.cell import Cell

CORES = 2


class Machine:
    """A machine of two cores, as busy and as full as a test says."""

    def __init__(self) -> None:
        """Do nothing."""
        self.now = self.processors = self.memory = 0.0

    def admission(self, jobs: int | None = None) -> Admission:
        """Return an admission to it."""
        return Admission(
            jobs, cores=CORES, processors=lambda: self.processors, memory=lambda: self.memory, clock=lambda: self.now
        )

    def later(self, admission: Admission) -> list[Cell]:
        """Let it be time for another look; return what starts."""
        self.now += TICK_S
        return started(admission)


def started(admission: Admission) -> list[Cell]:
    """Return the cells that start at this moment."""
    return list(iter(admission.admit, None))


@pytest.fixture
def machine() -> Machine:
    """An idle one."""
    return Machine()


@pytest.fixture
def crowd(make_cell: Callable[..., Cell]) -> list[Cell]:
    """A hundred cells that wait more than they work."""
    return [make_cell(version=f"1.{number}") for number in range(100)]


def test_dear_cells_start_first(machine: Machine, crowd: list[Cell]) -> None:
    """So that none is left to run alone in the end; of equals the one that was ready first."""
    admission = machine.admission(jobs=4)
    for cell, cost in zip(crowd, (3, 36, 3, 7), strict=False):
        admission.wait(cell, cost)
    assert started(admission) == [crowd[1], crowd[3], crowd[0], crowd[2]]


def test_idle_machine_is_filled_look_by_look(machine: Machine, crowd: list[Cell]) -> None:
    """As many as there are idle cores, whose work shows at the next look; never more than the bound."""
    admission = machine.admission()
    for cell in crowd:
        admission.wait(cell, 1)
    assert len(started(admission)) == FLOOR * CORES
    assert started(admission) == []
    assert len(machine.later(admission)) == CORES
    assert started(admission) == []
    machine.processors = 0.6
    assert len(machine.later(admission)) == 1
    machine.processors = 0.0
    count = FLOOR * CORES + CORES + 1 + sum(len(machine.later(admission)) for _ in range(50))
    assert count == MOST * CORES


@pytest.mark.parametrize("lacking", ["processors", "memory"])
def test_full_machine_runs_a_few_and_no_more(lacking: str, machine: Machine, crowd: list[Cell]) -> None:
    """What keeps it busy may be another program, which may never end."""
    setattr(machine, lacking, 0.99)
    admission = machine.admission()
    for cell in crowd:
        admission.wait(cell, 1)
    running = started(admission) + [cell for _ in range(50) for cell in machine.later(admission)]
    assert len(running) == FLOOR * CORES
    admission.ended(running[0])
    assert len(started(admission)) == 1
    setattr(machine, lacking, 0.0)
    assert len(machine.later(admission)) == CORES


def test_cells_that_work_are_hardly_more_than_cores(
    machine: Machine, crowd: list[Cell], make_cell: Callable[..., Cell]
) -> None:
    """Three on two idle cores and two on busy ones, though they are dearer; the others pass them by."""
    admission = machine.admission()
    working = [make_cell(version=f"2.{number}", platform="windows-wine") for number in range(10)]
    for cell in working:
        admission.wait(cell, 9)
    assert started(admission) == working[:CORES]
    assert machine.later(admission) == working[CORES : CORES + 1]
    assert machine.later(admission) == []
    for cell in crowd[:2]:
        admission.wait(cell, 1)
    assert machine.later(admission) == crowd[:2]
    machine.processors = 0.99
    assert machine.later(admission) == []
    admission.ended(working[0])
    assert started(admission) == []
    admission.ended(working[1])
    assert started(admission) == working[CORES + 1 : CORES + 2]


@pytest.mark.parametrize("platform", ["linux", "windows-wine"])
def test_one_job_is_one_cell_at_a_time(
    platform: str, machine: Machine, crowd: list[Cell], make_cell: Callable[..., Cell]
) -> None:
    """The bound holds on an idle machine, below the number that run on a full one, and for both kinds together."""
    admission = machine.admission(jobs=1)
    first = make_cell(platform=platform)
    for cell in (first, *crowd):
        admission.wait(cell, 1)
    assert started(admission) == [first]
    assert machine.later(admission) == []
    admission.ended(first)
    assert started(admission) == crowd[:1]
