"""Cells as tests: what is collected, and what is left alone. No cell is executed here."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import pytest

from harness.catalog import loading

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    assert sum("::" in line for line in collected(project, "--harness-cell", "*_two_*").outlines) == 1
    assert collected(project, "--harness-cell", "nothing").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_every_scenario_is_loaded_once(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once in a session, however many files there are: ours, and the project's own."""
    for number in range(4):
        project.makepyfile(**{f"further_{number}": SCENARIO.replace("own-failure", f"further-{number}")})
    loads: list[str] = []
    load_file = loading.load_file

    def counted(path: Path, *folders: Sequence[Path]) -> loading.LoadedScenario:
        loads.append(path.name)
        return load_file(path, *folders)

    monkeypatch.setattr(loading, "load_file", counted)
    collected(project)
    own = {loaded.module.name for loaded in loading.load([loading.bundled("scenarios")]).values()}
    expected = {"own_failure.py", *(f"further_{number}.py" for number in range(4)), *own}
    assert sorted(loads[: -len(own)]) == sorted(expected)


def test_a_scenario_under_a_wrong_name_is_told(project: pytest.Pytester) -> None:
    """It would be no test at all."""
    project.makepyfile(mistyped=SCENARIO.replace("SCENARIO", "SCENARO"))
    found = collected(project)
    assert found.ret != 0
    found.stdout.fnmatch_lines(["*mistyped.py, line 2: it assigns SCENARO; did you mean SCENARIO?"])


def test_a_wrong_selection_is_told(project: pytest.Pytester) -> None:
    """In the words of the command line."""
    found = collected(project, "--harness-python", "3.x")
    assert found.ret != 0
    found.stdout.fnmatch_lines(["*--python: '3.x' is no Python such as 3.8*"])


def test_a_server_of_another_subject_passes_over_a_scenario(project: pytest.Pytester) -> None:
    """A folder may hold scenarios of several subjects."""
    project.makepyfile(another=SCENARIO.replace("uvicorn", "hypercorn").replace("own-failure", "another-failure"))
    found = collected(project, "--harness-server", "uvicorn==1.0", "--harness-platform", "linux")
    assert {line.partition("::")[0] for line in found.outlines if "::" in line} == {"own_failure.py"}


FOREIGN_CONFTEST = """
def pytest_addoption(parser):
    for name in ("--server", "--python", "--platform", "--cell"):
        parser.addoption(name, default="theirs")
"""
FOREIGN_TEST = """
import sys

def test_own_options(pytestconfig):
    assert pytestconfig.getoption("--server") == "mine"
    assert pytestconfig.getoption("--cell") == "theirs"

def test_nothing_of_the_harness_runs_here():
    assert not {"harness.selection.plan", "harness.pytest_plugin"} & set(sys.modules)
"""


def test_a_suite_of_somebody_else_keeps_its_options_and_files(pytester: pytest.Pytester) -> None:
    """With the harness installed beside it: in a process of its own, since this one has loaded the harness."""
    pytester.makeconftest(FOREIGN_CONFTEST)
    pytester.makepyfile(test_theirs=FOREIGN_TEST, data=SCENARIO + "raise RuntimeError('nobody asked to load this')")
    found = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--server", "mine")
    found.assert_outcomes(passed=2)
    assert found.ret == 0
