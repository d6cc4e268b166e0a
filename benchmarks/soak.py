"""Kills runs on the toy subject at random moments, again and again, and looks for what is left, lost or doubled.

    python -m benchmarks.soak [KILLS] [SEED]

Every run is the same call in the same results folder. Where a run ends by itself, its results are compared with what
the toy is made to show, and the next run begins in a new folder. Exit status 0 where nothing was lost, doubled, wrong
or left.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import random
import re
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.minimatrix.driving import PYTHON, SCENARIOS, User, ended
from tests.minimatrix.index import Index

VERDICTS = {"1.0": "reproduced", "1.1": "absent", "1.2": "unhealthy", "1.6": "absent"}
VARIANTS = 10
LONGEST_S = 6.0
FINISHED = re.compile(r"^\[\d+/\d+\] \S (\S+) ", re.MULTILINE)
MATRIX = f"""
[[cells]]
scenarios = ["toy-failure"]
releases = {[f"=={version}" for version in VERDICTS]}
pythons = ["{PYTHON}"]
platforms = ["linux"]
"""


@dataclasses.dataclass
class Found:
    """Counts of what is wrong, and of what was looked at."""

    kills: int = 0
    whole: int = 0
    finished: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    left: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.wrong or self.left)


def write_toy(folder: Path) -> tuple[Path, Path]:
    """Write the toy's scenario with several variants, so that there are enough cells; return it and its matrix."""
    source = (SCENARIOS / "toy_failure.py").read_text()
    variants = f"variants=tuple(Variant(name=f'v{{number}}') for number in range({VARIANTS})),"
    source = source.replace("import Check,", "import Variant, Check,").replace(
        '    title="', f'    {variants}\n    title="'
    )
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "toy_failure.py").write_text(source)
    (folder / "toy.toml").write_text(MATRIX)
    return folder / "scenarios", folder / "toy.toml"


def entries(results: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a journal; the last may be torn."""
    found = []
    for line in (results / "journal.jsonl").read_bytes().splitlines() if (results / "journal.jsonl").exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def look(user: User, results: Path, told: set[str], found: Found) -> None:
    """Compare the cells that runs reported as finished with those of the folder; look for what runs left behind."""
    kept = entries(results)
    backed = {one["result"]["id"] for one in kept if (results / one["result"]["evidence"] / "trial-1.json").is_file()}
    found.lost += len(told - backed)
    found.doubled += sum(count - 1 for count in collections.Counter(one["key"] for one in kept).values())
    found.wrong += sum(one["result"]["verdict"] != VERDICTS[one["result"]["version"]] for one in kept)
    left = user.left_in_the_end()
    found.left += len(left)
    for one in left:
        print(f"left: {one}", file=sys.stderr)


def soak(user: User, call: list[str], kills: int, chance: random.Random) -> Found:
    """Kill a given number of runs."""
    found, told, generation = Found(), set[str](), 0
    while found.kills < kills:
        results = user.folder / f"results-{generation}"
        with user.start(*call, "--results", results) as running:
            time.sleep(chance.uniform(0.1, LONGEST_S))
            is_killed = running.poll() is None
            running.send_signal(signal.SIGKILL)
            called = ended(running)
        said = set(FINISHED.findall(called.stderr))
        found.finished += len(said - told)
        told |= said
        found.kills += is_killed
        look(user, results, told, found)
        print(f"{found.kills} kills, {len(told)} cells finished in {results.name}", file=sys.stderr)
        if not is_killed:
            found.whole += 1
            found.wrong += called.status != 3  # noqa: PLR2004 - one release is unhealthy
            generation, told = generation + 1, set()
    return found


def main() -> int:
    """Soak and print."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1  # noqa: PLR2004 - the second argument
    with tempfile.TemporaryDirectory() as name, Index() as index:
        folder = Path(name)
        scenarios, matrix = write_toy(folder)
        user = User(folder=folder / "user", cache=folder / "cache", index=index.url, scenarios=scenarios)
        call = ["run", "toy-failure", "--matrix", str(matrix), "--scenarios", str(scenarios)]
        found = soak(user, call, kills, random.Random(seed))  # noqa: S311 - the same moments every time
    print(f"kills                    {found.kills}   (seed {seed}; {found.whole} runs came to their end between them)")
    print(f"cells finished           {found.finished}")
    print(f"finished cells lost      {found.lost}")
    print(f"results doubled          {found.doubled}")
    print(f"verdicts wrong           {found.wrong}")
    print(f"left running or behind   {found.left}")
    return 0 if found.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
