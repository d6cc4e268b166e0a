"""What the README shows is what the program does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def example(folder: Path) -> list[Path]:
    """Write the files of the README's example, each named by its first line, below a folder."""
    written = []
    for block in re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        name = block.splitlines()[0].removeprefix("# ")
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(block, encoding="utf-8")
        written.append(path)
    return written


def test_the_example_is_short(tmp_path: Path) -> None:
    """A scenario with its application takes under 60 lines."""
    files = example(tmp_path)
    assert [path.name for path in files] == ["h11_command_line.py", "hello.py"]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) < 60


@pytest.mark.xdist_group("releases")
def test_the_example_finds_the_failure_in_one_release(tmp_path: Path) -> None:
    """The call as it stands in the README judges the release before, the one with the failure, and the one after."""
    example(tmp_path)
    (call,) = re.findall(r"`harness (run --scenarios mine .*)`", README)
    arguments = [part.strip("'") for part in call.split()]
    done = subprocess.run(  # noqa: S603 - the harness itself
        [sys.executable, "-m", "harness", *arguments, "--format", "json", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = {cell["version"]: cell["verdict"] for cell in json.loads(done.stdout)["cells"]}
    assert verdicts == {"0.17.6": "absent", "0.18.0": "reproduced", "0.18.1": "absent"}, done.stderr
    assert done.stderr.endswith("3 cells: 1 reproduced, 2 absent; nothing is expected of 3 cells (exit status 0)\n")


@pytest.mark.xdist_group("releases")
def test_the_table_is_what_the_first_command_prints(tmp_path: Path) -> None:
    """Every verdict of the table in the README is measured again by the default matrix, release by release."""
    (table,) = re.findall(r"<!-- table -->\n```\n(.*?)```\n<!-- end of table -->", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", "--quiet"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    shown, measured = rows(table), rows(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {scenario for scenario, _, _ in shown} == {scenario for scenario, _, _ in measured}
    newest = {key for key in shown if key not in measured}  # the rows of releases that were the latest then
    assert len(newest) <= 4
    assert {key: verdict for key, verdict in shown.items() if key in measured}.items() <= measured.items(), done.stdout


def rows(table: str) -> dict[tuple[str, str, str], str]:
    """Return the rows of a printed table: scenario, Python and platform, release, to the verdicts."""
    found, section = {}, ("", "")
    for line in table.splitlines():
        if head := re.match(r"([a-z0-9-]+)  (Python .*)", line):
            section = (head[1], head[2])
        elif row := re.match(r"  (\d[\w.]*)  +(\S.*\S) *$", line):
            found[*section, row[1]] = row[2]
    return found
