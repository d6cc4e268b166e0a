"""What a list remembers of scenarios: what it shows is what their modules say now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.selection.listing import FILE, overviews
from harness.selection.options import Options
from harness.selection.plan import Plan

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
from pathlib import Path
{imports}
from harness import Scenario, conclude

with (Path({log!r})).open("a") as file:
    file.write("executed\\n")

SCENARIO = Scenario(title={title}, observe=lambda trial: None, judge=lambda evidence: conclude)
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of scenarios with one in it, and a cache."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "own" / "uvicorn" / "some-failure"
    folder.mkdir(parents=True)
    write(folder, title='"it fails"')
    return folder


def write(folder: Path, *, title: str, imports: str = "") -> None:
    """Write the scenario."""
    log = str(folder.parents[2] / "log.txt")
    (folder / "scenario.py").write_text(MODULE.format(imports=imports, title=title, log=log))


def listed(folder: Path) -> str:
    """Return what a call lists of the scenario."""
    plan = Plan(Options(names=("some-failure",), scenarios=(folder.parents[1],)))
    (text,) = overviews(plan)
    return text


def times_executed(folder: Path) -> int:
    """Count how often its module was executed."""
    return len((folder.parents[2] / "log.txt").read_text().splitlines())


def test_the_second_list_executes_nothing(own: Path) -> None:
    """And shows the same."""
    assert listed(own) == listed(own)
    assert listed(own).startswith("some-failure: it fails\n    subject   uvicorn, on linux, macos")
    assert times_executed(own) == 1


@pytest.mark.parametrize("name", ["scenario.py", "expected.json", "words.py"])
def test_any_file_that_changes_is_seen(own: Path, name: str) -> None:
    """Also one that its module imports, and what is measured."""
    (own / "words.py").write_text('TITLE = "it fails"\n')
    write(own, imports="from words import TITLE", title="TITLE")
    before = listed(own)
    if name == "scenario.py":
        write(own, imports="", title='"it fails badly"')
    elif name == "words.py":
        (own / "words.py").write_text('TITLE = "it fails badly"\n')
    else:
        (own / name).write_text(json.dumps({"histories": []}))
    after = listed(own)
    assert times_executed(own) == 2
    assert (after == before) == (name == "expected.json")


def test_what_comes_from_another_folder_is_never_remembered(own: Path) -> None:
    """No digest of this folder sees it change."""
    shared = own.parents[1] / "common.py"
    shared.write_text('TITLE = "it fails"\n')
    write(own, imports="from common import TITLE", title="TITLE")
    assert "it fails\n" in listed(own)
    shared.write_text('TITLE = "it works"\n')
    assert "it works\n" in listed(own)


@pytest.mark.parametrize("content", ["", "[]", '{"some-failure x": 3}', "null"])
def test_a_damaged_memory_is_none(own: Path, content: str) -> None:
    """The module is executed, and the memory written anew."""
    first = listed(own)
    memory = own.parents[2] / "cache" / FILE
    memory.write_text(content)
    assert listed(own) == first
    assert listed(own) == first
    assert times_executed(own) == 2


def test_a_cache_that_cannot_be_written_is_no_error(own: Path, tmp_path: Path) -> None:
    """The list is made again."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / FILE).mkdir()
    assert listed(own) == listed(own)
    assert times_executed(own) == 2


DOCUMENT = """
document = "an advisory"
[[claims]]
failure = "some-failure"
references = ["CVE-2024-1"]
ranges = [{ introduced = "0", fixed = "0.2" }]
condition = { python = "<3.9" }
[[claims]]
failure = "nobody-wrote-it"
fixed = "1"
"""


def test_what_documents_say_is_read_each_time(own: Path) -> None:
    """A new document needs no new scenario, and no execution of one."""
    assert "claimed" not in listed(own)
    claims = own.parents[1] / "claims"
    claims.mkdir()
    (claims / "advisory.toml").write_text(DOCUMENT)
    text = listed(own)
    assert (
        "    claimed   affected: <0.2 on Python <3.9 (an advisory; CVE-2024-1)\n    measured  default: not yet" in text
    )
    assert times_executed(own) == 1


def test_a_failure_that_nobody_has_written_is_told(own: Path) -> None:
    """Its claims are kept; it is no error."""
    claims = own.parents[1] / "claims"
    claims.mkdir()
    (claims / "advisory.toml").write_text(DOCUMENT)
    plan = Plan(Options(scenarios=(own.parents[1],)))
    plan.tell_unwritten()
    (line,) = plan.remarks
    assert line == "documents speak of failures that no scenario here reproduces: nobody-wrote-it"
    assert [one.fixed for one in plan.claims_of(["nobody-wrote-it"])["nobody-wrote-it"]] == ["1"]
    assert not (own.parents[2] / "log.txt").exists()
