"""What a scenario's module imports from beside it: found, its own, as it was read, and without a trace elsewhere."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from harness.catalog import loading
from harness.errors import ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.catalog.loading import LoadedScenario

MODULE = """
from harness import Scenario
{imports}
def observe(trial):
    {body}

SCENARIO = Scenario(id="{id}", title="t", subject="s", observe=observe, judge=print)
"""


def scenario(folder: Path, imports: str = "", body: str = "return hello", identity: str = "own") -> Path:
    """Write a scenario module whose ``observe`` returns something."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{identity}.py"
    path.write_text(MODULE.format(imports=imports, body=body, id=identity))
    return path


def observed(loaded: LoadedScenario) -> object:
    """Return what ``observe`` returns."""
    observe: object = loaded.scenario.observe
    assert callable(observe)
    return observe(None)


def refusal(path: Path) -> str:
    """Return the message that the module is refused with."""
    with pytest.raises(ScenarioError) as error:
        loading.load_file(path)
    return str(error.value)


@pytest.mark.parametrize(
    ("imports", "body"),
    [
        ("from common import hello", "return hello"),
        ("import common", "return common.hello"),
        ("import common as other", "return other.hello"),
        ("from .common import hello", "return hello"),
        ("from . import common", "return common.hello"),
        ("", "from common import hello; return hello"),
        ("", "import common; return common.hello"),
        ("", "return __import__('common').hello"),
        ("import package.inside", "return package.inside.hello"),
        ("from package.inside import hello", "return hello"),
        ("from package import inside", "return inside.hello"),
        ("import package.inside as inside", "return inside.hello"),
        ("from package import hello", "return hello"),
        ("from spaced import inside", "return inside.hello"),
    ],
)
def test_what_lies_beside_is_found(imports: str, body: str, tmp_path: Path) -> None:
    """However it is imported; at once, or by ``observe`` when it runs; with nothing of it in Python's own list."""
    (tmp_path / "common.py").write_text("hello = 'common'\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from .inside import hello\n")
    (tmp_path / "package" / "inside.py").write_text("from common import hello\n")
    (tmp_path / "spaced").mkdir()
    (tmp_path / "spaced" / "inside.py").write_text("hello = 'common'\n")
    path = list(sys.path)
    if "__import__" in body:
        imports = "import common as seen"  # the analysis sees statements only
    assert observed(loading.load_file(scenario(tmp_path, imports, body))) == "common"
    assert sys.path == path
    assert not {"common", "package", "spaced"} & set(sys.modules)


def test_each_folder_has_its_own(tmp_path: Path) -> None:
    """Two files of one name, and neither is the other's; nor are two scenarios' copies of one file."""
    for name in ("a", "b"):
        scenario(tmp_path / name, "from common import hello", identity=name)
        (tmp_path / name / "common.py").write_text(f"hello = '{name}'\n")
    loaded = loading.load([tmp_path / "a", tmp_path / "b"])
    assert [observed(loaded[name]) for name in ("a", "b")] == ["a", "b"]


def test_a_named_folder_is_shared(tmp_path: Path) -> None:
    """What is not beside the module is looked for in the folders of the call; its own file comes first."""
    scenario(tmp_path / "a", "from common import hello", identity="a")
    scenario(tmp_path / "b", "from common import hello", identity="b")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "common.py").write_text("hello = 'shared'\n")
    (tmp_path / "b" / "common.py").write_text("hello = 'own'\n")
    loaded = loading.load([tmp_path / "a", tmp_path / "b", tmp_path / "shared"])
    assert observed(loaded["b"]) == "own"
    alone = loading.load([tmp_path / "a", tmp_path / "shared"])["a"]
    assert observed(alone) == "shared"
    (tmp_path / "shared" / "common.py").write_text("hello = 'changed'\n")
    assert loading.load([tmp_path / "a", tmp_path / "shared"])["a"].closure.trial != alone.closure.trial


def test_pythons_own_modules_are_not_shadowed(tmp_path: Path) -> None:
    """A file that is called as one of them is is another file."""
    (tmp_path / "json.py").write_text("raise RuntimeError\n")
    assert observed(loading.load_file(scenario(tmp_path, "import json", "return json.dumps(1)"))) == "1"


def test_a_name_of_an_installed_package_is_told(tmp_path: Path) -> None:
    """Neither wins in silence."""
    (tmp_path / "httpx.py").write_text("")
    message = refusal(scenario(tmp_path, "import httpx"))
    assert f"'httpx' is {tmp_path / 'httpx.py'} and an installed package" in message
    assert "give the file another name" in message


@pytest.mark.parametrize("how", ["import elsewhere", "import importlib; importlib.import_module('elsewhere')"])
def test_what_may_change_unseen_is_told(how: str, tmp_path: Path) -> None:
    """A module that a scenario finds by changing Python's own search path, in a folder that nobody named."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "elsewhere.py").write_text("")
    path = list(sys.path)
    message = refusal(scenario(tmp_path / "own", f"import sys; sys.path.insert(0, {str(tmp_path / 'other')!r}); {how}"))
    assert f"'elsewhere' comes from {tmp_path / 'other' / 'elsewhere.py'}" in message
    assert "name its folder by --scenarios" in message
    assert sys.path == path
    sys.modules.pop("elsewhere", None)


def test_what_nobody_foresaw_is_not_executed_later(tmp_path: Path) -> None:
    """A name that is made up while ``observe`` runs means a file that no digest has seen."""
    (tmp_path / "common.py").write_text("hello = 1\n")
    loaded = loading.load_file(scenario(tmp_path, "", "return __import__('com' + 'mon')"))
    with pytest.raises(ImportError, match=r"common\.py was not seen when the scenario was loaded"):
        observed(loaded)


def test_what_was_read_is_what_is_executed(tmp_path: Path) -> None:
    """A file that changes during a run changes nothing of it; what is loaded afterwards is the new one."""
    (tmp_path / "common.py").write_text("hello = 'old'\n")
    path = scenario(tmp_path, "", "from common import hello; return hello")
    loaded = loading.load_file(path)
    (tmp_path / "common.py").write_text("hello = 'new'\n")
    assert observed(loaded) == "old"
    assert observed(loading.load_file(path)) == "new"


def test_byte_code_of_before_is_not_executed(tmp_path: Path) -> None:
    """An edit within one second that keeps the size: Python's own byte code would count as fresh."""
    path = scenario(tmp_path, "", "return 'old'")
    assert observed(loading.load_file(path)) == "old"
    moment = path.stat().st_mtime_ns
    path.write_text(path.read_text().replace("old", "new"))
    os.utime(path, ns=(moment, moment))
    assert observed(loading.load_file(path)) == "new"
    assert not (tmp_path / "__pycache__").exists()


def test_mistake_in_a_sibling_is_told_with_its_line(tmp_path: Path) -> None:
    """The line is of the file that is wrong, and the scenario is named too."""
    (tmp_path / "common.py").write_text("\nhello = 1 / 0\n")
    path = scenario(tmp_path, "from common import hello")
    assert refusal(path) == f"{path}: {tmp_path / 'common.py'}, line 2: ZeroDivisionError: division by zero"


def test_what_a_module_does_to_the_program_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Working folder, variables, search path; what it prints is not on standard output, not even later."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OWN_WORD", "before")
    lines = ["import os, sys", "os.chdir('/')", "os.environ['OWN_WORD'] = 'after'", "os.environ['OTHER'] = ''"]
    lines += ["sys.path.append('/x')", "print('at once')", "sys.stdout.write('so too')"]
    path = list(sys.path)
    loaded = loading.load_file(scenario(tmp_path / "own", "\n".join(lines), "print('later')"))
    observed(loaded)
    assert os.getcwd() == str(tmp_path)  # noqa: PTH109 - what is asked
    assert (os.environ["OWN_WORD"], "OTHER" in os.environ, sys.path) == ("before", False, path)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [word in printed.err for word in ("at once", "so too", "later")] == [True] * 3
