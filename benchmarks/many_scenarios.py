"""Measures what a folder of many scenarios costs a call: ``harness list`` with one scenario and with many.

    python -m benchmarks.many_scenarios [SCENARIOS] [ROUNDS]

The scenarios are copies of the project's own, with their applications and their expectations. Calls with one scenario
and with many take turns, since other work on the machine slows down both. Prints the median of a call's seconds, and
the least of its processor seconds, which is what a call costs where nothing else runs.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.catalog.loading import bundled

MATRIX = '[[cells]]\nscenarios = ["pipelined-keep-alive"]\nreleases = ["latest"]\nplatforms = ["linux"]\n'


def copies(place: Path, count: int) -> Path:
    """Make a folder with a given number of scenarios, by subject, and return it."""
    own = sorted(path.parent for path in bundled("scenarios").glob("*/*/scenario.py"))
    for number in range(count):
        source = own[number % len(own)]
        shutil.copytree(source, place / source.parent.name / f"{source.name}-{number}")
    return place


def timed(*arguments: str) -> tuple[float, float]:
    """Return the seconds that a call takes, and its processor seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, "-m", "harness", *arguments], stdout=subprocess.DEVNULL, check=True)  # noqa: S603
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9  # noqa: PLR2004 - the second argument
    print(f"processors {os.cpu_count()}, load {os.getloadavg()[0]:.1f}, {rounds} rounds")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "matrix.toml").write_text(MATRIX)
        places = {1: copies(folder / "one", 1), count: copies(folder / "many", count)}
        for call in (["list"], ["list", "--cells", "--matrix", str(folder / "matrix.toml")]):
            taken: dict[int, list[tuple[float, float]]] = {1: [], count: []}
            for _ in range(rounds):
                for scenarios, place in places.items():
                    taken[scenarios].append(timed(*call, "--scenarios", str(place)))
            for scenarios, times in taken.items():
                waited, worked = statistics.median(wall for wall, _ in times), min(work for _, work in times)
                print(
                    f"{' '.join(call[:2]):12} {scenarios:4} scenarios: {waited:5.2f} s, of a processor {worked:5.2f} s"
                )


if __name__ == "__main__":
    main()
