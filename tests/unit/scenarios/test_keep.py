"""Evidence is kept by a command: what is left of a trial, where it goes, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner

from harness.model.evidence import Evidence
from harness.model.observations import Look, Process
from harness.results.journal import Journal
from tests import keep
from tests.kept import TOYS, trial

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.model.result import CellResult

ARGV = ("/cache/environments/0a1b/bin/toyserver",)
TRACEBACK = 'File "/home/me/.cache/harness/environments/0a1b/lib/server.py", in /tmp/harness-run-1-ab/trial-1/app.py\n'
PROCESS = Process(pid=2, parent=1, began=0.0, argv=ARGV, memory=4096, descriptors=7, threads=1, processor_s=0.1)


@pytest.fixture
def results(tmp_path: Path, make_result: Callable[..., CellResult]) -> Path:
    """Run an own toy, as it were: its scenario beside the folder of results, its trial as it comes from a run."""
    (tmp_path / "own").mkdir()
    text = (TOYS / "toy_failure.py").read_text().replace('id="toy-failure"', 'id="own-toy"')
    (tmp_path / "own" / "own_toy.py").write_text(text)
    journal = Journal(tmp_path / "results")
    result = make_result(scenario="own-toy", version="1.0")
    whole = trial("toy-failure", "reproduced-1.0-default")
    hello = next(one for one in whole.exchanges if one.name == "hello")
    evidence = msgspec.structs.replace(
        whole,
        cell=result.id,
        scenario="own-toy",
        servers=tuple(
            msgspec.structs.replace(one, argv=ARGV, log=TRACEBACK, log_stopping="bye") for one in whole.servers
        ),
        exchanges=(msgspec.structs.replace(hello, name="ready"), *whole.exchanges),
        looks=(Look(name="at first", server="toy", at_s=1.0, processes=(PROCESS,)),),
    )
    place = journal.keep_evidence([evidence])
    journal.add("key", msgspec.structs.replace(result, evidence=place), trial_key="trial")
    journal.close()
    return tmp_path / "results"


def call(results: Path, cell: str) -> tuple[int, str]:
    """Call the command; return its status and all that it printed."""
    arguments = [str(results), cell, "--scenarios", str(results.parent / "own")]
    done = CliRunner().invoke(keep.main, arguments)
    return done.exit_code, done.output


def test_evidence_goes_beside_its_scenario(results: Path) -> None:
    """Under its verdict, which is judged anew."""
    path = results.parent / "own" / "evidence" / "reproduced-1.0-default.json"
    assert call(results, "own-toy_*") == (0, f"{path.resolve()}\n")
    found = msgspec.json.decode(path.read_bytes(), type=Evidence)
    (server,) = found.servers
    assert server.argv == ("/environment/bin/toyserver",)
    assert server.log == 'File "/environment/lib/server.py", in /trial/app.py\n'
    assert server.log_stopping == ""
    assert found.looks[0].processes[0].argv == ("/environment/bin/toyserver",)
    assert [one.name for one in found.exchanges] == ["hello", "failure"]


def test_folders_of_the_machine_become_neutral() -> None:
    """Those of an environment, of a Python and of a trial, on every platform."""
    python = "/home/me/.cache/harness/runtimes/3.8"
    assert keep.neutral(f"{python}/python.exe") == "/python/python.exe"
    assert keep.neutral(python.replace("/", "\\") + "\\lib\\a.py") == "/python\\lib\\a.py"


def test_long_log_loses_its_middle() -> None:
    """What a server says a thousand times says nothing more; its beginning and its end do."""
    whole = trial("toy-failure", "reproduced-1.0-default")
    log = "".join(f"line {number}\n" for number in range(1000))
    servers = tuple(msgspec.structs.replace(one, log=log) for one in whole.servers)
    (server,) = keep.reduced(msgspec.structs.replace(whole, servers=servers)).servers
    lines = server.log.splitlines()
    assert (lines[0], lines[99:102], lines[-1]) == (
        "line 0",
        ["line 99", "… 800 lines left out", "line 900"],
        "line 999",
    )


def test_cell_that_is_not_there_is_told(results: Path) -> None:
    """In one line."""
    assert call(results, "nothing") == (1, f"Error: {results} has no cell 'nothing'\n")


def test_trial_that_its_judge_reads_in_another_way_is_refused(results: Path) -> None:
    """Where a judge reads what is not kept, the kept evidence would test something else."""
    module = results.parent / "own" / "own_toy.py"
    module.write_text(
        module.read_text().replace('if heard == Heard.of((200, b"broken"))', 'if evidence.exchange("ready")')
    )
    status, told = call(results, "*")
    assert status == 1
    assert "reduced, this trial is 'inconclusive' instead of 'reproduced': its judge reads what is not kept" in told
    assert not (results.parent / "own" / "evidence").exists()
