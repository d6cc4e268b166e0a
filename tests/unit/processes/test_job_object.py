"""Programs in a job object of Windows: nothing leaves it, and no look through the machine's processes is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.processes import child, process
from harness.processes.marks import new_mark

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="job objects are Windows's")
# Leaves a child that has no mark and whose parent is gone; the child says its number.
DISOWNING = """
import os, subprocess, sys
code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
own = {name: value for name, value in os.environ.items() if name != "HARNESS_MARK"}
subprocess.Popen([sys.executable, "-S", "-c", code], env=own)
"""


def environment() -> dict[str, str]:
    """Return what a program of Windows cannot do without."""
    return {name: value for name, value in os.environ.items() if name.upper() in ("SYSTEMROOT", "PATH", "WINDIR")}


def test_what_neither_mark_nor_parent_leads_to_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And counted; nobody looks through the machine's processes."""
    argv = [sys.executable, "-S", "-c", DISOWNING]
    started = process.Process(argv, env=environment(), cwd=tmp_path, mark=new_mark())
    assert started.wait(60) == 0
    deadline = time.monotonic() + 30
    while not started.capture.text.endswith("\n"):
        assert time.monotonic() < deadline, "the child says nothing"
        time.sleep(0.05)
    left = int(started.capture.text)
    assert psutil.pid_exists(left)
    monkeypatch.setattr(psutil, "process_iter", pytest.fail)
    monkeypatch.setattr(psutil.Process, "children", pytest.fail)
    assert started.stop(grace_s=0) == "itself"
    assert started.end() == 1
    assert started.end() == 0
    started.close()
    assert not psutil.pid_exists(left)


def test_exit_status_is_the_program_s(tmp_path: Path) -> None:
    """It was suspended for a moment, which nothing shows."""
    argv = [sys.executable, "-S", "-c", "raise SystemExit(7)"]
    started = child.start(argv, env=environment(), cwd=tmp_path, mark=new_mark(), stdin=subprocess.DEVNULL)
    assert started.wait(60) == 7
    assert started.end() == 0
    started.close()


def test_program_that_cannot_start_is_told_as_the_system_does(tmp_path: Path) -> None:
    """By the system's own error."""
    with pytest.raises(FileNotFoundError):
        child.start(["no-such"], env=environment(), cwd=tmp_path, mark=new_mark(), stdin=subprocess.DEVNULL)


def test_program_ends_with_the_harness(tmp_path: Path) -> None:
    """The system closes the handle of a process that is killed, and with it the job."""
    code = (
        "import subprocess, sys, time; from pathlib import Path; from harness.processes import child\n"
        "one = child.start([sys.executable, '-S', '-c', 'import time; time.sleep(60)'], "
        f"env={environment()!r}, cwd=Path({str(tmp_path)!r}), mark={new_mark()!r}, stdin=subprocess.DEVNULL)\n"
        "print(one.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as harness:  # noqa: S603
        assert harness.stdout is not None
        pid = int(harness.stdout.readline())
        assert psutil.pid_exists(pid)
        harness.kill()
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid):
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.05)
