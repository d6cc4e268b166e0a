"""A program and what it starts, followed to the end; and that a program does not notice the first process above it."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.errors import HarnessError, LeftRunningError
from harness.processes import child, nursery, process, subreaper
from harness.processes.marks import new_mark
from harness.processes.plain import Plain
from harness.processes.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the first process is Linux's")
# What a program can find out about where it runs.
WHO_AM_I = """
import json, os, signal, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "arguments": sys.argv, "folder": os.getcwd(), "environment": {**os.environ, "HARNESS_MARK": ""},
    "leads": [os.getpid() == os.getsid(0), os.getpid() == os.getpgid(0)],
    "open": sorted(os.listdir("/proc/self/fd")), "input": os.readlink("/proc/self/fd/0"), "mask": os.umask(0),
    "signals": [status[name] for name in ("SigBlk", "SigIgn", "SigCgt")], "nice": os.nice(0),
}))
"""
# Leaves a grandchild in a session of its own, without environment, whose parent is gone.
DISOWNING = """
import os, sys
heard, says = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        os.write(says, b".")
        os.execve("/bin/sleep", ["sleep", "60"], {})
    os._exit(0)
os.wait()
os.read(heard, 1)
print("left", flush=True)
"""
# The first process, where nobody may be killed.
POWERLESS = f"""
import os, runpy, time
def refuse(*_):
    raise PermissionError
os.kill = refuse
module = runpy.run_path({subreaper.__file__!r}, run_name="first")
module["First"]._end.__globals__["PATIENCE_S"] = 0.2
module["main"]()
"""


def output_of(started: Plain | Watched) -> bytes:
    """Return all that it prints."""
    printed = b""
    while data := os.read(started.output, 65536):
        printed += data
    return printed


@pytest.mark.parametrize("console", [False, True])
def test_program_sees_what_it_would_see_without(tmp_path: Path, console: bool) -> None:  # noqa: FBT001 - a case
    """The same arguments, environment, descriptors, signals, session: all but the number of its parent."""
    seen = []
    for kind in (Plain, Watched):
        ends = os.openpty() if console else ()
        argv = [sys.executable, "-I", "-c", WHO_AM_I, "ünïcode", b"\xff".decode(errors="surrogateescape")]
        env = {"PATH": "/usr/bin:/bin", "EMPTY": "", "BYTES": b"\xfe".decode(errors="surrogateescape")}
        stdin = ends[1] if ends else subprocess.DEVNULL
        started = kind(argv, env=env, cwd=tmp_path, mark=new_mark(), stdin=stdin)
        terminal = str(Path(f"/proc/self/fd/{ends[1]}").readlink()) if ends else "/dev/null"
        seen.append(output_of(started).replace(terminal.encode(), b"its input"))
        assert started.wait(20) == 0
        assert started.end() == 0
        started.close()
        for descriptor in ends:
            os.close(descriptor)
    assert seen[0] == seen[1]
    assert b'"leads": [true, true]' in seen[0]


@pytest.fixture
def ignored() -> Iterator[None]:
    """Signals that this process ignores and blocks, as a background job of a shell does, or one under ``nohup``."""
    numbers = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGUSR1,))
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("ignored")
@pytest.mark.parametrize("kind", [Plain, Watched])
def test_no_signal_is_ignored_because_the_harness_ignores_it(tmp_path: Path, kind: type[Plain | Watched]) -> None:
    """A server of a harness in the background, else, would live on after SIGINT."""
    code = (
        "import signal; print([signal.getsignal(number) is signal.SIG_IGN for number in (1, 2, 3)])\n"
        "print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))"
    )
    started = kind([sys.executable, "-S", "-c", code], env={}, cwd=tmp_path, mark=new_mark(), stdin=subprocess.DEVNULL)
    assert output_of(started).decode().split("\n") == ["[False, False, False]", "set()", ""]
    assert started.wait(20) == 0
    assert started.end() == 0
    started.close()


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("raise SystemExit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.abort()", -6),
        ("raise SystemExit(200)", 200),
    ],
)
def test_exit_status_is_the_program_s(tmp_path: Path, code: str, status: int) -> None:
    """However it ends."""
    argv = [sys.executable, "-S", "-c", code]
    started = Watched(argv, env={}, cwd=tmp_path, mark=new_mark(), stdin=subprocess.DEVNULL)
    assert started.wait(20) == status
    assert started.end() == 0
    started.close()


@pytest.mark.parametrize(
    ("argv", "folder", "error"),
    [
        (["/no/such/program"], "", FileNotFoundError),
        (["no-such-program"], "", FileNotFoundError),
        (["/dev/null"], "", PermissionError),
        (["/bin/true"], "no-such-folder", FileNotFoundError),
    ],
)
def test_program_that_cannot_start_is_told_as_the_system_does(
    tmp_path: Path, argv: list[str], folder: str, error: type[OSError]
) -> None:
    """As without a first process."""
    for kind in (Plain, Watched):
        with pytest.raises(error):
            kind(argv, env={"PATH": "/bin"}, cwd=tmp_path / folder, mark=new_mark(), stdin=subprocess.DEVNULL)


def test_program_is_found_on_the_path_that_it_is_given(tmp_path: Path) -> None:
    """Not on the caller's."""
    (tmp_path / "mine").write_text("#!/bin/sh\necho found\n")
    (tmp_path / "mine").chmod(0o755)
    done = process.run(["mine"], env={"PATH": str(tmp_path)}, cwd=tmp_path, mark=new_mark(), deadline_s=20)
    assert (done.exit_status, done.output) == (0, "found\n")


def test_what_neither_mark_nor_parent_leads_to_is_ended(tmp_path: Path, looks: list[int]) -> None:
    """And counted; the machine's processes are not looked through for their environments."""
    argv = [sys.executable, "-S", "-c", DISOWNING]
    started = process.Process(argv, env={}, cwd=tmp_path, mark=new_mark())
    assert started.wait(20) == 0
    assert started.stop(grace_s=0) == "itself"
    assert started.end() == 1
    assert started.end() == 0
    started.close()
    assert started.capture.text == "left\n"
    assert looks == []


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Each look through all processes of the machine."""
    found: list[int] = []
    really = psutil.process_iter

    def look() -> Iterator[psutil.Process]:
        found.append(1)
        return really()

    monkeypatch.setattr(psutil, "process_iter", look)
    return found


def test_a_command_costs_no_look_at_the_machine(tmp_path: Path, looks: list[int]) -> None:
    """On a machine of thousands of processes it costs what it costs here."""
    done = process.run(["/bin/true"], env={}, cwd=tmp_path, mark=new_mark(), deadline_s=20)
    assert done.exit_status == 0
    assert looks == []


def test_what_cannot_be_ended_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its number, by an error that is the cell's; not by a verdict."""
    powerless = tmp_path / "powerless.py"
    powerless.write_text(POWERLESS)
    monkeypatch.setattr(subreaper, "__file__", str(powerless))
    argv = ["/bin/sleep", "60"]
    started = Watched(argv, env={}, cwd=tmp_path, mark=new_mark(), stdin=subprocess.DEVNULL)
    with pytest.raises(LeftRunningError, match=f"cannot be ended: {started.pid};"):
        started.end()
    assert issubclass(LeftRunningError, HarnessError)
    started.signal(signal.SIGKILL)
    assert started.wait(20) == -signal.SIGKILL
    assert started.end() >= 0
    started.close()


def test_first_process_that_somebody_kills_is_said(tmp_path: Path) -> None:
    """What is marked is ended all the same."""
    started = Watched(["/bin/sleep", "60"], env={}, cwd=tmp_path, mark=new_mark(), stdin=subprocess.DEVNULL)
    os.kill(started.first, signal.SIGKILL)
    with pytest.raises(HarnessError, match="the process that watches over '/bin/sleep' was killed by somebody else"):
        started.end()
    started.close()
    until(lambda: not is_running(started.pid))


def test_program_ends_with_the_harness() -> None:
    """The first process sees the harness go, without a reaper."""
    code = (
        "import subprocess, sys, time; from pathlib import Path; from harness.processes.watched import Watched\n"
        f"one = Watched(['/bin/sleep', '60'], env={{}}, cwd=Path('/'), mark={new_mark()!r}, stdin=subprocess.DEVNULL)\n"
        "print(one.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as harness:  # noqa: S603
        assert harness.stdout is not None
        pid = int(harness.stdout.readline())
        assert is_running(pid)
        harness.kill()
    until(lambda: not is_running(pid))


def test_first_process_that_does_not_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what its Python says."""
    monkeypatch.setattr(subreaper, "__file__", str(tmp_path / "none.py"))
    with pytest.raises(HarnessError, match=r"is to watch over '/bin/true' does not start: .*No such file"):
        child.start(["/bin/true"], env={}, cwd=tmp_path, mark=new_mark(), stdin=subprocess.DEVNULL)


@pytest.fixture
def run() -> Iterator[str]:
    """The mark of a run whose nursery is open."""
    mark = new_mark()
    nursery.open_for(mark)
    yield mark
    nursery.close_for(mark)


def _is_gone(pid: int) -> bool:
    return not is_running(pid)


def test_programs_of_a_run_have_one_interpreter_for_their_first_processes(tmp_path: Path, run: str) -> None:
    """Which ends with the run, and is another one than that of a program outside of the run."""
    marks = (f"{run}/cell/1", f"{run}/cell/2", new_mark())
    sleeping = ["/bin/sleep", "60"]
    started = [Watched(sleeping, env={}, cwd=tmp_path, mark=mark, stdin=subprocess.DEVNULL) for mark in marks]
    of_first, of_second, of_stranger = (subreaper.look_at(one.first)[0] for one in started)
    assert of_first == of_second != of_stranger
    for one in started:
        assert one.end() == 1
        one.close()
        until(functools.partial(_is_gone, one.first))  # the system closes its socket, and then it has ended
    assert is_running(of_first)
    nursery.close_for(run)
    assert not is_running(of_first)


def test_interpreter_that_somebody_kills_is_replaced(tmp_path: Path, run: str) -> None:
    """What it has forked goes on, and the next program starts."""
    sleeping = ["/bin/sleep", "60"]
    before = Watched(sleeping, env={}, cwd=tmp_path, mark=run, stdin=subprocess.DEVNULL)
    killed = subreaper.look_at(before.first)[0]
    os.kill(killed, signal.SIGKILL)
    until(lambda: not is_running(killed))
    after = Watched(sleeping, env={}, cwd=tmp_path, mark=run, stdin=subprocess.DEVNULL)
    for one in (before, after):
        assert one.end() == 1
        one.close()


def test_children_are_found_whatever_the_kernel_can_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some kernels do not list them: then every process is asked for its parent."""
    with subprocess.Popen(["/bin/sleep", "60"]) as sleeping:
        assert sleeping.pid in subreaper.children(os.getpid())
        monkeypatch.setattr(os, "access", lambda *_: False)
        assert sleeping.pid in subreaper.children(os.getpid())
        sleeping.kill()
    assert sleeping.pid not in subreaper.children(os.getpid())


def is_running(pid: int) -> bool:
    """Whether a process lives."""
    return subreaper.look_at(pid)[1]


def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds, or fail."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)
