"""The processes below a process on Linux, as ``/proc`` has them; the other processes of the machine are not looked at.

A process whose parent ends while the tree is walked moves up to the first process, where the walk has been by then.
That is why the tree is walked twice.
"""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

from harness.errors import HarnessError
from harness.model.observations import KEPT_OF_ARGV, Process
from harness.processes import subreaper

if os.name == "posix":
    _TICKS = os.sysconf("SC_CLK_TCK")
    _PAGE = os.sysconf("SC_PAGE_SIZE")


def below(first: int) -> tuple[int, ...]:
    """Return the ids of the processes below a first process, in their order; some of them may have ended."""
    return tuple(sorted(_walked(first) | _walked(first)))


def _walked(first: int) -> set[int]:
    found, unvisited = set[int](), [first]
    while unvisited:
        new = subreaper.children(unvisited.pop()) - found
        found |= new
        unvisited += new
    return found


def is_below(pid: int, first: int) -> bool:
    """Whether a process is below a first process now."""
    return pid != first and any(_leads_to(pid, first) for _ in range(2))  # a parent may end meanwhile


def _leads_to(pid: int, first: int) -> bool:
    while pid > 1 and pid != first:
        pid, _ = subreaper.look_at(pid)
    return pid == first


def look(pid: int) -> Process | None:
    """Return a process as it is now; None where the process has ended, or ends and has let go of its memory.

    Raises:
        HarnessError: the descriptors of the process cannot be counted.

    """
    folder = Path(f"/proc/{pid}")
    before = _fields(pid)
    try:
        with (folder / "cmdline").open("rb") as file:
            argv = file.read(KEPT_OF_ARGV)
        descriptors = len(os.listdir(folder / "fd"))  # noqa: PTH208 - names alone, of which there may be many
    except PermissionError:  # also for a moment of a process that ends: its descriptors are root's then
        if _fields(pid) is None:
            return None
        raise HarnessError(f"the descriptors of process {pid} cannot be counted: it is another user's") from None
    except OSError:
        return None
    fields = _fields(pid)
    if before is None or fields is None or fields[19] != before[19]:
        return None
    return Process(
        pid=pid,
        parent=int(fields[1]),
        began=int(fields[19]) / _TICKS,
        argv=tuple(part.decode(errors="backslashreplace") for part in argv.rstrip(b"\0").split(b"\0")) if argv else (),
        memory=int(fields[21]) * _PAGE,
        descriptors=descriptors,
        threads=int(fields[17]),
        processor_s=round((int(fields[11]) + int(fields[12])) / _TICKS, 2),
    )


def _fields(pid: int) -> list[bytes] | None:
    """Return the fields of a process's status after its name; None where the process has ended or lost its memory.

    A process that ends lets go of its memory before it is dead.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in subreaper.DEAD or fields[20] == b"0" else fields


def send(process: Process, number: int, *, first: int) -> bool:
    """Send a signal to a process below a first process; return False where the process has ended.

    The signal goes to the process that was looked at, whatever has its number by now: a descriptor holds the process
    while it is looked at again.

    Raises:
        HarnessError: the process is not below the first process.

    """
    try:
        held = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    except OSError as error:
        raise HarnessError(f"process {process.pid} cannot be held to send it a signal: {error.strerror}") from None
    try:
        fields = _fields(process.pid)
        if fields is None or int(fields[19]) / _TICKS != process.began:
            return False
        if not is_below(process.pid, first):
            raise HarnessError(f"process {process.pid} is not the server's own; no signal is sent to it")
        signal.pidfd_send_signal(held, number)
    except OSError as error:
        if error.errno == errno.ESRCH:
            return False
        raise HarnessError(f"process {process.pid} takes no signal {number}: {error.strerror}") from None
    finally:
        os.close(held)
    return True
