"""How much of a machine a process may use, by control groups that are folders of the test."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.execution.executors.admission import FLOOR, Admission
from harness.execution.executors.allowance import Allowance

if TYPE_CHECKING:
    from pathlib import Path

GIBIBYTE = 1 << 30


class Groups:
    """Control groups of version 2 on a machine of eight processors: ``outer``, and ``outer/inner``, the process's."""

    def __init__(self, folder: Path) -> None:
        """Limit nothing."""
        self.now = 0.0
        self._folder = folder
        (folder / "outer" / "inner").mkdir(parents=True)

    def say(self, group: str, **files: str) -> None:
        """Write files of a group; ``cpu_max`` is ``cpu.max``."""
        for name, text in files.items():
            (self._folder / group / name.replace("_", ".", 1)).write_text(text)

    def allowance(self) -> Allowance:
        """Return what a process in the inner group may use."""
        mountinfo = f"29 22 0:26 / {self._folder} rw - cgroup2 cgroup2 rw\n"
        return Allowance(cgroup="0::/outer/inner\n", mountinfo=mountinfo, allowed=8, clock=lambda: self.now)


@pytest.fixture
def groups(tmp_path: Path) -> Groups:
    """Two of them."""
    return Groups(tmp_path)


def test_without_limits_it_is_the_processors_that_it_may_run_on(groups: Groups) -> None:
    """The root has no such files, and a group that says ``max`` has no limit."""
    groups.say("outer/inner", cpu_max="max 100000\n", memory_max="max\n")
    assert groups.allowance().processors == 8


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("150000 100000", "max 100000", 2),
        ("max 100000", "50000 100000", 1),
        ("300000 100000", "200000 100000", 2),
        ("9900000 100000", "max 100000", 8),
        ("0 0", "", 8),
    ],
)
def test_tightest_limit_holds(groups: Groups, inner: str, outer: str, expected: int) -> None:
    """Of the process's own group and of all above it; rounded up, because half a processor runs cells too."""
    groups.say("outer/inner", cpu_max=inner)
    groups.say("outer", cpu_max=outer)
    assert groups.allowance().processors == expected


def test_load_inside_a_limit_is_the_group_s(groups: Groups) -> None:
    """Whatever the machine does: two processors for ten seconds are twenty seconds."""
    groups.say("outer", cpu_max="200000 100000", cpu_stat="usage_usec 1000000\n")
    allowance = groups.allowance()
    groups.now = 10.0
    groups.say("outer", cpu_stat="usage_usec 6000000\n")
    assert allowance.processors_used() == pytest.approx(0.25)
    groups.now = 11.0
    groups.say("outer", cpu_stat="usage_usec 9000000\n")
    assert allowance.processors_used() == 1.0


def test_fullest_memory_counts(groups: Groups) -> None:
    """Of two limits the one that is nearer to its end."""
    groups.say("outer", memory_max=str(8 * GIBIBYTE), memory_current=str(2 * GIBIBYTE))
    groups.say("outer/inner", memory_max=str(GIBIBYTE), memory_current=str(GIBIBYTE), memory_stat="inactive_file 0\n")
    assert groups.allowance().memory_used() == 1.0


def test_a_load_that_the_system_does_not_say_is_the_machine_s(groups: Groups) -> None:
    """No file of it is there."""
    groups.say("outer", cpu_max="200000 100000")
    allowance = groups.allowance()
    groups.now = 1.0
    assert 0.0 <= allowance.processors_used() <= 1.0
    assert 0.0 < allowance.memory_used() <= 1.0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are bound to processors on Linux")
def test_process_that_is_bound_to_one_processor_admits_as_on_one() -> None:
    """Asked of the real system: fewer cells are admitted at once than the machine has processors for."""
    code = "from harness.execution.executors.admission import Admission; print(Admission().usual, Admission().most)"
    one = min(os.sched_getaffinity(0))
    bound = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", f"import os; os.sched_setaffinity(0, [{one}]); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    alone = Admission(cores=1)
    assert bound.stdout.split() == [str(alone.usual), str(alone.most)]
    assert alone.most > FLOOR
