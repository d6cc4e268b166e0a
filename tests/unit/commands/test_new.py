"""The call ``harness new``: a folder with a scenario that loads, or one line and nothing written."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from harness import cli
from harness.catalog import loading
from harness.catalog.drafts import Start, draft
from harness.commands import new

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Call the program in an empty folder; returns status and both outputs."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(arguments)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def files() -> list[str]:
    """Return the files and folders of the working folder."""
    return sorted(path.as_posix() for path in Path().rglob("*"))


def test_a_new_scenario_loads_and_its_next_commands_are_calls(call: Callable[..., tuple[int, str, str]]) -> None:
    """The three commands name the scenario, and the folder where it lies."""
    status, out, err = call("new", "lost-answer", "--subject", "some-server")
    assert (status, err) == (0, "")
    folder = "scenarios/some-server/lost-answer"
    assert files() == [
        "scenarios",
        "scenarios/some-server",
        folder,
        *(f"{folder}/{n}.py" for n in ("application", "scenario")),
    ]
    assert out.splitlines()[:2] == [f"wrote {Path(folder) / 'scenario.py'}", f"wrote {Path(folder) / 'application.py'}"]
    assert out.splitlines()[3:] == [
        "  harness run lost-answer --server some-server==latest --scenarios scenarios",
        "  harness show 'lost-answer_*' --diff --scenarios scenarios",
        "  harness history lost-answer --write --scenarios scenarios",
    ]
    loaded = loading.load([Path("scenarios")])["lost-answer"]
    assert (loaded.scenario.subject, [one.path.name for one in loaded.applications]) == (
        "some-server",
        ["application.py"],
    )


def test_quiet_prints_nothing(call: Callable[..., tuple[int, str, str]]) -> None:
    """The folder is written all the same."""
    assert call("new", "lost-answer", "--subject", "h11", "--in", "my own", "--quiet") == (0, "", "")
    assert "my own/h11/lost-answer/scenario.py" in files()


def test_a_folder_with_a_space_can_be_typed(call: Callable[..., tuple[int, str, str]]) -> None:
    """What is printed is what a shell takes."""
    _, out, _ = call("new", "lost-answer", "--subject", "h11", "--in", "my own")
    assert shlex.split(out.splitlines()[-1])[-2:] == ["--scenarios", "my own"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["Lost_Answer", "--subject", "h11"], "is its id, lower-case words joined by '-'; call it 'lost-answer'"),
        (["1st-answer", "--subject", "h11"], "call it 'st-answer'"),
        (["../x", "--subject", "h11"], "call it 'x'"),
        (["x" * 101, "--subject", "h11"], "is its id"),
        (["lost-answer", "--subject", "Twisted"], "a package's name as an index writes it; write 'twisted'"),
        (["lost-answer", "--subject", "../h11"], "--subject: the subject '../h11' is not a package's name"),
        (["lost-answer", "--subject", ""], "--subject: the subject '' is not a package's name"),
        (["lost-answer"], "Missing option '--subject'"),
        (["taken", "--subject", "h11", "--in", "mine"], "mine/h11/taken exists already; choose another name"),
        (["taken", "--subject", "h2", "--in", "mine"], "the id 'taken' is taken by"),
        (["pipelined-keep-alive", "--subject", "h11"], "uvicorn/pipelined-keep-alive/scenario.py; choose another"),
        (["lost-answer", "--subject", "h11", "--in", "file"], "file is no folder"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)  # fmt: skip
def test_a_wrong_call_writes_nothing(
    arguments: list[str], told: str, call: Callable[..., tuple[int, str, str]]
) -> None:
    """One line, status 2."""
    Path("file").touch()
    call("new", "taken", "--subject", "h11", "--in", "mine", "--quiet")
    before = files()
    status, out, err = call("new", *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert told in err.replace("\\", "/")
    assert files() == before


@pytest.mark.skipif(sys.platform == "win32", reason="a folder's mode does not keep anybody from writing there")
def test_a_folder_that_cannot_be_written_is_left_as_it_was(
    call: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not half of a scenario."""

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    Path("mine").mkdir()
    monkeypatch.setattr(Path, "write_text", full)
    status, _, err = call("new", "lost-answer", "--subject", "h11", "--in", "mine")
    assert status == 2
    assert "mine/h11/lost-answer cannot be written: No space left on device" in err
    assert files() == ["mine"]


def test_in_the_checkout_the_projects_own_folder_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever in it the call is made; nothing has to be named afterwards."""
    checkout = loading.bundled("scenarios").parent
    monkeypatch.chdir(checkout / "harness")
    assert new._default() == Path("../scenarios")
    assert "--scenarios" not in "".join(new._told("a", "h11", Path("../scenarios"), checkout / "scenarios" / "uvicorn"))


def test_help_has_an_example_and_fits(call: Callable[..., tuple[int, str, str]]) -> None:
    """In a terminal of 80 columns."""
    status, out, _ = call("new", "--help")
    assert status == 0
    assert "harness new lost-second-answer --subject uvicorn" in out
    assert max(map(len, out.splitlines())) <= 80


SUBJECT = Start(
    module="some_server", function="run", applications=("ready.py", "run_some_server.py"), needs_companions=True
)


@pytest.mark.parametrize(
    "start", [None, SUBJECT, Start(module="h", function="cli", applications=("ready.py",), needs_companions=False)]
)
def test_a_draft_has_thirty_lines_at_most(start: Start | None) -> None:
    """And is in the project's own form."""
    text = draft("lost-answer", "some-server", start)["scenario.py"]
    assert len(text.splitlines()) <= 30
    assert max(map(len, text.splitlines())) <= 120
    compile(text, "scenario.py", "exec")


def test_a_subject_that_the_harness_starts_is_started_by_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the module says that it needs."""
    module = ModuleType("harness.subjects.some_server")
    vars(module).update(run=print, PYTHONS=(), COMPANIONS=())
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object())
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert new._start_of("some-server") == SUBJECT
    text = draft("a", "some-server", SUBJECT)["scenario.py"]
    for line in (
        "from harness import Scenario, Variant, control, request, trigger",
        "from harness.subjects import some_server",
        '    serve=lambda trial: some_server.run(trial, "ready"),',
        "    variants=(Variant(companions=some_server.COMPANIONS),),",
        '    applications=("ready.py", "run_some_server.py"),',
        "    pythons=some_server.PYTHONS,",
    ):
        assert line in text.splitlines()
    vars(module).pop("run")
    assert new._start_of("some-server") is None
