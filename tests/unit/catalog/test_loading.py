"""Scenario modules in folders: found by id, told in one line where they do not load, never stale."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from harness.catalog import loading
from harness.errors import ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
from harness import Scenario

def observe(trial):
    pass

def judge(evidence):
    raise NotImplementedError

{name} = Scenario(id="{id}", title="t", subject="s", observe=observe, judge=judge, applications=({files}))
"""


def write(folder: Path, name: str = "own.py", identity: str = "own-failure", files: str = "") -> Path:
    """Write a scenario module, and the applications that it names."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(MODULE.format(name="SCENARIO", id=identity, files=files))
    return path


def refusal(folder: Path) -> str:
    """Return the message that the folder is refused with."""
    with pytest.raises(ScenarioError) as error:
        loading.load([folder])
    return str(error.value)


def test_own_scenarios_are_those_of_the_contract() -> None:
    """The ids are permanent."""
    found = loading.load([loading.bundled("scenarios")])
    assert {"pipelined-keep-alive", "preload-closed-loop", "starved-heartbeat"} <= set(found)
    for name, loaded in found.items():
        assert loaded.scenario.id == name
        assert loaded.module.parts[-3:] == (loaded.scenario.subject, name, "scenario.py")


def test_scenario_of_ones_own_is_found(tmp_path: Path) -> None:
    """In a folder outside the project, beside its applications, which are no scenarios."""
    write(tmp_path, files='"app.py",')
    (tmp_path / "app.py").write_text("raise RuntimeError('never imported here')")
    found = loading.load([tmp_path])
    assert list(found) == ["own-failure"]
    assert [one.path for one in found["own-failure"].applications] == [tmp_path / "app.py"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SCENARIO = Scenario(\n", ", line 1: SyntaxError"),
        ("\nimport no_such\nSCENARIO = Scenario()", ", line 2: ModuleNotFoundError: No module named 'no_such'"),
        ("SCENARIO = Scenario()", ", line 1: NameError"),
        ("from harness import Scenario\nSCENARIO = Scenario()", ", line 2: TypeError"),
        ("\nraise SystemExit(3)\nSCENARIO = Scenario()", ", line 2: SystemExit: 3"),
        ("class Odd(BaseException): pass\nraise Odd('x')\nSCENARIO = Scenario()", ", line 2: Odd: x"),
        (MODULE.format(name="SCENARIO", id="Bad Id", files=""), ", line 10: ValueError: the id 'Bad Id'"),
        ("Scenario = dict\nSCENARIO = Scenario()", "SCENARIO is not a harness.Scenario"),
        (
            MODULE.format(name="SCENARIO", id="a", files='"gone.py",'),
            "the application gone.py is neither beside it nor ready-made",
        ),
    ],
    ids=["syntax", "import", "name", "arguments", "exit", "base", "id", "type", "application"],
)
def test_module_that_does_not_load_is_told(text: str, words: str, tmp_path: Path) -> None:
    """Which file, which error; one line each."""
    (tmp_path / "broken.py").write_text(text)
    message = refusal(tmp_path)
    assert message.startswith(str(tmp_path / "broken.py"))
    assert words in message


def test_two_scenarios_of_one_id_are_told(tmp_path: Path) -> None:
    """Both files are named; neither wins in silence."""
    one, two = write(tmp_path, "one.py"), write(tmp_path, "two.py")
    message = refusal(tmp_path)
    assert str(one) in message
    assert str(two) in message
    assert "'own-failure' is taken" in message


def test_own_scenario_cannot_take_the_place_of_a_bundled_one(tmp_path: Path) -> None:
    """An id of the project means the project's."""
    write(tmp_path, identity="pipelined-keep-alive")
    with pytest.raises(ScenarioError, match="'pipelined-keep-alive' is taken"):
        loading.load([loading.bundled("scenarios"), tmp_path])


def test_folder_that_is_named_twice_is_no_clash(tmp_path: Path) -> None:
    """The same file is the same scenario, by whatever path."""
    write(tmp_path)
    (tmp_path / "sub").mkdir()
    assert list(loading.load([tmp_path, tmp_path / "sub" / ".."])) == ["own-failure"]


def test_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    """With the option that names it."""
    assert "no folder of scenarios at" in refusal(tmp_path / "gone")
    assert "--scenarios" in refusal(tmp_path / "gone")


def test_same_stem_in_two_folders_is_two_modules(tmp_path: Path) -> None:
    """Modules do not overwrite each other."""
    write(tmp_path / "a", identity="first")
    write(tmp_path / "b", identity="second")
    assert sorted(loading.load([tmp_path / "a", tmp_path / "b"])) == ["first", "second"]


def test_digest_follows_module_and_applications(tmp_path: Path) -> None:
    """A stored result counts only for what it was measured with."""
    path = write(tmp_path, files='"app.py",')
    application = tmp_path / "app.py"
    application.write_text("one")
    first = loading.load_file(path).closure
    assert loading.load_file(path).closure == first
    application.write_text("two")
    second = loading.load_file(path).closure
    path.write_text(path.read_text() + "# changed\n")
    third = loading.load_file(path).closure
    assert (first.trial == second.trial, second.trial == third.trial) == (False, True)
    assert second.judgement != third.judgement
    (tmp_path / "unrelated.py").write_text("x")
    assert loading.load_file(path).closure == third


def test_digest_does_not_depend_on_the_place(tmp_path: Path) -> None:
    """Results of one machine count on another."""
    assert loading.load_file(write(tmp_path / "a")).closure == loading.load_file(write(tmp_path / "b")).closure


@pytest.mark.parametrize("name", ["SCENARO", "Scenario_", "scenario", "SCENARIOS"])
def test_a_scenario_under_a_wrong_name_is_told(name: str, tmp_path: Path) -> None:
    """It would be passed over; the line is that of the name."""
    (tmp_path / "own.py").write_text(MODULE.format(name=name, id="own-failure", files=""))
    assert refusal(tmp_path) == f"{tmp_path / 'own.py'}, line 10: it assigns {name}; did you mean SCENARIO?"


def test_what_only_looks_like_a_scenario_is_passed_over(tmp_path: Path) -> None:
    """An application has words of its own, and so has a module that scenarios share."""
    (tmp_path / "app.py").write_text("SCENARO = 'what runs in a cell imports no harness'\n")
    (tmp_path / "common.py").write_text("from harness import Variant\nSCENARIO_PATH = '/'\nVARIANTS = (Variant(),)\n")
    assert loading.load([tmp_path]) == {}


def test_a_file_that_is_no_scenario_is_told(tmp_path: Path) -> None:
    """Where it is named itself."""
    (tmp_path / "app.py").write_text("x = 1\n")
    assert "app.py: it assigns no SCENARIO at the top" in refusal(tmp_path / "app.py")


def test_an_application_that_is_misspelt_is_told(tmp_path: Path) -> None:
    """With the nearest file that is there."""
    write(tmp_path, files='"ap.py",')
    (tmp_path / "app.py").write_text("")
    assert "the application ap.py is neither beside it nor ready-made; did you mean app.py?" in refusal(tmp_path)


def test_an_application_is_what_it_was_when_it_was_loaded(tmp_path: Path) -> None:
    """An edit in the middle of a run would be measured under the digest of before."""
    path = write(tmp_path / "own", files='"app.py",')
    (tmp_path / "own" / "app.py").write_text("old")
    (tmp_path / "own" / "app.py").chmod(0o755)
    loaded = loading.load_file(path)
    (tmp_path / "own" / "app.py").write_text("new")
    loaded.applications[0].copy_into(tmp_path)
    assert (tmp_path / "app.py").read_text() == "old"
    if sys.platform != "win32":  # which has no such bits
        assert (tmp_path / "app.py").stat().st_mode & 0o777 == 0o755


def test_changed_module_is_loaded_anew(tmp_path: Path) -> None:
    """Not from Python's own cache of modules."""
    loading.load_file(write(tmp_path))
    assert loading.load_file(write(tmp_path, identity="another")).scenario.id == "another"
