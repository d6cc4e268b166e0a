"""Measures the harness's own memory over a run of many cells, and how long a report of many stored cells takes.

    python -m benchmarks.many_cells [CELLS] [STORED]

The cells start no server, so that the harness alone is measured; each has its trial, its evidence and its entry. The
stored cells are the same cells, copied under further names until there are enough.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks.first_run import watched
from harness.results.entries import Entry, entries_in
from tests.minimatrix.driving import PYTHON, User
from tests.minimatrix.index import Index

ROUNDS = 5
SCENARIO = """
from harness import Check, Scenario, Variant, conclude

def observe(trial):
    trial.record("answer", "fine " * 400)

def judge(evidence):
    told = str(evidence.facts.get("answer"))
    return conclude(signature=None, controls=[Check(name="it tells", expected="fine", actual=told[:4])],
                    requirement=Check(name="all of it", expected=2000, actual=len(told)))

SCENARIO = Scenario(id="many-cells", title="there are many of it", subject="toyserver", observe=observe, judge=judge,
                    variants=tuple(Variant(name=f"v{number}") for number in range(%d)), typical_s=0.1)
"""
MATRIX = f"""
[[cells]]
scenarios = ["many-cells"]
releases = ["==1.1"]
pythons = ["{PYTHON}"]
platforms = ["linux"]
"""


def processor_s() -> float:
    """Return the processor seconds of all children so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def multiply(journal: Path, count: int) -> None:
    """Write the entries again under further releases until there are enough, in sections as long as real ones."""
    with journal.open("rb") as file:
        entries = list(entries_in(file))
    lines = []
    for number in range(count):
        entry = entries[number % len(entries)]
        version, variant, scenario = f"0.{number % 100}.0", f"v{number // 100 % 4}", f"many-cells-{number // 400}"
        named = f"{scenario}_{variant}_toyserver-{version}_py{PYTHON}_linux"
        fields = {"id": named, "version": version, "variant": variant, "scenario": scenario}
        lines.append(_changed(entry, f"{number:064x}", fields))
    journal.write_bytes(b"".join(lines))


def _changed(entry: Entry, key: str, fields: dict[str, str]) -> bytes:
    result = msgspec.structs.replace(entry.result, **fields)
    return msgspec.json.encode(msgspec.structs.replace(entry, key=key, result=result)) + b"\n"


def main() -> None:
    """Measure and print."""
    cells = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    stored = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000  # noqa: PLR2004 - the second argument
    with tempfile.TemporaryDirectory() as name, Index() as index:
        folder = Path(name)
        (folder / "scenarios").mkdir()
        (folder / "scenarios" / "many_cells.py").write_text(SCENARIO % cells)
        (folder / "many.toml").write_text(MATRIX)
        user = User(folder=folder / "user", cache=folder / "cache", index=index.url)
        selection = ["--matrix", str(folder / "many.toml"), "--scenarios", str(folder / "scenarios")]
        call = ["run", "many-cells", "--quiet", *selection]
        first = watched(call, user.folder, user.environment())
        again = watched(call, user.folder, user.environment())
        multiply(user.results / "journal.jsonl", stored)
        before = processor_s()
        reports = sorted(watched(["report"], user.folder, user.environment())[0] for _ in range(ROUNDS))
        worked = (processor_s() - before) / ROUNDS
    print(f"processors               {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")
    print(f"cells                    {cells:6}")
    print(f"run                      {first[0]:6.1f} s   (exit status {first[2]})")
    print(f"memory of the harness    {first[1]:6.0f} MB  (under 150 MB is promised)")
    print(f"unchanged                {again[0]:6.1f} s   (exit status {again[2]}, {again[1]:.0f} MB)")
    spread = f"{reports[0]:.1f} to {reports[-1]:.1f}"
    print(f"report of {stored} stored  {reports[ROUNDS // 2]:6.1f} s   ({spread}; under 2 s is promised)")
    print(f"  of that processor time {worked:6.1f} s   (all of it, on a machine that does nothing else)")


if __name__ == "__main__":
    main()
