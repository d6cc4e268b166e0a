"""The applications of a scenario: files beside its module, else ready-made ones with all that they import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.catalog.applications import READY_MADE, applications_of
from harness.errors import ScenarioError

if TYPE_CHECKING:
    from pathlib import Path


def names(module: Path, *wanted: str) -> list[str]:
    """Return the names of the files that are copied."""
    return [one.path.name for one in applications_of(module, wanted)]


def test_a_ready_made_application_brings_what_it_imports(tmp_path: Path) -> None:
    """And nothing else, however far the imports go."""
    module = tmp_path / "scenario.py"
    assert names(module, "dialects.py") == ["dialects.py"]
    assert sorted(names(module, "ready.py")) == [
        *("dialects.py", "ready.py", "ready_http.py", "ready_starlette.py", "ready_websocket.py"),
    ]
    assert names(module, "run_cheroot.py") == ["run_cheroot.py", "launching.py"]


def test_a_file_beside_the_module_comes_first(tmp_path: Path) -> None:
    """Also in place of what a ready-made application imports, where the scenario names it."""
    module = tmp_path / "scenario.py"
    (tmp_path / "launching.py").write_text("own = True\n")
    (tmp_path / "ready.py").write_text("import dialects\n")
    found = applications_of(module, ("run_cheroot.py", "launching.py", "ready.py"))
    assert [one.path for one in found] == [
        READY_MADE / "run_cheroot.py",
        tmp_path / "launching.py",
        tmp_path / "ready.py",
    ]


def test_an_unknown_name_is_refused_with_what_is_near(tmp_path: Path) -> None:
    """Of both places."""
    with pytest.raises(ScenarioError, match=r"redy\.py is neither beside it nor ready-made; did you mean ready\.py\?"):
        applications_of(tmp_path / "scenario.py", ("redy.py",))
