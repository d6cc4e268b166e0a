"""Cells as tests: what is collected, and what is left alone. No cell is executed here."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.skipif(
    sys.platform == "win32",
    reason="a Windows CPython made for Wine has the library of another patch release, which pytester trips over",
)

SCENARIO = """
from harness import Scenario, Variant
SCENARIO = Scenario(id="own-failure", title="t", subject="uvicorn", observe=print, judge=print,
                    variants=(Variant(name="one"), Variant(name="two")))
"""
MATRIX = """
[[cells]]
scenarios = ["own-failure"]
releases = ["==1.0"]
pythons = ["3.8"]
platforms = ["linux"]
"""
LISTING = """
{"fetched": "NOW", "releases": [{"version": "1.0", "uploaded": "2024-01-01T00:00:00Z"}], "left_out": []}
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    """Make a project with a scenario of its own, a matrix, and an index's list that is at hand."""
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "uvicorn.json").write_text(LISTING.replace("NOW", dt.datetime.now(dt.UTC).isoformat()))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    pytester.makepyfile(own_failure=SCENARIO, other="SCENARIO = 'a word that is in use elsewhere too'")
    (pytester.path / "own.toml").write_text(MATRIX)
    return pytester


def collected(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Collect, and execute nothing."""
    arguments = ("--collect-only", "-q", "-p", "no:cacheprovider", "--harness-matrix", "own.toml", *options)
    return project.runpytest_inprocess(*arguments)


def test_every_cell_of_a_scenario_is_a_test(project: pytest.Pytester) -> None:
    """Each under its id; a module that only has the word is no scenario."""
    found = collected(project)
    assert found.ret == 0
    assert [line for line in found.outlines if "::" in line] == [
        "own_failure.py::own-failure_one_uvicorn-1.0_py3.8_linux",
        "own_failure.py::own-failure_two_uvicorn-1.0_py3.8_linux",
    ]


def test_a_glob_narrows_and_may_leave_nothing(project: pytest.Pytester) -> None:
    """As ``-k`` does: no error, no test."""
    assert sum("::" in line for line in collected(project, "--cell", "*_two_*").outlines) == 1
    assert collected(project, "--cell", "nothing").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_wrong_selection_is_told(project: pytest.Pytester) -> None:
    """In the words of the command line."""
    found = collected(project, "--python", "3.99")
    assert found.ret != 0
    found.stdout.fnmatch_lines(["*--python: unknown Python '3.99'; did you mean*"])
