"""The digests of a scenario: another byte of what defines it, or another protocol, is another digest."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.catalog import closure
from harness.catalog.loading import load_file

if TYPE_CHECKING:
    import pytest

MODULE = """
from harness import Scenario
SCENARIO = Scenario(id="own", title="t", subject="s", observe=print, judge=print, applications=("app.py",))
"""


@given(module=st.binary(max_size=3), application=st.binary(max_size=3))
def test_changed_byte_of_a_scenario_is_another_digest(
    tmp_path_factory: pytest.TempPathFactory, module: bytes, application: bytes
) -> None:
    """Of its module, in a comment even, or of its application."""
    assume(module or application)
    assume(not set(b"\r\n\0\x0c") & set(module) and module.isascii())
    folder = tmp_path_factory.mktemp("scenario")
    (folder / "own.py").write_text(MODULE)
    (folder / "app.py").write_bytes(b"")
    before = load_file(folder / "own.py").closure
    (folder / "own.py").write_bytes(MODULE.encode() + (b"#" + module if module else b""))
    (folder / "app.py").write_bytes(application)
    assert load_file(folder / "own.py").closure != before


def test_raised_protocol_is_another_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One says that trials are carried out in a new way, one that only judging is new."""
    (tmp_path / "own.py").write_text(MODULE)
    (tmp_path / "app.py").write_text("")
    before = load_file(tmp_path / "own.py").closure
    monkeypatch.setattr(closure, "JUDGING_PROTOCOL", closure.JUDGING_PROTOCOL + 1)
    judged = load_file(tmp_path / "own.py").closure
    assert (judged.trial == before.trial, judged.judgement == before.judgement) == (True, False)
    monkeypatch.setattr(closure, "TRIAL_PROTOCOL", closure.TRIAL_PROTOCOL + 1)
    assert load_file(tmp_path / "own.py").closure.trial != before.trial


def test_what_the_harness_needs_is_what_its_project_says() -> None:
    """Its versions are in no digest: a new one would have every trial run again."""
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    names = {canonicalize_name(Requirement(one).name) for one in project["dependencies"]}
    assert names - {"pyyaml"} | {"harness", "yaml"} == closure.NEEDED  # the one whose import has another name
