"""Measures the stages of a cell whose environment stands ready: where its time goes, from the call to the table.

    python benchmarks/profile_of_cell.py [RUNS] [harness run options that select one cell …]

The call's own functions are timed from inside, one run after the other in this process; imports are timed in processes
of their own. Stages do not overlap: the time of a stage excludes that of the stages that it calls. Medians are printed.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from harness.cli import main as harness
from harness.execution import recorder, runner
from harness.execution.executors.local import LocalExecutor
from harness.execution.server import Server
from harness.processes import process
from harness.results.journal import Journal
from harness.selection.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT = ("pipelined-keep-alive", "--cell", "*_h11_*", "--server", "uvicorn==0.27.1", "--python", "3.12")
STAGES: tuple[tuple[Any, str, str], ...] = (
    (Plan, "__init__", "scenarios, matrix, releases"),
    (LocalExecutor, "__enter__", "the run's folder and reaper"),
    (runner.Runner, "resolve", "the environment is resolved"),
    (recorder.Recorder, "remaining", "stored results are looked up"),
    (runner.Runner, "prepare", "the environment is looked at"),
    (process.Process, "end", "what is left is ended"),
    (Server, "wait_until_ready", "servers start, until they answer"),
    (Server, "stop", "servers end"),
    (runner, "run_trial", "the scenario observes"),
    (recorder, "judge", "judging"),
    (Journal, "keep_evidence", "evidence written"),
    (Journal, "add", "result written"),
    (LocalExecutor, "__exit__", "all is ended and removed"),
)


class Stopwatch:
    """Times functions, each without those that it calls; in one cell they follow one another, over threads too."""

    def __init__(self) -> None:
        """Begin without any time."""
        self.seconds: dict[str, float] = collections.defaultdict(float)
        self._inside: list[float] = []

    def timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """Return the function, timed."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            began = time.perf_counter()
            self._inside.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                took = time.perf_counter() - began
                self.seconds[stage] += took - self._inside.pop()
                if self._inside:
                    self._inside[-1] += took

        return wrapped


def importing(code: str) -> float:
    """Return the seconds that an interpreter takes to start, run some code, and end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - this very interpreter
    return time.perf_counter() - began


def one_run(options: list[str], originals: dict[str, Callable[..., Any]]) -> dict[str, float]:
    """Run the cell once, ignoring the stored result, and return the seconds of each stage."""
    watch = Stopwatch()
    for owner, name, stage in STAGES:
        setattr(owner, name, watch.timed(originals[stage], stage))
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        harness(["run", "--rerun", "--quiet", "--jobs", "1", *options])
    whole = time.perf_counter() - began
    bare = importing("pass")
    times = {"Python starts": bare, "imports": importing("import harness.cli") - bare}
    times |= {stage: watch.seconds[stage] for _, _, stage in STAGES}
    return {**times, "the rest: schedule, table": whole - sum(watch.seconds.values())}


def main() -> int:
    """Run and print."""
    arguments = sys.argv[1:]
    runs = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 5
    options = arguments or list(DEFAULT)
    originals = {stage: getattr(owner, name) for owner, name, stage in STAGES}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        one_run(options, originals)  # builds the environment if need be
        measured = [one_run(options, originals) for _ in range(runs)]
    print(f"{' '.join(options)}: medians of {runs} runs, load {os.getloadavg()[0]:.1f}")
    stages = {stage: statistics.median(run[stage] for run in measured) for stage in measured[0]}
    for stage, seconds in stages.items():
        print(f"{stage:42}{1000 * seconds:8.0f} ms")
    print(f"{'sum':42}{1000 * sum(stages.values()):8.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
