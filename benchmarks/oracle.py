"""Runs and judges one trial of one cell as the harness itself would, in an environment that another tool has made.

    python benchmarks/oracle.py CELL ENVIRONMENT VERDICTS

CELL is a cell as JSON, ENVIRONMENT the folder of a virtual environment; the verdict is added to the file VERDICTS.
Exit status 1 where the failure is reproduced, as a regression test has it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from harness.catalog import loading
from harness.decoding import decode
from harness.environments.backend import Request, Resolution
from harness.environments.venv import VirtualEnvironment
from harness.execution.observing import run_trial
from harness.execution.ports import LEASES, Ports
from harness.model.cell import Cell
from harness.model.judge import judge
from harness.model.verdict import Verdict
from harness.processes import marks


def main() -> int:
    """Run, judge, and write the verdict."""
    cell = decode(Path(sys.argv[1]).read_bytes(), Cell)
    loaded = loading.load([loading.bundled("scenarios")])[cell.scenario]
    request = Request(
        subject=cell.subject, requirements=(), as_of=cell.release.uploaded, python=cell.python, platform=cell.platform
    )
    resolution = Resolution(request=request, interpreter=sys.argv[2], python_full=cell.python, pins=())
    with tempfile.TemporaryDirectory() as folder:
        mark = marks.new_mark()
        try:
            trial = run_trial(
                loaded,
                cell,
                VirtualEnvironment(folder=Path(sys.argv[2]), resolution=resolution),
                number=1,
                folder=Path(folder) / "trial",
                ports=Ports(LEASES),
                mark=mark,
            )
        finally:
            marks.end_marked(mark)
    verdict = judge(loaded.scenario, trial).verdict
    with Path(sys.argv[3]).open("a", encoding="utf-8") as file:
        file.write(f"{cell.id} {verdict}\n")
    return 1 if verdict is Verdict.REPRODUCED else 0


if __name__ == "__main__":
    sys.exit(main())
