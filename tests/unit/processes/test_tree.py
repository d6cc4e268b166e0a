"""The processes below a first process: all of them, nobody else's; a signal reaches exactly the one that was meant."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.errors import HarnessError
from harness.model.observations import KEPT_OF_ARGV
from harness.processes import process, tree
from harness.processes.marks import new_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.model.observations import Process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
# Starts two processes, and one whose parent is gone and which wiped its environment; says so when all are there.
FAMILY = """
import subprocess, sys, time
sleeping = [sys.executable, "-S", "-c", "import sys, time; time.sleep(60)"]
subprocess.Popen([*sleeping, "first"], start_new_session=True)
subprocess.Popen([*sleeping, "second", "x" * 10000])
code = "import subprocess, sys; subprocess.Popen([*sys.argv[1:], 'orphan'], env={}, start_new_session=True)"
subprocess.check_call([sys.executable, "-S", "-c", code, *sleeping])
print("all there", flush=True)
time.sleep(60)
"""


@pytest.fixture
def family(tmp_path: Path) -> Iterator[process.Process]:
    """A program with two children and an orphan."""
    started = process.Process([sys.executable, "-S", "-c", FAMILY], env={}, cwd=tmp_path, mark=new_mark())
    until(lambda: "all there" in started.capture.text)
    until(lambda: len(started.processes()) == 4)
    yield started
    started.stop(grace_s=0)
    started.end()
    assert started.processes() == ()
    started.close()


def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds, or fail."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


def named(started: process.Process, word: str) -> Process:
    """Return the process with a word in its arguments."""
    return next(one for one in started.processes() if word in one.argv)


def test_all_are_found_the_program_first(family: process.Process) -> None:
    """With what they use, also the orphan that no mark finds; their arguments are bounded."""
    program, *others = family.processes()
    assert program.pid == family.pid
    assert [one.parent for one in others] == [family.pid, family.pid, program.parent]
    assert all(one.memory > 100_000 and one.descriptors >= 1 and one.threads == 1 for one in (program, *others))
    assert sum(len(part) + 1 for part in named(family, "second").argv) <= KEPT_OF_ARGV + 1


def test_signal_reaches_the_process_that_was_meant(family: process.Process) -> None:
    """Also an orphan; a process that has ended is sent nothing."""
    orphan = named(family, "orphan")
    assert family.signal_process(orphan, signal.SIGTERM)
    until(lambda: len(family.processes()) == 3)
    assert not family.signal_process(orphan, signal.SIGTERM)


def test_number_that_another_process_has_by_now_is_sent_nothing(family: process.Process) -> None:
    """As the later beginning shows."""
    first = named(family, "first")
    assert not family.signal_process(msgspec.structs.replace(first, began=first.began - 1), signal.SIGKILL)
    assert named(family, "first") == first


def test_stranger_is_refused(family: process.Process) -> None:
    """Whoever names it: the harness itself, a child of the harness, the first process above the program."""
    with subprocess.Popen(["/bin/sleep", "60"]) as sleeping:
        for pid in (sleeping.pid, os.getpid(), family.processes()[0].parent):
            stranger = tree.look(pid)
            assert stranger is not None
            with pytest.raises(HarnessError, match=f"process {pid} is not the server's own"):
                family.signal_process(stranger, signal.SIGKILL)
        assert sleeping.poll() is None
        sleeping.kill()


def test_no_look_goes_through_the_machine(family: process.Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the folders of the server's own processes are listed."""
    listed: list[str] = []
    really = os.listdir

    def listdir(path: str) -> list[str]:
        listed.append(str(path))
        return really(path)

    monkeypatch.setattr(os, "listdir", listdir)
    assert len(family.processes()) == 4
    assert "/proc" not in listed


def test_dead_child_is_no_process(tmp_path: Path) -> None:
    """Though its parent has not taken note of its end."""
    code = "import os, time; os.fork() or os._exit(0); print('dead', flush=True); time.sleep(60)"
    started = process.Process([sys.executable, "-S", "-c", code], env={}, cwd=tmp_path, mark=new_mark())
    until(lambda: "dead" in started.capture.text)
    until(lambda: len(started.processes()) == 1)
    started.stop(grace_s=0)
    started.end()
    started.close()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can become another user")
def test_processes_that_end_meanwhile_are_left_out(tmp_path: Path) -> None:
    """Also for a user who is not root, to whom the descriptors of a process that ends are forbidden."""
    storm = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); /bin/true & wait; done"
    looks = (
        "import os, sys; from pathlib import Path; from harness.processes import tree\n"
        "os.setuid(65534); pid = os.fork() or os.execv('/bin/sh', ['sh', '-c', sys.argv[1]])\n"
        "while not Path(f'/proc/{pid}/cmdline').read_bytes().startswith(b'sh'): pass\n"
        "try: seen = [sum(1 for one in map(tree.look, tree.below(os.getpid())) if one) for _ in range(2000)]\n"
        "finally: os.kill(pid, 9)\n"
        "print(min(seen))"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", looks, storm],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "1\n"
