"""Measures how long a call takes that has nothing to execute, as a multiple of importing the argument parser.

    python -m benchmarks.startup [--rounds 9] [--only version,list,many,run] [--kept FOLDER] [--cache FOLDER]

In every round each call is made once, beside the reference ``python -c "import click"`` on the same interpreter, so
that a load that comes and goes meets all of them. A row has the median of all rounds: wall seconds, processor seconds
(of the call and of all processes that it waited for), and both as multiples of the reference. The processor time hardly
depends on what else the machine does.

Modules are compiled once, into a folder of the benchmark's own, as they are wherever the program is installed. The
default matrix is run before the measurement, into ``--kept``, where later measurements find its results again. With
empty caches that takes minutes; ``--cache`` names a cache with environments.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from benchmarks.many_scenarios import copies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REFERENCE = ("-c", "import click")
HARNESS = ("-m", "harness")
MANY = 150
MOST = {"version": 2.0, "list": 5.0, "many": 5.0, "run": 8.0}
"""What each call may take at the most, as a multiple of the reference."""
_TITLES = {
    "version": "harness --version",
    "list": "harness list",
    "many": f"harness list, {MANY} scenarios more",
    "run": "harness run, nothing changed",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Taken:
    """What one call took, in wall seconds and in processor seconds; and what it printed."""

    wall: float
    processor: float
    printed: str


def take(arguments: Sequence[str], env: Mapping[str, str]) -> Taken:
    """Make a call and return what the call took.

    Raises:
        SystemExit: the call failed.

    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([sys.executable, *arguments], env=env, capture_output=True, text=True, check=False)  # noqa: S603
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(wall=wall, processor=spent, printed=done.stdout)


def measure(calls: Mapping[str, Sequence[str]], env: Mapping[str, str], *, rounds: int) -> dict[str, list[Taken]]:
    """Make every call once a round, in turn, after one round that only fills the caches; return what each call took.

    Raises:
        SystemExit: a call failed, or did not see the scenarios that were made for it.

    """
    first = {name: take(arguments, env) for name, arguments in calls.items()}
    if "many" in first and (seen := first["many"].printed.count("    subject   ")) <= MANY:
        raise SystemExit(f"'harness list' saw {seen} scenarios, not {MANY} more than the project's own")
    taken: dict[str, list[Taken]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, arguments in calls.items():
            taken[name].append(take(arguments, env))
    return taken


def print_table(taken: Mapping[str, Sequence[Taken]]) -> None:
    """Print medians, the reference in the first row; a ratio is the median of the ratios of the rounds."""
    reference = taken["reference"]
    print(f"{'':<36} {'wall, s':>8} {'ratio':>6} {'processor, s':>13} {'ratio':>6}")
    for name, every in taken.items():
        wall, processor = (statistics.median(getattr(one, kind) for one in every) for kind in ("wall", "processor"))
        pairs = list(zip(every, reference, strict=True))
        of_wall = statistics.median(one.wall / other.wall for one, other in pairs)
        of_processor = statistics.median(one.processor / other.processor for one, other in pairs)
        promised = f"   ({MOST[name]:.0f} or less is the aim)" if name in MOST else ""
        title = _TITLES.get(name, 'python -c "import click"')
        print(f"{title:<36} {wall:>8.2f} {of_wall:>6.1f} {processor:>13.2f} {of_processor:>6.1f}{promised}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default=",".join(MOST), help="which calls: version,list,many,run")
    parser.add_argument("--kept", type=Path, default=platformdirs.user_cache_path("harness-benchmarks") / "startup")
    parser.add_argument("--cache", type=Path, help="a cache of environments, in place of one in the kept folder")
    asked = parser.parse_args()
    names = asked.only.split(",")
    if unknown := set(names) - MOST.keys():
        parser.error(f"--only: unknown {', '.join(sorted(unknown))}; valid: {', '.join(MOST)}")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(asked.kept / "bytecode")
    env["HARNESS_CACHE"] = str(asked.cache or asked.kept / "cache")
    with tempfile.TemporaryDirectory() as folder:
        many = copies(Path(folder) / "many", MANY)
        calls = {
            "version": ("--version",),
            "list": ("list",),
            "many": ("list", "--scenarios", str(many)),
            "run": ("run", "--quiet", "--results", str(asked.kept / "results")),
        }
        chosen = {name: (*HARNESS, *calls[name]) for name in calls if name in names}
        print_table(measure({"reference": REFERENCE, **chosen}, env, rounds=asked.rounds))


if __name__ == "__main__":
    main()
