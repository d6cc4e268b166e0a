"""Measures a report of many cells: how long the site takes, how large it is, and how large its first page is.

``python benchmarks/large_report.py [CELLS]`` makes a results folder of synthetic cells in a temporary folder, each with
a small evidence of its own, and renders the folder. ``--results DIR`` renders real results instead; ``--keep DIR``
keeps the site.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.model.cell import Cell
from harness.model.evidence import Ended, Evidence, Exchange, Frame, ServerRecord
from harness.model.release import Release
from harness.model.result import CellResult, EnvironmentResult
from harness.model.verdict import Verdict
from harness.results.entries import PROTOCOL, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENARIOS = 5
VARIANTS = ("h11", "httptools")
PYTHONS = tuple(f"3.{minor}" for minor in range(6, 14))
FAILED = "ERROR: the synthetic failure"
DAY = dt.datetime(2019, 1, 1, tzinfo=dt.UTC)

MODULE = '''"""synthetic-{number}: a failure that no server has.

Trigger
    A request.
Signature
    A line in the log.
"""

from harness import Check, Claim, Heard, Scenario, Variant, conclude


def observe(trial):
    """Do nothing."""


def judge(evidence):
    answered = Check(name="plain", expected=Heard.of((200, b"ok")), actual=evidence.heard("plain"))
    server = evidence.server("uvicorn")
    running = Check(name="the server runs", expected="SIGTERM", actual=server.stopped_by)
    return conclude(signature=server.line_with("{failed}"), controls=[running], requirement=answered)


SCENARIO = Scenario(
    id="synthetic-{number}",
    title="something synthetic goes wrong",
    subject="uvicorn",
    observe=observe,
    judge=judge,
    claims=(Claim(document="made up", fixed="{fixed}"),),
    variants=(Variant(name="h11"), Variant(name="httptools")),
)
'''


def versions(cells: int) -> list[str]:
    """Return as many releases as the cells need, and at least two."""
    count = max(2, round(cells / (SCENARIOS * len(VARIANTS) * len(PYTHONS))))
    return [f"0.{number // 4}.{number % 4}" for number in range(count)]


def verdict(place: int, count: int, scenario: int) -> Verdict:
    """Return the verdict of a release, so that there are a range, a relapse, unhealthy and failed releases."""
    if place % 29 == scenario:
        return Verdict.UNHEALTHY
    if place % 41 == scenario:
        return Verdict.ENVIRONMENT_FAILED
    start = count // 5
    affected = start <= place < count // 2 or place == count * 3 // 4
    return Verdict.REPRODUCED if affected else Verdict.ABSENT


def evidence_of(result: CellResult) -> Evidence:
    """Return a small evidence that fits the verdict."""
    log = [f"INFO: Started server process [{number}]" for number in range(3)]
    log += [FAILED, "  in <synthetic> & co"] if result.verdict is Verdict.REPRODUCED else []
    request, answer = b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    torn = result.verdict is Verdict.UNHEALTHY
    sent = Frame(at_s=0.1, direction="sent", data=request)
    frames: tuple[Frame, ...] = (sent,) if torn else (sent, Frame(at_s=0.2, direction="received", data=answer))
    server = ServerRecord(
        name="uvicorn",
        argv=("bin/uvicorn", "application:app", "--port", "27000"),
        port=27000,
        started_s=0.0,
        ready_s=0.1,
        ended_s=1.0,
        exit_status=0,
        stopped_by="SIGTERM",
        survivors=0,
        log="\n".join(log),
    )
    ended = Ended.DEADLINE if torn else Ended.BY_CLIENT
    plain = Exchange(name="plain", server="uvicorn", opened_s=0.1, ended_s=0.3, ended=ended, frames=frames)
    return Evidence(
        cell=result.id,
        trial=1,
        scenario=result.scenario,
        variant=result.variant,
        subject=result.subject,
        version=result.version,
        python=result.python,
        platform=result.platform,
        began_at="2026-01-01T00:00:00+00:00",
        duration_s=1.0,
        servers=(server,),
        exchanges=(plain,),
    )


def results(cells: int) -> Iterator[CellResult]:
    """Yield the results."""
    releases = versions(cells)
    points = itertools.product(range(SCENARIOS), VARIANTS, PYTHONS, enumerate(releases))
    for scenario, variant, python, (place, version) in itertools.islice(points, cells):
        shown = verdict(place, len(releases), scenario)
        release = Release(version=version, uploaded=DAY)
        cell = Cell(
            scenario=f"synthetic-{scenario}",
            variant=variant,
            subject="uvicorn",
            release=release,
            python=python,
            platform="linux",
        )
        yield CellResult(
            id=cell.id,
            scenario=cell.scenario,
            variant=variant,
            subject="uvicorn",
            version=version,
            python=python,
            python_full=f"{python}.1",
            platform="linux",
            verdict=shown,
            reason=None if shown.is_judged else "a synthetic reason",
            expected=None,
            trials=1,
            duration_s=1.0,
            cached=False,
            evidence=f"evidence/{cell.id}/1",
            environment=EnvironmentResult(
                interpreter="bin/python",
                pins={"h11": "0.14.0", "click": "8.1.7", "uvicorn": version},
                resolved_as_of="2026-01-01T00:00:00+00:00",
            ),
            signature=FAILED if shown is Verdict.REPRODUCED else None,
            tally={shown: 1},
        )


def make(folder: Path, cells: int) -> None:
    """Write the results folder and the scenario modules."""
    releases = versions(cells)
    for number in range(SCENARIOS):
        module = MODULE.format(number=number, failed=FAILED, fixed=releases[len(releases) // 2])
        (folder / f"synthetic_{number}.py").write_text(module, encoding="utf-8")
    results_folder = folder / "results"
    (results_folder / "releases").mkdir(parents=True)
    known = [Release(version=version, uploaded=DAY + dt.timedelta(days=20 * n)) for n, version in enumerate(releases)]
    (results_folder / "releases" / "uvicorn.json").write_bytes(msgspec.json.encode(known))
    with (results_folder / "journal.jsonl").open("wb") as journal:
        for result in results(cells):
            evidence = msgspec.json.encode(evidence_of(result))
            entry = Entry(protocol=PROTOCOL, key=result.id, at="", result=result, evidence_bytes=len(evidence))
            journal.write(msgspec.json.encode(entry) + b"\n")
            place = results_folder / str(result.evidence)
            place.mkdir(parents=True)
            (place / "trial-1.json").write_bytes(evidence)


def measure(arguments: list[str], site: Path) -> None:
    """Render, and print the figures."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    call = [sys.executable, "-m", "harness", "report", *arguments, "--format", "html", "--output", str(site)]
    done = subprocess.run(call, check=False, capture_output=True, text=True)  # noqa: S603 - the harness itself
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, 1, 3}:
        sys.exit(done.stderr)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    files = [path for path in site.rglob("*") if path.is_file()]
    size, first = sum(path.stat().st_size for path in files), (site / "index.html").stat().st_size
    pages = sum(path.suffix == ".html" for path in files)
    print(f"pages                {pages}")
    print(f"wall time            {took:6.1f} s   (processor time {processor:.1f} s)")
    print(f"the whole site       {size / 1e6:6.1f} MB  ({size / pages / 1000:.1f} KB a page)")
    print(f"first page           {first / 1000:6.1f} KB")
    print(f"largest page of a failure {max(p.stat().st_size for p in (site / 'failures').iterdir()) / 1000:.1f} KB")
    print(f"memory               {after.ru_maxrss / 1024:6.0f} MB")


def main() -> None:
    """Read the arguments, make the results, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="?", type=int, default=10_000)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if given.results:
            arguments = ["--results", str(given.results)]
        else:
            make(folder, given.cells)
            arguments = ["--results", str(folder / "results"), "--scenarios", str(folder)]
            arguments += [f"synthetic-{number}" for number in range(SCENARIOS)]
        measure(arguments, given.keep or folder / "site")


if __name__ == "__main__":
    main()
