"""Runs the same cells at 1, 8 and 32 at a time while every core is kept busy by another load; no verdict may differ.

    python -m benchmarks.at_once [NUMBER …] [--cell GLOB]

The cells are those of the default matrix, or those of them that the glob matches. Cells start whatever the load, which
the harness itself would not allow. Exit status 0 where every verdict is the one that is expected, else 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.under_load import every_core_busy
from harness.commands.executing import executor
from harness.execution.executors.admission import Admission
from harness.selection.options import Options
from harness.selection.plan import Plan
from harness.selection.stored import Stored

if TYPE_CHECKING:
    from harness.model.result import CellResult

NUMBERS = (1, 8, 32)


def run(number: int, folder: Path, glob: str) -> list[CellResult]:
    """Run the cells anew, a given number at a time, and return their results."""
    found: list[CellResult] = []
    plan = Plan(Options(cells=(glob,), results=folder, rerun=True))
    admission = Admission(number, processors=lambda: 0.0, memory=lambda: 0.0)
    with executor(plan, Stored(plan), admission=lambda: admission) as local:
        local.execute([plan.task(cell, 1) for cell in plan.cells], on_result=found.append)
    return [plan.expecting(one) for one in found]


def main() -> int:
    """Run, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", type=int, default=NUMBERS)
    parser.add_argument("--cell", default="*", metavar="GLOB")
    arguments = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, every_core_busy():
        for number in arguments.numbers:
            began = time.monotonic()
            found = run(number, Path(folder) / str(number), arguments.cell)
            differing = [cell for cell in found if cell.verdict != cell.expected]
            wrong += len(differing)
            took, load = time.monotonic() - began, os.getloadavg()[0]
            print(f"{number:3} at a time: {len(found)} cells, {len(differing)} differ, {took:.0f} s, load {load:.1f}")
            for cell in differing:
                print(f"    {cell.id}: {cell.verdict}, expected {cell.expected}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
