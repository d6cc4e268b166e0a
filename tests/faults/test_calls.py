"""Kind 6: the exit status answers the question that was asked, and no call ends in a traceback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.environments import interpreters
from tests.minimatrix.driving import PYTHON, SCENARIOS, User, servers
from tests.minimatrix.packages import module, project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from .conftest import Seen

OTHERS = {name: one for name, one in interpreters.installed().items() if name not in {PYTHON, "3.6", "3.7"}}
ROW = f'[[cells]]\nscenarios = ["toy-failure"]\nreleases = ["==1.1"]\npythons = ["{PYTHON}"]\nplatforms = ["linux"]\n'


class WithPython(User):
    """Somebody who has a further Python on PATH."""

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a call."""
        return {**super().environment(), "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.defpath}"}


@pytest.fixture
def unreachable(tmp_path: Path, shared_cache: Path) -> Iterator[User]:
    """A user whose index takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        index = f"http://127.0.0.1:{deaf.getsockname()[1]}/simple"
        yield User(folder=tmp_path / "unreachable", cache=shared_cache, index=index)


def piped(user: User, *arguments: str | Path, stdout: IO[str] | int, stderr: IO[str] | int) -> tuple[int, str]:
    """Make a call whose outputs go elsewhere; return its status, and what it wrote to a pipe on standard error."""
    done = subprocess.run(  # noqa: S603 - the program that is tested
        [sys.executable, "-m", "harness", *map(str, arguments)],
        env=user.environment(),
        cwd=user.folder,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    return done.returncode, done.stderr or ""


def closed_pipe() -> int:
    """Return the end to write to of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.fault(6, "'--server ./tree' of a working tree with the failure, then with the failure mended")
def test_a_working_tree_has_the_failure_or_not(user: User, seen: Seen) -> None:
    """What is asked of a tree is whether it has the failure, whatever was measured of a release."""
    folder = project(user.folder / "tree", "1.0")
    assert user.run("--server", "./tree").status == 1
    (folder / "toyserver.py").write_text(module("3.0"))
    called = user.run("--server", "./tree")
    assert (called.status, list(called.verdicts.values())) == (0, ["absent"])
    seen("1 with the failure, 0 once it is mended", called)


@pytest.mark.fault(6, "a working tree that does not allow the Python that the matrix names")
def test_a_tree_runs_on_a_python_that_it_allows(user: User, seen: Seen) -> None:
    """The row's Pythons are for the row's releases."""
    project(user.folder / "tree", "3.0")
    (user.folder / "old.toml").write_text(ROW.replace(PYTHON, "3.7"))
    called = user.call(
        "run", "--matrix", "old.toml", "--scenarios", SCENARIOS, "--server", "./tree", "--format", "json"
    )
    (cell,) = called.cells.values()
    assert (called.status, cell["python"], cell["verdict"]) == (0, PYTHON, "absent"), called.stderr
    seen("runs on the newest Python here that it allows", called)


@pytest.mark.fault(6, "a failure none of whose cells can exist, beside one that is tried")
def test_a_failure_that_no_cell_tried_is_3(user: User, seen: Seen) -> None:
    """The last line names it."""
    folder = user.folder / "mine"
    shutil.copytree(SCENARIOS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / "toy_failure.py").read_text()
    other = text.replace('id="toy-failure"', 'id="windows-failure", platforms=("windows",)')
    (folder / "windows_failure.py").write_text(other)
    called = user.call("run", "--scenarios", "mine", *servers("1.1"), "--python", PYTHON, "--quiet")
    assert called.status == 3
    assert "no cell tried windows-failure (exit status 3)" in called.last_line
    seen(called.last_line.partition("; ")[2], called)


@pytest.mark.skipif(not OTHERS, reason="there is only one Python here")
@pytest.mark.fault(7, "'--server ./tree --python' of another Python than the harness's own")
def test_a_tree_is_built_with_the_python_of_its_cell(tmp_path: Path, index: object, seen: Seen) -> None:
    """A build that asks which Python it is for, or that compiles, is right only then."""
    python, interpreter = max(OTHERS.items(), key=lambda item: int(item[0].split(".")[1]))
    somebody = WithPython(folder=tmp_path / "user", cache=tmp_path / "cache", index=index.url)  # type: ignore[attr-defined]
    (somebody.folder / "bin").mkdir()
    (somebody.folder / "bin" / f"python{python}").symlink_to(interpreter.path)
    (somebody.folder / "bin" / "python3").symlink_to(interpreters.find(PYTHON).path)  # what a build takes unasked
    project(somebody.folder / "tree", "3.0")
    options = ("--scenarios", SCENARIOS, "--server", "./tree", "--python", python, "--format", "json")
    called = somebody.call("run", "toy-failure", *options)
    assert (called.status, list(called.verdicts.values())) == (0, ["absent"]), called.stderr
    (built_by,) = (somebody.cache / "environments").rglob("built_by.txt")
    assert built_by.read_text() == python
    assert somebody.left_in_the_end() == []
    seen("is built with the Python of the cell", called)


@pytest.mark.fault(6, "a working tree whose build needs an index that does not answer")
def test_an_index_out_of_reach_is_3_also_for_a_tree(tmp_path: Path, shared_cache: Path, seen: Seen) -> None:
    """The call is right; the machine cannot answer it now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # nobody listens there afterwards
    offline = User(folder=tmp_path / "offline", cache=shared_cache, index=f"http://127.0.0.1:{port}/simple")
    folder = project(offline.folder / "tree", "3.0")
    (folder / "pyproject.toml").write_text('[build-system]\nrequires = ["hatchling"]\n')
    called = offline.run("--server", "./tree")
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (3, "", 1), called.stderr
    assert "--server: ./tree: " in called.stderr
    seen("3, in one line", called)


@pytest.mark.fault(6, "'doctor' with an index that takes connections and never answers")
def test_doctor_asks_the_index(unreachable: User, user: User, seen: Seen) -> None:
    """It says so of one that answers, and ends with 3 where one does not."""
    good = user.call("doctor")
    assert good.stdout.startswith("ok       package index: answers, after ")
    assert good.status == 0, good.stdout
    called = unreachable.call("doctor")
    assert called.stdout.startswith("lacking  package index: it cannot be asked: ReadTimeout"), called.stdout
    assert called.status == 3
    seen("'lacking  package index', 3", called)


@pytest.mark.fault(6, "a reader that goes away: 'harness list | head -1'")
def test_a_closed_pipe_is_silent(user: User, seen: Seen) -> None:
    """The status is the shell's for every program that ends by it: 0 would say that every verdict agrees."""
    pipe = closed_pipe()
    assert piped(user, "list", stdout=pipe, stderr=subprocess.PIPE) == (141, "")
    os.close(pipe)
    seen("141, silently")


@pytest.mark.fault(6, "a reader of the progress that goes away: 'harness run 2>&1 | head -1'")
def test_a_closed_pipe_for_progress_is_no_contradiction(user: User, seen: Seen) -> None:
    """The library that draws progress ends the program with 1 by itself; the server that runs is ended."""
    pipe = closed_pipe()
    status, _ = piped(user, "run", *user.selection, *servers("1.1"), "--rerun", stdout=subprocess.DEVNULL, stderr=pipe)
    os.close(pipe)
    assert status == 141
    seen("141, silently; what ran is ended")


@pytest.mark.fault(6, "standard output on a full disk")
def test_a_full_output_is_4_in_one_line(user: User, seen: Seen) -> None:
    """Nobody can know the verdicts then, and 1 would be one."""
    with Path("/dev/full").open("w") as full:
        status, said = piped(user, "list", stdout=full, stderr=subprocess.PIPE)
    assert status == 4
    assert said == "harness: the output cannot be written to: No space left on device (exit status 4)\n"
    seen("4, in one line")


@pytest.mark.fault(6, "a claim that names a release that does not exist, beside other scenarios")
def test_a_wrong_claim_ends_nothing(user: User, seen: Seen) -> None:
    """Its cells are left out, and the line names the scenario and its document; no row of the matrix is blamed."""
    folder = user.folder / "mine"
    shutil.copytree(SCENARIOS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / "toy_failure.py").read_text()
    for name, fixed in (("toy-failure", "1.1"), ("typed-failure", "9.9.9")):
        claim = f'claims=(Claim(document="page", references=("toy #1",), fixed="{fixed}"),),'
        claiming = text.replace('id="toy-failure",', f'id="{name}", {claim}').replace(
            "import Check", "import Claim, Check"
        )
        (folder / f"{name.replace('-', '_')}.py").write_text(claiming)
    called = user.call("list", "--cells", "--scenarios", "mine", "--python", PYTHON)
    versions = [line.split("_")[:3] for line in called.stdout.splitlines()]
    assert called.status == 0, called.stderr
    assert {version for name, _, version in versions if name == "toy-failure"} >= {"toyserver-1.0", "toyserver-1.1"}
    assert ["typed-failure", "default", "toyserver-2.1"] in versions
    assert called.stderr.startswith("harness: typed-failure: toyserver 9.9.9, which page names as fixed, is not among")
    assert "seeds.toml" not in called.stderr
    seen("its own cells are left out, which is said", called)


@pytest.mark.fault(7, "a Python that is newer than the harness")
def test_a_python_of_tomorrow_is_no_wrong_call(user: User, seen: Seen) -> None:
    """It is lacking on this machine, with the remedy; that is not the call's mistake."""
    called = user.call("run", *user.selection[:-1], "3.27", *servers("1.1"), "--quiet")
    assert called.status == 3
    assert "no CPython 3.27 on this machine; install it with 'uv python install 3.27'" in called.stdout
    seen("environment-failed, with the remedy", called)


@pytest.mark.fault(7, "'report' where nothing has been run yet")
def test_a_first_report_is_the_published_one(user: User, seen: Seen) -> None:
    """And says so: nobody is to take it for a measurement of this machine."""
    called = user.call("report")
    assert called.stderr.startswith("harness: no results in .harness: this is the published report")
    assert "pipelined-keep-alive  Python 3.8, linux" in called.stdout
    assert user.call("report", "--results", "elsewhere").status == 2
    seen("the published report, which is said", called)


@pytest.mark.fault(6, "a call that is interrupted while the program still loads")
def test_an_interruption_while_loading_is_130(user: User, seen: Seen) -> None:
    """In one line: what loads is interrupted by the first thing that it loads."""
    (user.folder / "shlex.py").write_text("raise KeyboardInterrupt\n")
    environment = {**user.environment(), "PYTHONPATH": str(user.folder)}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from harness.__main__ import main; sys.exit(main())"],
        env=environment, cwd=user.folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "harness: interrupted (exit status 130)\n")
    seen("130, in one line")


@pytest.mark.fault(6, "a mistake of the program itself")
def test_what_nobody_foresaw_is_4(user: User, seen: Seen) -> None:
    """In one line that names the file with the traceback."""
    script = (
        "import sys; from harness.__main__ import main; from harness.selection import plan; "
        "plan.Plan = None; sys.exit(main())"
    )
    done = subprocess.run(  # noqa: S603 - the program that is tested
        [sys.executable, "-c", script, "list"],
        env=user.environment(), cwd=user.folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    (record,) = (user.folder / ".local" / "state" / "harness" / "failures").iterdir()
    assert str(record) in done.stderr
    assert "Traceback (most recent call last)" in record.read_text()
    seen("4, in one line that names a file")
