"""Runs the scenarios ten times with every core kept busy by another load; no verdict may differ.

    python benchmarks/under_load.py [RUNS] [harness run options …]

Exit status 0 where every run gave the verdicts of the first and none was unexpected, else 1.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY = "import time, sys\nend = time.monotonic() + float(sys.argv[1])\nwhile time.monotonic() < end: pass"
LONGEST_S = 3600


@contextlib.contextmanager
def every_core_busy() -> Iterator[None]:
    """Keep one process spinning on each core, ended with the block and in any case after an hour."""
    burners = [
        subprocess.Popen([sys.executable, "-c", BUSY, str(LONGEST_S)])  # noqa: S603 - this very loop
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def verdicts(folder: str, options: list[str]) -> dict[str, tuple[str, str]]:
    """Run once, ignoring stored results; return each cell's verdict and expectation."""
    done = subprocess.run(  # noqa: S603 - the harness itself
        [sys.executable, "-m", "harness", "run", "--rerun", "--quiet", "--format", "json", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return {cell["id"]: (cell["verdict"], cell["expected"]) for cell in json.loads(done.stdout)["cells"]}


def main() -> int:
    """Run, compare and print."""
    arguments = sys.argv[1:]
    runs = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 10
    differing: set[str] = set()
    with tempfile.TemporaryDirectory() as folder, every_core_busy():
        first: dict[str, tuple[str, str]] = {}
        for number in range(1, runs + 1):
            began = time.monotonic()
            found = verdicts(folder, arguments)
            first = first or found
            wrong = {cell for cell, (verdict, expected) in found.items() if verdict != (expected or first[cell][0])}
            differing |= wrong
            load = os.getloadavg()[0]
            took = time.monotonic() - began
            print(f"run {number:2}: {len(found)} cells, {len(wrong)} differ, {took:.0f} s, load {load:.1f}")
            for cell in sorted(wrong):
                print(f"    {cell}: {found[cell][0]}, expected {found[cell][1]}")
    print(f"{runs} runs with every core busy: {len(differing)} cells with a differing verdict")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
