"""Measures the Linux part of the default matrix: with empty caches, then unchanged, and the harness's own memory.

    python -m benchmarks.first_run

Prints both times in seconds, their ratio, and the largest resident size seen of the harness's own process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SAMPLE_S = 0.05


def measure(folder: Path) -> tuple[float, float, int]:
    """Run the default matrix in a folder with caches of its own; return what `watched` returns."""
    env = {**os.environ, "HARNESS_CACHE": str(folder / "cache"), "UV_CACHE_DIR": str(folder / "uv")}
    return watched(["run", "--quiet", "--cell", "*_linux"], folder, env)


def watched(call: Sequence[str], folder: Path, env: Mapping[str, str]) -> tuple[float, float, int]:
    """Call the harness; return the seconds, the largest size of its own process in megabytes, and the exit status."""
    began, largest = time.monotonic(), 0
    argv = [sys.executable, "-m", "harness", *call]
    process = psutil.Popen(argv, cwd=folder, env=env, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            largest = max(largest, process.memory_info().rss)
        except psutil.Error:
            break
        time.sleep(SAMPLE_S)
    return time.monotonic() - began, largest / 1e6, process.wait()


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        cold, cold_memory, status = measure(Path(name))
        warm, warm_memory, again = measure(Path(name))
    print(f"processors               {os.cpu_count()}")
    print(f"empty caches             {cold:6.1f} s   (exit status {status}; under 180 s is promised)")
    print(f"nothing changed          {warm:6.1f} s   (exit status {again}; under 2 s is promised)")
    print(f"ratio                    {cold / warm:6.0f}")
    print(f"memory of the harness    {max(cold_memory, warm_memory):6.0f} MB  (under 150 MB is promised)")


if __name__ == "__main__":
    main()
