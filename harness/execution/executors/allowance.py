"""How much of the machine this process may use, and how much of that is in use.

A process may be bound to some processors (``taskset``, a container's ``--cpuset-cpus``), and its control groups may
limit how much processor time and memory it has together with all that it starts (``--cpus``, ``--memory``). The
tightest of these holds. Inside a limit the load is that of the group, whatever the rest of the machine does.
"""

from __future__ import annotations

import dataclasses
import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from harness.execution.executors import control_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KEPT_OF_FILE = 1 << 20  # bytes: more than any file of a control group has


def bound_to() -> frozenset[int] | None:
    """Return the processors that this process is bound to, None where the system does not say."""
    return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def count() -> int:
    """Return how many processors this process may run on, without regard to its control groups; at least 1."""
    if hasattr(os, "process_cpu_count"):  # since Python 3.13; PYTHON_CPU_COUNT may say another number
        return os.process_cpu_count() or 1
    return len(bound_to() or ()) or os.cpu_count() or 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProcessorLimit:
    """How many processors a control group may use, and the folder that says how much time it has used."""

    processors: float
    folder: Path

    def used_s(self) -> float | None:
        """Return the processor seconds used so far, None where the system does not count them in this folder."""
        return control_groups.processor_s(_text(self.folder / "cpu.stat"), _text(self.folder / "cpuacct.usage"))


@dataclasses.dataclass(frozen=True, kw_only=True)
class MemoryLimit:
    """How many bytes a control group may use, and the folder that says how many it uses."""

    most: int
    folder: Path

    def used(self) -> float:
        """Return how much of it is in use, 0 to 1."""
        current = _text(self.folder / "memory.current") or _text(self.folder / "memory.usage_in_bytes")
        used = control_groups.memory_used(current, _text(self.folder / "memory.stat"))
        return min(1.0, (used or 0) / self.most)


class Allowance:
    """What this process may use. Each caller needs its own: a load is that since the last call. For one thread."""

    def __init__(
        self,
        *,
        cgroup: str | None = None,
        mountinfo: str | None = None,
        allowed: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the limits.

        Args:
            cgroup: the text of ``/proc/self/cgroup``; None to read it.
            mountinfo: the text of ``/proc/self/mountinfo``; None to read it.
            allowed: on how many processors the process may run; None for `count`.
            clock: in seconds.

        """
        cgroup = _text(Path("/proc/self/cgroup")) if cgroup is None else cgroup
        mountinfo = _text(Path("/proc/self/mountinfo")) if mountinfo is None else mountinfo
        allowed = allowed or count()
        limits = tuple(_processor_limits(cgroup, mountinfo))
        self._limits = tuple(limit for limit in limits if limit.processors < allowed)
        self._memory = tuple(_memory_limits(cgroup, mountinfo))
        self._clock = clock
        self._seen = self._look()
        self.processors = max(1, math.ceil(min((allowed, *(limit.processors for limit in limits)))))
        """How many processors' time this process may use, rounded up."""

    def processors_used(self) -> float:
        """Return how much of the processors' time was used since the last call, 0 to 1.

        Where control groups allow less than all processors, this is the used share of what they allow. Where the system
        does not say how much a group has used, this is the load of the processors that the process may run on.
        """
        before, self._seen = self._seen, self._look()
        passed_s = self._seen[0] - before[0]
        used = [
            (now - then) / (limit.processors * passed_s)
            for limit, now, then in zip(self._limits, self._seen[1], before[1], strict=True)
            if now is not None and then is not None and passed_s > 0
        ]
        load = _machine_load()  # asked on each call, since psutil counts from the last time it was asked
        return min(1.0, max(used)) if used else load

    def _look(self) -> tuple[float, tuple[float | None, ...]]:
        return self._clock(), tuple(limit.used_s() for limit in self._limits)

    def memory_used(self) -> float:
        """Return how much of the memory is in use, 0 to 1: the machine's or a control group's, whichever is fullest."""
        machine = psutil.virtual_memory()
        return max(1 - machine.available / machine.total, *(limit.used() for limit in self._memory), 0.0)


def _machine_load() -> float:
    """Return the load since the last call of the processors that this process is bound to, or of all."""
    each = psutil.cpu_percent(percpu=True)
    bound = bound_to()
    if bound and max(bound) < len(each):  # else some are off, and places are not numbers
        each = [each[number] for number in bound]
    return sum(each) / (100 * len(each)) if each else 0.0


def _processor_limits(cgroup: str, mountinfo: str) -> Iterator[ProcessorLimit]:
    for folder in control_groups.folders(cgroup, mountinfo, ""):
        if limit := control_groups.processors(_text(folder / "cpu.max")):
            yield ProcessorLimit(processors=limit, folder=folder)
    for folder in control_groups.folders(cgroup, mountinfo, "cpu"):
        quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
        if limit := control_groups.processors(quota, period):
            yield ProcessorLimit(processors=limit, folder=folder)


def _memory_limits(cgroup: str, mountinfo: str) -> Iterator[MemoryLimit]:
    for controller, name in (("", "memory.max"), ("memory", "memory.limit_in_bytes")):
        for folder in control_groups.folders(cgroup, mountinfo, controller):
            if most := control_groups.memory(_text(folder / name)):
                yield MemoryLimit(most=most, folder=folder)


def _text(path: Path) -> str:
    """Return the text of a file of the system; an empty one where the file is missing or cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_KEPT_OF_FILE).decode(errors="replace")
    except OSError:
        return ""
