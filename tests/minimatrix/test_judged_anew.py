"""Evidence is kept: a changed judge re-reads it, and only a changed trial is run again."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from .driving import SCENARIOS, Called, User, servers
from .packages import wheel

if TYPE_CHECKING:
    from pathlib import Path

OWN = "toy_failure.py"
STRICT = ("\"200 b'fine'\"", "\"200 b'very fine'\"")


@pytest.fixture
def author(user: User) -> User:
    """Someone with a copy of the toy's scenario, without what it expects."""
    folder = user.folder / "own"
    folder.mkdir()
    shutil.copy(SCENARIOS / OWN, folder)
    return dataclasses.replace(user, scenarios=folder)


def edit(author: User, old: str, new: str, name: str = OWN) -> None:
    """Change a text of the scenario."""
    path = author.scenarios / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def seen(called: Called) -> list[tuple[str, bool, str]]:
    """Return verdict, whether it came from the store, and the folder of the evidence, of every cell."""
    assert called.stdout, called.stderr
    return [(cell["verdict"], cell["cached"], cell["evidence"]) for cell in called.cells.values()]


def test_a_changed_judge_starts_nothing(author: User) -> None:
    """Its verdict is another one, of the same evidence; the old entry stays, the new one is what reports show."""
    ((first, _, folder),) = seen(author.run(*servers("1.1")))
    started = author.started()
    edit(author, *STRICT)
    again = author.run(*servers("1.1"))
    assert (first, seen(again)) == ("absent", [("inconclusive", True, folder)])
    assert author.started() == started
    assert seen(author.run(*servers("1.1"))) == [("inconclusive", True, folder)]
    lines = [json.loads(line) for line in (author.results / "journal.jsonl").read_text().splitlines()]
    assert [line["result"]["verdict"] for line in lines] == ["absent", "inconclusive"]
    assert (len({line["key"] for line in lines}), len({line["trial_key"] for line in lines})) == (2, 1)
    report = author.call("report", "--scenarios", author.scenarios, "--format", "json")
    assert [cell["verdict"] for cell in json.loads(report.stdout)["cells"]] == ["inconclusive"]


def test_the_first_judge_again_is_what_reports_show(author: User) -> None:
    """Though its own entry is older than the other's."""
    author.run(*servers("1.1"))
    edit(author, *STRICT)
    author.run(*servers("1.1"))
    edit(author, *reversed(STRICT))
    assert seen(author.run(*servers("1.1")))[0][:2] == ("absent", True)
    report = author.call("report", "--scenarios", author.scenarios, "--format", "json")
    assert [cell["verdict"] for cell in json.loads(report.stdout)["cells"]] == ["absent"]


def test_a_changed_trial_is_run_again(author: User) -> None:
    """What it sends, and how it is declared to run."""
    author.run(*servers("1.1"))
    edit(author, '"/failure"', '"/failure?"')
    assert seen(author.run(*servers("1.1")))[0][1] is False
    edit(author, "deadline_s=120.0", "deadline_s=119.0")
    assert seen(author.run(*servers("1.1")))[0][1] is False
    assert len(author.started("1.1")) == 3


def test_only_missing_trials_run_and_all_are_judged_anew(author: User) -> None:
    """By the judge that there is now."""
    author.run(*servers("1.1"))
    edit(author, *STRICT)
    called = author.run(*servers("1.1"), "--trials", "3")
    assert [cell["trials"] for cell in called.cells.values()] == [3]
    assert seen(called)[0][:2] == ("inconclusive", False)
    assert len(author.started("1.1")) == 3


def test_rerun_runs_again_whatever_the_judge_is(author: User) -> None:
    """A stored trial is as much a stored result."""
    author.run(*servers("1.1"))
    edit(author, *STRICT)
    author.run(*servers("1.1"), "--rerun")
    assert len(author.started("1.1")) == 2


def test_damaged_evidence_is_not_judged(author: User) -> None:
    """It is had again, as everywhere."""
    ((_, _, folder),) = seen(author.run(*servers("1.1")))
    (file,) = (author.results / folder).glob("trial-*.json")
    file.write_bytes(b"{" + b" " * (file.stat().st_size - 1))
    edit(author, *STRICT)
    assert seen(author.run(*servers("1.1")))[0][:2] == ("inconclusive", False)
    assert len(author.started("1.1")) == 2


def test_a_changed_sibling_is_seen(author: User) -> None:
    """The old verdict was 'from stored results' although what it rests on had changed."""
    (author.scenarios / "words.py").write_text("PATH = '/failure'\nFINE = \"200 b'fine'\"\n")
    edit(author, "from harness import", "from words import FINE, PATH\nfrom harness import")
    edit(author, '"/failure"', "PATH")
    edit(author, "\"200 b'fine'\"", "FINE")
    assert seen(author.run(*servers("1.1")))[0][:2] == ("absent", False)
    edit(author, "b'fine'", "b'other'", "words.py")
    assert seen(author.run(*servers("1.1")))[0][:2] == ("inconclusive", True)
    edit(author, "'/failure'", "'/'", "words.py")
    assert seen(author.run(*servers("1.1")))[0][:2] == ("inconclusive", False)


def test_a_mistake_in_combine_keeps_the_trial(author: User) -> None:
    """It is the scenario's, told with its line; mended, it is judged without running anything."""
    edit(author, "SCENARIO = ", "def rule(judgements):\n    return judgements[7]\n\n\nSCENARIO = ")
    edit(author, "deadline_s=", "combine=rule,\n    deadline_s=")
    called = author.run(*servers("1.1"))
    (cell,) = called.cells.values()
    assert (called.status, cell["verdict"]) == (3, "environment-failed")
    line = (author.scenarios / OWN).read_text().splitlines().index("    return judgements[7]") + 1
    where = f"{author.scenarios / OWN}, line {line}"
    assert cell["reason"] == f"the scenario's combine failed: {where}: IndexError: list index out of range"
    assert (author.results / cell["evidence"] / "trial-1.json").is_file()
    edit(author, "judgements[7]", "judgements[0]")
    assert seen(author.run(*servers("1.1"))) == [("absent", True, cell["evidence"])]


def with_part(author: User, companion: str) -> None:
    """Let the scenario need a companion."""
    edit(author, "import Check,", "import Variant, Check,")
    edit(author, "deadline_s=", f"variants=(Variant(companions=({companion!r},)),),\n    deadline_s=")


def put_wheel(path: Path, level: str) -> None:
    """Write a wheel of the same name, version and time with another content."""
    with zipfile.ZipFile(io.BytesIO(wheel("1.0", name="toypart"))) as old, zipfile.ZipFile(path, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, f"LEVEL = {level}\n" if entry.filename == "toypart.py" else old.read(entry))
    os.utime(path, ns=(10**18, 10**18))


@pytest.mark.parametrize("written", ["relative", "absolute"])
def test_a_wheel_replaced_under_its_path_is_another_environment(author: User, written: str) -> None:
    """Without '--rerun', and with it; what is installed then is the new one."""
    path = author.scenarios / "toypart-1.0-py3-none-any.whl"
    with_part(author, f"toypart @ {f'./{path.name}' if written == 'relative' else path.as_uri()}")
    put_wheel(path, "1.0")
    first = author.run(*servers("1.1"))
    assert seen(first)[0][:2] == ("absent", False), first.stdout
    put_wheel(path, "2.0")
    second = author.run(*servers("1.1"))
    put_wheel(path, "3.0")
    third = author.run(*servers("1.1"), "--rerun")
    assert [seen(one)[0][:2] for one in (second, third)] == [("absent", False)] * 2, second.stdout
    installed = {
        file.read_text() for file in (author.cache / "environments").glob("*/lib/python*/site-packages/toypart.py")
    }
    assert {"LEVEL = 1.0\n", "LEVEL = 2.0\n", "LEVEL = 3.0\n"} <= installed
    assert seen(author.run(*servers("1.1")))[0][1] is True


def test_a_tree_beside_a_scenario_counts_by_its_content(author: User) -> None:
    """It is built as it lies there, for the Python of the cell, and nothing is left in it."""
    tree = author.scenarios / "part"
    tree.mkdir()
    (tree / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n'
    )
    metadata = {"METADATA": "Metadata-Version: 2.1\nName: toypart\nVersion: 1.0\n", "RECORD": ""}
    metadata["WHEEL"] = "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    (tree / "setup.py").write_text(
        "import zipfile\n\n\ndef build_wheel(into, config_settings=None, metadata_directory=None):\n"
        "    with zipfile.ZipFile(into + '/toypart-1.0-py3-none-any.whl', 'w') as archive:\n"
        "        archive.write('source/build/toypart.py', 'toypart.py')\n"
        f"        for entry, text in {metadata!r}.items():\n"
        "            archive.writestr('toypart-1.0.dist-info/' + entry, text)\n"
        "    return 'toypart-1.0-py3-none-any.whl'\n"
    )
    (tree / "source" / "build").mkdir(parents=True)
    (tree / "source" / "build" / "toypart.py").write_text("LEVEL = 10\n")
    with_part(author, "toypart @ ./part")
    before = sorted(tree.rglob("*"))
    assert seen(author.run(*servers("1.1")))[0][:2] == ("absent", False)
    assert seen(author.run(*servers("1.1")))[0][:2] == ("absent", True)
    (tree / "source" / "build" / "toypart.py").write_text("LEVEL = 20\n")
    assert seen(author.run(*servers("1.1")))[0][:2] == ("absent", False)
    assert sorted(tree.rglob("*")) == before
    texts = {
        file.read_text() for file in (author.cache / "environments").glob("*/lib/python*/site-packages/toypart.py")
    }
    assert {"LEVEL = 10\n", "LEVEL = 20\n"} <= texts


def test_a_companion_that_is_not_there_is_told(author: User) -> None:
    """As this cell's, by uv's own words; no other cell is held up."""
    with_part(author, "toypart @ ./gone-1.0-py3-none-any.whl")
    called = author.run(*servers("1.1"))
    (cell,) = called.cells.values()
    assert (called.status, cell["verdict"]) == (3, "environment-failed")
    assert "gone-1.0-py3-none-any.whl" in cell["reason"]
