"""Measures what a cell costs on a platform and on the machine itself, in turn: a server started, asked once, stopped.

    python benchmarks/cost_of_platform.py windows-wine [ROUNDS [PYTHON]]
    python benchmarks/cost_of_platform.py docker:harness-ubuntu:24.04 5 3.7

Prints the medians of the wall time and of the processor time of the call's processes, the overhead, and the ratios pair
by pair. The processes of a container belong to the engine: their processor time is not part of the call's.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OWN = "linux"
SCENARIO = """
from harness import Check, Heard, Scenario, conclude

def observe(trial):
    arguments = ("-m", "uvicorn", "hello:app", "--host", "127.0.0.1", "--port", "{port}")
    with trial.server("uvicorn", "python", *arguments, ready_s=60) as server:
        server.get("/", name="hello")

def judge(evidence):
    check, again = (Check(name=name, expected=Heard.of((200, b"hello")), actual=evidence.heard("hello"))
                    for name in ("it serves", "it answers"))
    return conclude(signature=None, controls=[check], requirement=again)

SCENARIO = Scenario(id="hello", title="a server answers", subject="uvicorn", observe=observe, judge=judge,
                    applications=("hello.py",), platforms=("linux", "windows"))
"""
APPLICATION = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": [[b"content-length", b"5"]]})
    await send({"type": "http.response.body", "body": b"hello"})
"""


def measure(folder: Path, platform: str, python: str) -> tuple[float, float]:
    """Run the cell; return its seconds as the harness reports them, and the processor seconds of the whole call."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    arguments = ("run", "hello", "--scenarios", str(folder), "--server", "uvicorn==0.20.0", "--python", python)
    done = subprocess.run(  # noqa: S603 - the harness itself
        [sys.executable, "-m", "harness", *arguments, "--platform", platform, "--rerun", "--quiet", "--format", "json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    (cell,) = json.loads(done.stdout)["cells"]
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cell["duration_s"], used


def main() -> None:
    """Measure in turn and print."""
    platform = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5  # noqa: PLR2004 - its place in the call
    python = sys.argv[3] if len(sys.argv) > 3 else "3.8"  # noqa: PLR2004 - likewise
    found: dict[str, list[tuple[float, float]]] = {OWN: [], platform: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "hello_scenario.py").write_text(SCENARIO)
        (folder / "hello.py").write_text(APPLICATION)
        for number in range(rounds + 1):
            for where, times in found.items():
                began = time.monotonic()
                measured = measure(folder, where, python)
                if number:  # the first round builds what is needed
                    times.append(measured)
                print(f"  {where}: {measured[0]:.2f} s, the call {time.monotonic() - began:.2f} s", file=sys.stderr)
    for place, what in enumerate(("wall time of the cell", "processor time waited for")):
        own, other = ([times[place] for times in found[where]] for where in (OWN, platform))
        ratios = sorted(b / a for a, b in zip(own, other, strict=True))
        over = statistics.median(b - a for a, b in zip(own, other, strict=True))
        medians = f"{OWN} {statistics.median(own):.2f} s, {platform} {statistics.median(other):.2f} s, {over:+.2f} s"
        print(f"{what}: {medians}, ratio {statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})")


if __name__ == "__main__":
    main()
