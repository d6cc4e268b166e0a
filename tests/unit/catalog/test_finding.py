"""Scenarios found by where they lie, known without being executed, and mistakes told with their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.catalog import loading
from harness.catalog.closure import closure_of
from harness.errors import ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.catalog.closure import Closure
    from harness.model.scenario import Scenario

MODULE = """
from harness import Scenario

def judge(evidence):
    raise NotImplementedError

SCENARIO = Scenario(
    title="t",{stated}
    observe=print,
    judge=judge,
    applications=({files}),
)
"""


def write(place: Path, name: str = "some-failure", *, stated: str = "", files: str = "") -> Path:
    """Write a scenario's folder into the folder of its subject, and return the module."""
    (place / name).mkdir(parents=True, exist_ok=True)
    path = place / name / "scenario.py"
    path.write_text(MODULE.format(stated=stated and f"\n    {stated},", files=files))
    return path


def flat(path: Path, identity: str) -> Path:
    """Write a flat module, which states what no folder says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MODULE.format(stated=f'id="{identity}", subject="toyserver",', files=""))
    return path


def refusal(*places: Path) -> str:
    """Return the message that places are refused with, when they are searched or when all is loaded."""
    with pytest.raises(ScenarioError) as error:
        list(loading.load(places).values())
    return str(error.value)


def test_folders_say_id_and_subject(tmp_path: Path) -> None:
    """The module need not; nor is it wrong where it says the same."""
    write(tmp_path / "uvicorn", "some-failure")
    write(tmp_path / "hypercorn", "other-failure", stated='id="other-failure", subject="hypercorn"')
    found = loading.load([tmp_path])
    assert found.subjects == {"other-failure": "hypercorn", "some-failure": "uvicorn"}
    assert {name: (one.scenario.id, one.scenario.subject) for name, one in found.items()} == {
        "other-failure": ("other-failure", "hypercorn"),
        "some-failure": ("some-failure", "uvicorn"),
    }


@pytest.mark.parametrize("place", ["", "uvicorn", "uvicorn/some-failure", "uvicorn/some-failure/scenario.py"])
def test_a_place_is_a_folder_of_subjects_of_scenarios_or_the_scenario_itself(place: str, tmp_path: Path) -> None:
    """Each is the same scenario."""
    module = write(tmp_path / "uvicorn")
    found = loading.load([tmp_path / place])
    assert (found.modules, found.subjects) == ({"some-failure": module}, {"some-failure": "uvicorn"})


def test_a_folder_that_is_found_by_two_ways_is_one(tmp_path: Path) -> None:
    """Named itself, by its subject, and by a link, whose own name says nothing."""
    write(tmp_path / "uvicorn")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "another-name").symlink_to(tmp_path / "uvicorn" / "some-failure")
    found = loading.load([tmp_path, tmp_path / "uvicorn", tmp_path / "links"])
    assert found.subjects == {"some-failure": "uvicorn"}


def test_flat_modules_and_folders_lie_beside_each_other(tmp_path: Path) -> None:
    """As where an author tries something in one file."""
    flat(tmp_path / "tried.py", "tried-failure")
    write(tmp_path / "uvicorn")
    assert loading.load([tmp_path]).subjects == {"tried-failure": "toyserver", "some-failure": "uvicorn"}


def test_nothing_is_executed_before_it_is_asked_for(tmp_path: Path) -> None:
    """And only that: every name is known, one module is executed, once, and what is broken beside it is not."""
    ledger = tmp_path / "ledger"
    for name in ("one", "other"):
        path = write(tmp_path / "toyserver", name)
        path.write_text(f"with open({str(ledger)!r}, 'a') as file:\n    file.write('{name} ')\n" + path.read_text())
    write(tmp_path / "toyserver", "broken").write_text("raise RuntimeError\nSCENARIO = None\n")
    found = loading.load([tmp_path])
    assert list(found) == ["broken", "one", "other"]
    assert "one" in found.declared
    assert "another" not in found
    assert not ledger.exists()
    assert found["one"].scenario.title == found.declared["one"].title == "t"
    assert ledger.read_text() == "one "


def test_a_title_costs_no_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests are made when they are asked for, once."""
    write(tmp_path / "uvicorn")
    made: list[Path] = []

    def counted(scenario: Scenario, module: Path, **rest: Any) -> Closure:  # noqa: ANN401 - handed on as it is
        made.append(module)
        return closure_of(scenario, module, **rest)

    monkeypatch.setattr(loading, "closure_of", counted)
    found = loading.load([tmp_path])
    assert found["some-failure"].scenario.title == "t"
    assert made == []
    assert found["some-failure"].closure == found["some-failure"].closure
    assert len(made) == 1


def test_digest_is_of_what_was_read(tmp_path: Path) -> None:
    """However late it is asked for: an edit in the middle of a run is the next run's."""
    path = write(tmp_path / "uvicorn", files='"application.py",')
    application = path.with_name("application.py")
    application.write_text("old")
    before = loading.load_file(path).closure
    loaded = loading.load_file(path)
    application.write_text("new")
    path.write_text(path.read_text() + "\nNEW = 1\n")
    assert loaded.closure == before
    assert loading.load_file(path).closure.trial != before.trial


def test_what_is_measured_changes_no_digest(tmp_path: Path) -> None:
    """Neither what is expected nor kept evidence, also of a module that may read all that lies beside it."""
    path = write(tmp_path / "uvicorn")
    path.write_text(path.read_text() + "\nHERE = __file__\n")
    before = loading.load_file(path).closure
    path.with_name("expected.json").write_text('{"histories": []}')
    (path.parent / "evidence").mkdir()
    (path.parent / "evidence" / "kept.json").write_text("{}")
    assert loading.load_file(path).closure == before
    (path.parent / "data.json").write_text("{}")
    assert loading.load_file(path).closure.trial != before.trial


def test_expected_lies_in_the_folder(tmp_path: Path) -> None:
    """A torn one is told when the scenario is loaded."""
    path = write(tmp_path / "uvicorn").with_name("expected.json")
    path.write_text("{")
    assert refusal(tmp_path).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("field", "stated", "given", "wanted"),
    [
        ("id", "other-failure", "some-failure", "uvicorn/other-failure/scenario.py"),
        ("subject", "hypercorn", "uvicorn", "hypercorn/some-failure/scenario.py"),
    ],
    ids=["id", "subject"],
)
def test_another_id_or_subject_than_the_folder_is_told(
    field: str, stated: str, given: str, wanted: str, tmp_path: Path
) -> None:
    """With the line that states it, and what to do."""
    path = write(tmp_path / "uvicorn", stated=f'{field}="{stated}"')
    assert refusal(tmp_path) == (
        f"{path}, line 9: it states the {field} '{stated}', and its folder says '{given}'; "
        f"leave the {field} out, or move the module to {wanted}"
    )


@pytest.mark.parametrize(
    ("missing", "left"), [("id", 'subject="toyserver"'), ("subject", 'id="tried-failure"')], ids=["id", "subject"]
)
def test_a_flat_module_states_both(missing: str, left: str, tmp_path: Path) -> None:
    """No folder says it."""
    path = tmp_path / "tried.py"
    path.write_text(MODULE.format(stated=left + ",", files=""))
    message = refusal(tmp_path)
    assert message.startswith(f"{path}, line 7: its scenario has no {missing}; state one")
    assert "SUBJECT/NAME/scenario.py" in message


@pytest.mark.parametrize(
    ("name", "hint"),
    [("Some_Failure", "; call it 'some-failure'"), ("some failure", "; call it 'some-failure'"), ("3", "")],
)
def test_a_folder_whose_name_is_no_id_is_told(name: str, hint: str, tmp_path: Path) -> None:
    """At once: its scenario could never be named."""
    folder = write(tmp_path / "uvicorn", name).parent
    words = "the name of a scenario's folder is its id, lower-case words joined by '-'"
    with pytest.raises(ScenarioError) as error:
        loading.load([tmp_path])
    assert str(error.value) == f"{folder}: {words}{hint}"


def test_a_folder_around_whose_name_is_no_subject_is_told(tmp_path: Path) -> None:
    """With the package's name as an index writes it."""
    path = write(tmp_path / "Some_Server")
    message = refusal(tmp_path)
    assert message.startswith(f"{path}: ")
    assert "the subject 'Some_Server' is not a package's name as an index writes it; write 'some-server'" in message


@pytest.mark.parametrize(
    ("misplaced", "wanted"),
    [("other_failure.py", "other-failure/scenario.py"), ("other-failure/other.py", "other-failure/scenario.py")],
)
def test_a_module_that_lies_where_none_is_looked_for_is_told(misplaced: str, wanted: str, tmp_path: Path) -> None:
    """It would be passed over."""
    write(tmp_path / "uvicorn")
    path = flat(tmp_path / "uvicorn" / misplaced, "other-failure")
    words = f"a scenario of uvicorn has a folder of its own; move the module to {tmp_path / 'uvicorn' / wanted}"
    assert refusal(tmp_path) == f"{path}: {words}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ": it assigns no SCENARIO at the top, so that it is no scenario module"),
        ("from harness import Scenario\nSCENARO = 1\n", ", line 2: it assigns SCENARO; did you mean SCENARIO?"),
        ("SCENARIO = 1\n", ": SCENARIO is not a harness.Scenario"),
    ],
)
def test_a_scenario_module_that_defines_none_is_told(text: str, words: str, tmp_path: Path) -> None:
    """Its name says that it is one."""
    path = write(tmp_path / "uvicorn")
    path.write_text(text)
    assert refusal(tmp_path) == f"{path}{words}"


def test_two_folders_of_one_id_are_told(tmp_path: Path) -> None:
    """Though they are of two subjects: cells, results and calls name the id alone. Neither is executed for that."""
    one, other = write(tmp_path / "hypercorn"), write(tmp_path / "uvicorn")
    for path in (one, other):
        path.write_text("raise RuntimeError\n")
    assert refusal(tmp_path) == f"{other}: the id 'some-failure' is taken by {one}; choose another"


def test_what_lies_beside_is_imported_and_no_other_scenario_is(tmp_path: Path) -> None:
    """A folder of scenarios is no package of modules, though each of its folders has some."""
    path = write(tmp_path / "uvicorn", "one")
    path.write_text("from common import WORD\n" + path.read_text().replace('title="t"', "title=WORD"))
    path.with_name("common.py").write_text("WORD = 'beside'\n")
    assert loading.load([tmp_path])["one"].scenario.title == "beside"
    path.write_text("import two\n" + path.read_text())
    write(tmp_path / "uvicorn", "two")
    assert "ModuleNotFoundError: No module named 'two'" in refusal(tmp_path / "uvicorn")
