"""Measures how close a run comes to the machine's limit: its time beside max(processor seconds / cores, longest cell).

    python -m benchmarks.limit [harness run options …]

Runs all selected cells in environments that stand ready; missing environments are built first. The processors' time is
that of the whole machine, so nothing else should run. The longest cell is the longest of this very run.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from harness.cli import cli
from harness.execution.runner import Runner
from harness.selection.options import Options
from harness.selection.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """One run: its time, the processors' time meanwhile and its longest cell, in seconds; and its number of cells."""

    wall_s: float
    processors_s: float
    longest_s: float
    cells: int
    status: int

    @property
    def limit_s(self) -> float:
        """The time in seconds that no schedule of these cells on this machine can beat."""
        return max(self.processors_s / (os.cpu_count() or 1), self.longest_s)

    def lines(self) -> list[str]:
        """Return the figures, one to a line."""
        cores = os.cpu_count() or 1
        return [
            f"cells                        {self.cells:7}   (exit status {self.status})",
            f"wall time                    {self.wall_s:7.1f} s",
            f"processor seconds / cores    {self.processors_s / cores:7.1f} s   ({self.processors_s:.1f} s on {cores})",
            f"longest cell                 {self.longest_s:7.1f} s",
            f"wall time / the greater      {self.wall_s / self.limit_s:7.2f}     (1.25 or less is promised)",
        ]


def worked() -> float:
    """Return the seconds that all processors have worked since the machine started."""
    times = psutil.cpu_times()
    return float(times.user + times.system + sum(getattr(times, name, 0.0) for name in ("nice", "irq", "softirq")))


def measure(options: Sequence[str], folder: str, env: dict[str, str] | None = None) -> Measured:
    """Run cells in a folder and return what the run took."""
    argv = [sys.executable, "-m", "harness", "run", "--quiet", "--format", "json", *options]
    before, began = worked(), time.monotonic()
    done = subprocess.run(  # noqa: S603 - the harness itself
        argv, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )
    wall_s, processors_s = time.monotonic() - began, worked() - before
    ran = [cell for cell in json.loads(done.stdout)["cells"] if not cell["cached"]]
    longest_s = max((cell["duration_s"] for cell in ran), default=0.0)
    return Measured(
        wall_s=wall_s, processors_s=processors_s, longest_s=longest_s, cells=len(ran), status=done.returncode
    )


def prepare(options: Sequence[str], folder: str) -> None:
    """Have the environments of all selected cells built, and run none."""
    said = cli.commands["run"].make_context("run", list(options)).params
    chosen = {field.name: said[field.name] for field in dataclasses.fields(Options) if field.name in said}
    plan = Plan(Options(**{**chosen, "results": Path(folder)}))
    cores = os.cpu_count() or 1
    with (
        Runner(plan.scenarios, cache=plan.options.cache) as runner,
        concurrent.futures.ThreadPoolExecutor(2 * cores) as builders,
    ):
        firsts = {runner.environment_of(task): task for task in map(plan.task, plan.cells)}
        for _ in builders.map(lambda task: runner.prepare(task, runner.resolve(task)), firsts.values()):
            pass


def main() -> int:
    """Measure and print."""
    options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        prepare(options, folder)
    with tempfile.TemporaryDirectory() as folder:
        idle = psutil.cpu_percent(1)
        found = measure(options, folder)
    print(f"harness run {' '.join(options)}, the machine {idle:.0f} % busy before")
    print("\n".join(found.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
