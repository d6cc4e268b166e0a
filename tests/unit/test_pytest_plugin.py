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


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the modules that are executed from now on."""
    executed: list[Path] = []
    load_file = loading.load_file

    def counted(path: Path, *folders: Sequence[Path]) -> loading.LoadedScenario:
        executed.append(path)
        return load_file(path, *folders)

    monkeypatch.setattr(loading, "load_file", counted)
    return executed


def test_every_scenario_that_is_collected_is_loaded_once(project: pytest.Pytester, loads: list[Path]) -> None:
    """Once in a session, however many files there are; none of the project's own, which nobody collects here."""
    names = [f"further-{number}" for number in range(4)]
    for name in names:
        project.makepyfile(**{name.replace("-", "_"): SCENARIO.replace("own-failure", name)})
    (project.path / "own.toml").write_text(MATRIX.replace('"own-failure"', '"*-keep-alive"'))
    found = collected(project)
    assert sum("::" in line for line in found.outlines) == 2 * 5
    assert sorted(path.name for path in loads) == [
        *(f"{name.replace('-', '_')}.py" for name in names),
        "own_failure.py",
    ]


def test_of_a_folder_only_the_scenario_is_collected(project: pytest.Pytester, loads: list[Path]) -> None:
    """What lies beside it is what it works with; a folder's name is the id."""
    text = SCENARIO.replace('id="own-failure", ', "").replace('subject="uvicorn", ', "")
    for name in ("one-failure", "other-failure"):
        folder = project.path / "scenarios" / "uvicorn" / name
        (folder / "evidence").mkdir(parents=True)
        (folder / "scenario.py").write_text(text)
        (folder / "application.py").write_text("raise RuntimeError('runs in a cell')\n")
        (folder / "expected.json").write_text('{"histories": []}')
    (project.path / "own.toml").write_text(MATRIX.replace("own-failure", "pipelined-keep-alive"))
    found = collected(project, "scenarios/uvicorn/one-failure", "--harness-server", "uvicorn==1.0")
    assert [line.split("_uvicorn")[0] for line in found.outlines if "::" in line] == [
        "scenarios/uvicorn/one-failure/scenario.py::one-failure_one",
        "scenarios/uvicorn/one-failure/scenario.py::one-failure_two",
    ]
    assert [path.parent.name for path in loads] == ["one-failure"]


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
