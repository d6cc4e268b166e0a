"""``harness claims``: documents of anybody beside what was measured, without running anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness import cli

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = """
document = "an advisory"

[[claims]]
failure = "pipelined-keep-alive"
references = ["CVE-2024-1"]
ranges = [{ introduced = "0", fixed = "0.27.1" }]
condition = { python = "==3.8", variant = "h11" }

[[claims]]
failure = "nobody-wrote-it"
open = true
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a document and no scenario, in an empty folder that calls are made from."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine" / "claims").mkdir(parents=True)
    (tmp_path / "mine" / "claims" / "advisory.toml").write_text(DOCUMENT)
    return tmp_path / "mine"


def test_a_document_of_one_s_own_stands_beside_the_project_s(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the series that it speaks of, by what was published; nothing needs a scenario of its own."""
    assert cli.main(["claims", "pipelined-keep-alive", "--scenarios", str(mine), "--format", "json"]) == 0
    claims = json.loads(capsys.readouterr().out)["claims"]
    assert {(one["document"], one["kind"]) for one in claims} == {
        ("003_516005e296c3f8ea.txt", "fixed"),
        ("003_516005e296c3f8ea.txt", "commit"),
        ("an advisory", "range"),
    }
    (own,) = [one for one in claims if one["document"] == "an advisory"]
    assert (own["variant"], own["python"], own["references"]) == ("h11", "3.8", ["CVE-2024-1"])
    assert own["claimed"] == [{"introduced": "0", "fixed": "0.27.1", "last_affected": None}]
    assert own["measured"][0]["fixed"] == "0.27.1"
    (stretch,) = own["stretches"]
    assert (stretch["beginning"], stretch["end"]) == ("untested", "confirmed")  # older releases need an older Python
    assert (own["too_wide"], own["too_narrow"], own["assessment"]) == ([], [], "untested")


def test_a_failure_that_nobody_has_written_is_told(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, and only where the call is about all failures."""
    assert cli.main(["claims", "--scenarios", str(mine)]) == 0
    assert capsys.readouterr().err == (
        "harness: documents speak of failures that no scenario here reproduces: nobody-wrote-it\n"
    )
    assert cli.main(["claims", "starved-heartbeat", "--scenarios", str(mine)]) == 0
    assert capsys.readouterr().err == ""


def test_a_document_that_is_wrong_ends_the_call_in_one_line(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its file, its table and its field."""
    path = mine / "claims" / "advisory.toml"
    path.write_text(DOCUMENT.replace("open = true", "opened = true"))
    assert cli.main(["claims", "--scenarios", str(mine)]) == 2
    err = capsys.readouterr().err
    assert err == f"harness: {path}: [[claims]] number 2: unknown key 'opened'; did you mean open? (exit status 2)\n"
