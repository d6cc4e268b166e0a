"""Kind 1: what lies in a shared place is somebody else's until proven ours."""

from __future__ import annotations

import dataclasses
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import harness
from harness.processes import marks
from tests.minimatrix.driving import PATIENCE_S, User, ended, servers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.minimatrix.index import Index

    from .conftest import Seen

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user, or in a namespace")
STRANGER = pwd.getpwnam("nobody")
NAME = f"harness-run-{'0123456789abcdef' * 2}"

# Lets every user reach the Python that runs the tests, in a mount namespace: it may lie in somebody's home.
CHECKOUT = Path(__file__).parents[2]
OPENED = """
mine=$1 python=$2 closed=$3 prefix=$4 checkout=$5; shift 5
mkdir "$mine/python" "$mine/prefix" "$mine/checkout"
mount --bind "$python" "$mine/python"; mount --bind "$prefix" "$mine/prefix"; mount --bind "$checkout" "$mine/checkout"
mount -t tmpfs -o mode=755 tmpfs "$closed"
mkdir -p "$python"; mount --bind "$mine/python" "$python"
exec "$@"
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Neighbour(User):
    """Somebody on a machine whose folder for temporary files is everybody's."""

    everybodys: Path

    @property
    def temporary(self) -> Path:
        """Everybody's folder."""
        return self.everybodys


@pytest.fixture
def machine() -> Iterator[Path]:
    """A folder that every user can reach, with a folder ``tmp`` that every user can write to."""
    folder = Path(tempfile.mkdtemp(prefix="machine-"))
    folder.chmod(0o755)
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def neighbour(machine: Path, shared_cache: Path, index: Index) -> Iterator[Neighbour]:
    """Whoever runs the tests, on that machine."""
    one = Neighbour(folder=machine / "own", everybodys=machine / "tmp", cache=shared_cache, index=index.url)
    yield one
    assert one.left_in_the_end() == []


def as_stranger(argv: Sequence[str]) -> list[str]:
    """Return the command that another user would give."""
    ids = [f"--reuid={STRANGER.pw_uid}", f"--regid={STRANGER.pw_gid}", "--clear-groups"]
    return ["setpriv", *ids, *argv]


def closed() -> str:
    """Return the folder that keeps other users from the Python of the tests, or the Python's own where none does."""
    above = [path for path in Path(sys.base_prefix).parents if not path.stat().st_mode & 0o001]
    return str(above[-1] if above else sys.base_prefix)


def plant(folder: Path, script: str) -> None:
    """Have another user leave things in a folder."""
    subprocess.run(as_stranger(["/bin/sh", "-ec", script]), cwd=folder, check=True)  # noqa: S603 - the words of this file


@pytest.mark.parametrize("mark", ["", "x", "0" * 31, "0" * 33, "/" + "0" * 32, "O" * 32])
def test_a_malformed_mark_matches_nothing(mark: str) -> None:
    """The function that ends processes refuses it by itself."""
    with pytest.raises(ValueError, match="is no mark"):
        marks.end_marked(mark)


@ROOT
@pytest.mark.fault(1, "a folder 'harness-run-' without a mark in the temporary folder")
def test_an_empty_mark_ends_nobody(user: User, seen: Seen) -> None:
    """A process of the same user lives on; in a process namespace of its own, since the failure ends them all."""
    folder = user.temporary / "harness-run-"
    folder.mkdir()
    script = 'sleep 60 & "$0" -m harness doctor --fix >/dev/null 2>&1; kill -0 $! && echo lives; kill $!'
    argv = ["unshare", "--pid", "--fork", "--mount-proc", "--mount", "/bin/sh", "-c", script, sys.executable]
    done = subprocess.run(  # noqa: S603 - the program that is tested
        argv, env=user.environment(), cwd=user.folder, capture_output=True, text=True, timeout=60, check=False
    )
    folder.rmdir()
    assert done.stdout == "lives\n", done.stderr
    seen("the folder is nobody's run; no process is ended")


@ROOT
@pytest.mark.fault(1, "another user's folder names a container engine")
def test_no_engine_of_another_user_is_asked(neighbour: Neighbour, machine: Path, seen: Seen) -> None:
    """Whatever it is named by, and whoever may enter it; the folder is not ours to remove either."""
    with socket.create_server(("127.0.0.1", 0)) as engine:
        engine.settimeout(0.1)
        where = f"tcp://127.0.0.1:{engine.getsockname()[1]}"
        plant(machine / "tmp", f"mkdir -m 700 {NAME}; printf {where} > {NAME}/engine; touch {NAME}/lock")
        called = neighbour.call("doctor", "--fix")
        with pytest.raises(TimeoutError):
            engine.accept()
    assert "Traceback" not in called.stderr
    assert (machine / "tmp" / NAME / "engine").is_file()
    shutil.rmtree(machine / "tmp" / NAME)
    seen("it is not asked; the folder stays as it is", called)


@ROOT
@pytest.mark.parametrize("name", [f"{NAME}.lock", NAME, f"{NAME}/lock"], ids=["a lock", "a folder", "a lock inside"])
@pytest.mark.fault(1, "another user's lock that is a link to a file of the victim's")
def test_no_link_of_another_user_is_followed(neighbour: Neighbour, machine: Path, name: str, seen: Seen) -> None:
    """The file that it leads to is neither emptied nor opened for writing."""
    treasure = machine / "treasure"
    treasure.mkdir(mode=0o700)
    (treasure / "lock").write_text("precious")
    moment = (treasure / "lock").stat().st_mtime_ns
    target = treasure if name == NAME else treasure / "lock"
    plant(machine / "tmp", f"{f'mkdir -m 777 {NAME};' if '/' in name else ''} ln -s {target} {name}")
    called = neighbour.call("doctor", "--fix")
    assert "Traceback" not in called.stderr
    assert (treasure / "lock").read_text() == "precious"
    assert (treasure / "lock").stat().st_mtime_ns == moment
    plant(machine / "tmp", f"rm -r {NAME}*")
    seen("the file stays as it was", called)


@ROOT
@pytest.mark.fault(1, "two users run at the same time, with one folder for temporary files")
def test_two_users_run_side_by_side(neighbour: Neighbour, machine: Path, index: Index, seen: Seen) -> None:
    """Each has the verdicts of a run alone, and each cleans up what is its own."""
    home = machine / "stranger"
    home.mkdir()
    stranger = Neighbour(folder=home, everybodys=machine / "tmp", cache=home / "cache", index=index.url)
    environment = {**stranger.environment(), "XDG_CACHE_HOME": str(home / "xdg"), "PYTHONPATH": str(home / "checkout")}
    selection = [part.replace(str(CHECKOUT), str(home / "checkout")) for part in stranger.selection]
    for path in (home, *home.iterdir()):
        os.chown(path, STRANGER.pw_uid, STRANGER.pw_gid)
    versions = ("1.0", "1.1", "1.6")
    called = []

    def own() -> None:
        called.append(neighbour.run(*servers(*versions)))

    running = threading.Thread(target=own)
    running.start()
    with subprocess.Popen(  # noqa: S603 - the program that is tested
        [
            *("unshare", "--mount", "/bin/sh", "-ec", OPENED, "sh", str(home), sys.base_prefix, closed()),
            *(sys.prefix, str(CHECKOUT)),
            *as_stranger([str(home / "prefix" / "bin" / "python"), "-m", "harness", "run", *selection]),
            *(*servers(*versions), "--format", "json"),
        ],
        env={**environment, "PATH": f"{os.defpath}:/usr/sbin:/sbin"},
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as theirs:
        called.append(ended(theirs))
    running.join()
    for one in called:
        assert one.verdicts == {"1.0": "reproduced", "1.1": "absent", "1.6": "absent"}, one.stderr
    assert list((machine / "tmp").iterdir()) == []
    seen("both have their verdicts; nothing is left", called[0])


@pytest.mark.fault(1, "a package named 'harness' in the working folder")
def test_the_reaper_is_the_program_s_own(user: User, seen: Seen) -> None:
    """After kill -9 it ends what runs, and removes the run's folder."""
    (user.folder / "harness").mkdir()
    for name in ("__init__", "process", "marks", "psutil"):
        (user.folder / "harness" / f"{name}.py").write_text("raise SystemExit('a stranger')\n")
    shutil.copy(user.folder / "harness" / "psutil.py", user.folder)
    script = Path(sys.executable).with_name("harness")
    argv = [str(script), "run", *user.selection, *servers("1.3"), "--format", "json"]
    patient = {**user.environment(), "TOY_PATIENCE_S": "60"}
    with subprocess.Popen(  # noqa: S603 - the program that is tested
        argv, env=patient, cwd=user.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as running:
        end = time.monotonic() + PATIENCE_S
        while not user.started("1.3"):
            assert running.poll() is None, running.communicate()[1]
            assert time.monotonic() < end, "it never started"
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.communicate()
    assert user.left_in_the_end() == []
    seen("the reaper is the program's own; after kill -9 nothing is left")


@pytest.mark.fault(1, "somebody else's folder 'scenarios' beside the installed package")
def test_a_stranger_s_scenarios_are_not_the_project_s(user: User, seen: Seen) -> None:
    """An installed package has its own inside."""
    package = Path(harness.__file__).parent
    site = user.folder / "site"
    shutil.copytree(package, site / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("scenarios", "claims", "matrices"):
        shutil.copytree(package.parent / name, site / "harness" / "_bundled" / name)
        (site / name).mkdir()
    code = "import sys; from harness.cli import main; sys.exit(main(['list']))"
    environment = {**user.environment(), "PYTHONPATH": str(site)}
    with subprocess.Popen(  # noqa: S603 - the program that is tested
        [sys.executable, "-c", code],
        env=environment,
        cwd=user.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as running:
        called = ended(running)
    assert called.status == 0, called.stderr
    assert "pipelined-keep-alive" in called.stdout
    seen("the project's own are listed", called)


@pytest.mark.fault(1, "another user's configuration of uv in the temporary folder")
def test_no_configuration_in_the_temporary_folder_is_read(user: User, seen: Seen) -> None:
    """Else whoever may write there chooses the index from which everything is installed."""
    own = user.folder / ".config" / "uv" / "uv.toml"
    own.parent.mkdir(parents=True)
    own.write_text(f'[[index]]\nurl = "{user.index}"\ndefault = true\n')
    planted = user.temporary / "uv.toml"
    planted.write_text('[[index]]\nurl = "http://127.0.0.1:9/simple"\ndefault = true\n')
    kept = {
        name: value for name, value in user.environment().items() if name not in ("UV_DEFAULT_INDEX", "UV_NO_CONFIG")
    }
    environment = {**kept, "PIP_CONFIG_FILE": os.devnull, "HARNESS_CACHE": str(user.folder / "cache")}
    with subprocess.Popen(  # noqa: S603 - the program that is tested
        [sys.executable, "-m", "harness", "run", *user.selection, *servers("1.1"), "--format", "json"],
        env=environment,
        cwd=user.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as running:
        called = ended(running)
    planted.unlink()
    assert called.verdicts == {"1.1": "absent"}, called.stderr
    seen("the user's own is read, and no other", called)
