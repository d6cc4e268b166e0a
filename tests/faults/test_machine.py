"""A machine that fails: full disks, an index that is gone, taken ports, clocks that jump, several runs at once."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.minimatrix.driving import PYTHON, Called, User, ended, servers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .conftest import Seen

NAMESPACES = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and mounts are root's")
VERDICTS = {"1.0": "reproduced", "1.1": "absent", "1.2": "unhealthy", "2.1": "absent"}
# Calls the program where the clock of the day jumps with every look.
JUMPING = """
import ctypes, datetime, gc, itertools, sys, time
jumps = itertools.cycle((0.0, 7200.0, -3600.0, 86400.0 * 400, -86400.0 * 400))
really = time.time
time.time = lambda: really() + next(jumps)
def now(kind, tz=None):
    return kind.fromtimestamp(time.time(), tz)
gc.get_referents(datetime.datetime.__dict__)[0]["now"] = classmethod(now)  # the type itself: others are decoded to it
ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))
from harness.cli import main
sys.exit(main(sys.argv[1:]))
"""
# Takes every port that the program leases, then becomes the program.
TAKEN = """
import fcntl, os, resource, socket, struct, sys
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 20_000), most))
with socket.socket() as probe:  # a new network namespace has its loopback down
    flags = struct.pack("16sh", b"lo", 0x1)
    fcntl.ioctl(probe, 0x8914, flags)
held = []
for port in range(20_000, 30_000):
    one = socket.socket()
    one.bind(("127.0.0.1", port))
    os.set_inheritable(one.fileno(), True)
    held.append(one)
os.execv(sys.executable, [sys.executable, "-m", "harness", *sys.argv[1:]])
"""


def in_namespace(user: User, flags: Sequence[str], script: str, *arguments: str) -> Called:
    """Call the program by a shell script in namespaces of its own; ``"$@"`` is the call."""
    argv = ["unshare", *flags, "--", "/bin/sh", "-ec", script, "sh", sys.executable, "-m", "harness", *arguments]
    with subprocess.Popen(  # noqa: S603 - the program that is tested
        argv,
        env={**user.environment(), "PATH": f"{os.defpath}:/usr/sbin:/sbin"},
        cwd=user.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as running:
        return ended(running)


@NAMESPACES
@pytest.mark.fault("machine", "the disk of the results is full")
def test_results_without_room(user: User, seen: Seen) -> None:
    """The run ends with one line; what was finished before is kept, and the same call goes on."""
    user.run(*servers("1.0"))
    kept = user.folder / "kept"
    shutil.copytree(user.results, kept)
    script = (
        "mount -t tmpfs -o size=48k tmpfs .harness; cp -r kept/. .harness; "
        'dd if=/dev/zero of=.harness/filler bs=1k count=100 2>/dev/null || true; exec "$@"'
    )
    called = in_namespace(user, ["--mount"], script, "run", *user.selection, *servers(*VERDICTS), "--quiet")
    assert called.status == 3, called.stderr
    assert called.last_line.startswith("harness: .harness cannot be written to: No space left on device")
    assert "Traceback" not in called.stderr
    resumed = user.run(*servers(*VERDICTS))
    assert resumed.verdicts == VERDICTS
    assert resumed.cells["1.0"]["cached"]
    seen("one line says so; what was finished is kept, the same call goes on", called)


@NAMESPACES
@pytest.mark.fault("machine", "the disk of the cache is full")
def test_a_cache_without_room(newcomer: User, seen: Seen) -> None:
    """The cells say so, the run ends, and nothing is remembered as the release's own failure."""
    cache = newcomer.cache
    script = (
        f"mount -t tmpfs -o size=300k tmpfs {cache}; dd if=/dev/zero of={cache}/filler bs=1k count=200 2>/dev/null; "
        'exec "$@"'
    )
    called = in_namespace(newcomer, ["--mount"], script, "run", *newcomer.selection, *servers("1.0", "1.1"), "--quiet")
    assert called.status == 3, called.stderr
    assert "Traceback" not in called.stdout + called.stderr
    assert "o space left on device" in called.stdout + called.stderr
    assert newcomer.run(*servers("1.0", "1.1")).verdicts == {"1.0": "reproduced", "1.1": "absent"}
    seen("the cells are environment-failed and are tried again next time", called)


@NAMESPACES
@pytest.mark.fault("machine", "every port that the program leases is taken")
def test_taken_ports(user: User, seen: Seen) -> None:
    """Each cell says what to do; in a network of its own, whose index is out of reach."""
    user.run(*servers("1.0", "1.1"))
    (user.folder / "taken.py").write_text(TAKEN)
    arguments = ("run", *user.selection, *servers("1.0", "1.1"), "--rerun", "--quiet", "--format", "json")
    script = 'shift 3; exec "$0" taken.py "$@"'.replace("$0", sys.executable)
    called = in_namespace(user, ["--net"], script, *arguments)
    assert called.status == 3, called.stderr
    assert called.verdicts == {"1.0": "environment-failed", "1.1": "environment-failed"}
    assert "no free port on 127.0.0.1 from 20000 to 29999; end what holds them" in called.cells["1.0"]["reason"]
    seen("the cells are environment-failed: end what holds them", called)


@pytest.mark.fault("machine", "the clock of the day jumps by hours and years with every look")
def test_a_clock_that_jumps(user: User, seen: Seen) -> None:
    """The same verdicts; evidence of two runs does not meet, and the newest result is the one entered last."""
    (user.folder / "jumping.py").write_text(JUMPING)
    arguments = ("run", *user.selection, *servers("1.0", "1.1"), "--rerun", "--quiet", "--format", "json")
    for _ in range(2):
        with subprocess.Popen(  # noqa: S603 - the program that is tested
            [sys.executable, "jumping.py", *arguments],
            env=user.environment(),
            cwd=user.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as running:
            called = ended(running)
        assert called.stdout, called.stderr
        assert called.verdicts == {"1.0": "reproduced", "1.1": "absent"}, called.stdout
        assert called.status == 0
    assert len(list(user.results.glob("evidence/*/*"))) == 4
    assert user.run(*servers("1.0", "1.1")).cells["1.0"]["cached"]
    seen("the same verdicts, nothing lost", called)


@pytest.mark.fault("machine", "three runs in one results folder at once")
def test_runs_side_by_side(user: User, seen: Seen) -> None:
    """Each prints the whole table; the journal has whole lines, and each cell with its evidence."""
    arguments = ["run", *user.selection, *servers(*VERDICTS), "--quiet", "--format", "json"]
    running = [user.start(*arguments) for _ in range(3)]
    called = [ended(one) for one in running]
    for one in called:
        assert one.verdicts == VERDICTS, one.stderr
    entries = [json.loads(line) for line in (user.results / "journal.jsonl").read_text().splitlines()]
    assert {entry["result"]["version"] for entry in entries} == set(VERDICTS)
    assert all((user.results / entry["result"]["evidence"]).is_dir() for entry in entries)
    seen("each prints the whole table, and the journal is whole", called[0])


@pytest.mark.fault("machine", "the Python of a cell is not there")
def test_a_missing_interpreter(user: User, seen: Seen) -> None:
    """The cell names it and says how it can be had; other cells go on."""
    selection = ["--matrix", user.selection[1], "--scenarios", str(user.scenarios), *servers("1.1")]
    called = user.call("run", *selection, "--python", f"3.9,{PYTHON}", "--format", "json")
    verdicts = {cell["python"]: (cell["verdict"], cell["reason"]) for cell in json.loads(called.stdout)["cells"]}
    assert called.status == 3
    assert verdicts[PYTHON][0] == "absent"
    verdict, reason = verdicts["3.9"]
    assert (verdict, "no CPython 3.9 on this machine; install it with" in reason) == ("environment-failed", True)
    seen("the cell is environment-failed and says how it can be had; the others go on", called)


@pytest.mark.fault("machine", "the Python of a cell is damaged")
def test_a_damaged_interpreter(user: User, seen: Seen) -> None:
    """One that does not run is none; the cell says how another one can be had."""
    folder = user.folder / "pyenv" / "versions" / "3.12.99" / "bin"
    folder.mkdir(parents=True)
    (folder / "python3").write_bytes(b"\x7fELF garbage")
    (folder / "python3").chmod(0o755)
    damaged = DamagedUser(**{field.name: getattr(user, field.name) for field in dataclasses.fields(user)})
    selection = ["--matrix", user.selection[1], "--scenarios", str(user.scenarios), *servers("1.1")]
    called = damaged.call("run", *selection, "--python", "3.12", "--format", "json")
    (cell,) = json.loads(called.stdout)["cells"]
    assert called.status == 3
    assert cell["verdict"] == "environment-failed"
    assert "no CPython 3.12 on this machine; install it with" in cell["reason"]
    seen(f"the cell is environment-failed: {cell['reason']}", called)


class DamagedUser(User):
    """A user whose only other Python is a broken one."""

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a call."""
        return {**super().environment(), "PYENV_ROOT": str(self.folder / "pyenv"), "PATH": str(Path("/bin"))}
