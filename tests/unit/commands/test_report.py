"""The call ``harness report``: sites, files, what changed, the summary of a CI job; mistakes are told in one line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness import cli
from harness.model.verdict import Verdict
from harness.results.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.model.result import CellResult

VERSIONS = ("0.26.0", "0.27.0", "0.27.1")


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Call the program in an empty folder; returns status and both outputs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(arguments)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def store(
    tmp_path: Path,
    make_result: Callable[..., CellResult],
    make_release: Callable[..., Release],
    kept: Callable[[str, str], Evidence],
) -> Callable[..., Path]:
    """Write a results folder: the failure in all releases but the last; the verdict of the middle one may be given."""

    def write(name: str, middle: Verdict = Verdict.REPRODUCED, versions: Sequence[str] = VERSIONS) -> Path:
        journal = Journal(tmp_path / name)
        journal.know({"uvicorn": [make_release(version) for version in versions]})
        shown = [Verdict.REPRODUCED, middle, Verdict.ABSENT, *[Verdict.ABSENT] * len(versions)]
        for version, verdict in zip(versions, shown, strict=False):
            result = make_result(
                scenario="pipelined-keep-alive",
                variant="h11",
                version=version,
                verdict=verdict,
                reason=None if verdict.is_judged else "because",
                tally={verdict: 1},
            )
            kind = "reproduced-0.27.0-h11" if verdict is Verdict.REPRODUCED else "absent-0.27.1-h11"
            evidence = msgspec.structs.replace(kept("pipelined-keep-alive", kind), cell=result.id)
            folder = journal.keep_evidence([evidence])
            journal.add(version, msgspec.structs.replace(result, evidence=folder))
        return tmp_path / name

    return write


def test_a_site_is_made_of_what_is_stored(
    call: Callable[..., tuple[int, str, str]], store: Callable[..., Path], tmp_path: Path
) -> None:
    """A start page, a page for the failure, one for each cell with its evidence, and nothing from this machine."""
    store(".harness")
    status, out, err = call("report", "--format", "html", "--output", "site")
    assert (status, out) == (0, "")
    assert f"5 pages; open {Path('site', 'index.html')}" in err
    site = tmp_path / "site"
    start = (site / "index.html").read_text(encoding="utf-8")
    assert "0.27.1" in start
    assert "confirmed" in start
    assert len(list((site / "cells").iterdir())) == 3
    page = (site / "cells" / "pipelined-keep-alive_h11_uvicorn-0.27.0_py3.12_linux.html").read_text(encoding="utf-8")
    assert "<mark>" in page
    assert "GET /sleep/5 HTTP/1.1" in page
    assert "harness run pipelined-keep-alive --server uvicorn==0.27.0" in page


def test_every_link_of_the_site_leads_to_a_file_of_it(
    call: Callable[..., tuple[int, str, str]], store: Callable[..., Path], tmp_path: Path
) -> None:
    """No address with a scheme or a host, and nothing that is missing."""
    store(".harness")
    call("report", "--format", "html", "--output", "site")
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r'(?:href|src)="([^"#]+)"', text):
            assert (page.parent / target).resolve().is_relative_to(tmp_path / "site"), target
            assert (page.parent / target).is_file(), (page.name, target)
        assert "://" not in re.sub(r"<code>.*?</code>|<li>.*", "", text.replace("http://www.w3.org", ""))


def test_a_site_replaces_an_earlier_one_and_nothing_else(
    call: Callable[..., tuple[int, str, str]], store: Callable[..., Path], tmp_path: Path
) -> None:
    """Pages of cells that are gone do not stay; a folder with other files is left alone."""
    store(".harness")
    call("report", "--format", "html", "--output", "site")
    stale = tmp_path / "site" / "cells" / "stale.html"
    stale.write_text("old")
    assert call("report", "--format", "html", "--output", "site")[0] == 0
    assert not stale.exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    status, _, err = call("report", "--format", "html", "--output", "mine")
    assert status == 2
    assert "has other files in it" in err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_a_document_makes_a_site_without_evidence(
    call: Callable[..., tuple[int, str, str]], store: Callable[..., Path], tmp_path: Path
) -> None:
    """It says so on the page of each cell, with the call that makes the evidence."""
    store(".harness")
    call("report", "--format", "json", "--output", "all.json")
    assert call("report", "--results", "all.json", "--format", "html", "--output", "site")[0] == 0
    page = (tmp_path / "site" / "cells" / "pipelined-keep-alive_h11_uvicorn-0.27.0_py3.12_linux.html").read_text(
        encoding="utf-8"
    )
    assert "The evidence is not in what these pages were made from" in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "html"], ["--format html: name the folder"]),
        (["--format", "html", "--output", "file"], ["file is not a folder"]),
        (["--format", "csv", "--output", "file/below.csv"], [f"{Path('file', 'below.csv')} cannot be written"]),
        (["--diff", "gone", "gone"], ["'gone' does not exist"]),
        (["--diff", ".harness", "file"], ["file is not a "]),
        (["--diff", ".harness", ".harness", "--format", "csv"], ["no 'csv' of what changed", "terminal, markdown"]),
        (["--format", "pdf"], ["'pdf' is not one of"]),
        (
            ["--results", "odd.json"],
            ["odd.json is not a folder of results, nor a document", "`$.cells[1].version` cannot be there"],
        ),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_a_wrong_call_is_told_in_one_line(
    arguments: list[str],
    words: list[str],
    call: Callable[..., tuple[int, str, str]],
    store: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """With what to do, and status 2."""
    store(".harness")
    (tmp_path / "file").write_text("")
    call("report", "--format", "json", "--output", "all.json")
    (tmp_path / "odd.json").write_text(
        (tmp_path / "all.json").read_text(encoding="utf-8").replace('"version":"0.27.0"', '"version":"one.two"')
    )
    status, out, err = call("report", *arguments)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    for word in words:
        assert word in err


def test_osv_into_a_folder_is_a_file_for_each(
    call: Callable[..., tuple[int, str, str]], store: Callable[..., Path], tmp_path: Path
) -> None:
    """As databases keep them; into a file or on standard output it is one text."""
    store(".harness")
    assert call("report", "--format", "osv", "--output", "advisories")[0] == 0
    (path,) = (tmp_path / "advisories").iterdir()
    assert path.name == "OSV-HARNESS-pipelined-keep-alive.json"
    printed = json.loads(call("report", "--format", "osv")[1])
    assert printed["id"] == json.loads(path.read_text(encoding="utf-8"))["id"]


def test_the_summary_of_a_ci_job_is_written_by_itself(
    call: Callable[..., tuple[int, str, str]],
    store: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is added to what stands there already, whatever is printed besides."""
    store(".harness")
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    status, out, _ = call("report", "--format", "csv")
    assert status == 0
    assert out.startswith("id,")
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert "2 reproduced, 1 absent" in text
    assert "| fixed in 0.27.1 | confirmed |" in text


def test_what_changed_is_told_with_its_status(
    call: Callable[..., tuple[int, str, str]], store: Callable[..., Path]
) -> None:
    """A verdict that turned is status 1; with what histories and claims make of it."""
    store("old")
    store("new", middle=Verdict.ABSENT)
    status, out, err = call("report", "--diff", "old", "new")
    assert status == 1
    assert "  pipelined-keep-alive_h11_uvicorn-0.27.0_py3.12_linux: reproduced, now absent" in out.splitlines()
    assert "first fixed in 0.27.0, was 0.27.1" in out
    assert "fixed-earlier, was confirmed" in out
    assert "1 turned into the other verdict" in err
    assert "(exit status 1)" in err


def test_what_did_not_turn_is_status_0(call: Callable[..., tuple[int, str, str]], store: Callable[..., Path]) -> None:
    """New cells, gone ones and ones that could not be judged are told, and contradict nothing."""
    store("old", versions=("0.26.0", "0.27.0", "0.27.1"))
    store("new", middle=Verdict.UNHEALTHY, versions=("0.26.0", "0.27.0", "0.28.0"))
    status, out, _ = call("report", "--diff", "old", "new", "--format", "markdown")
    assert status == 0
    assert "### New" in out
    assert "### Gone" in out
    assert "reproduced, now unhealthy: because" in out.replace("\\", "")
    assert call("report", "--diff", "old", "old")[1] == "no cell changed; 0 histories and 0 claims differ\n"
