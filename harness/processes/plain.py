"""A started program as any system lets it be followed: descendants are found by their mark and by their parents."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, ClassVar

import psutil

from harness.errors import HarnessError
from harness.model.evidence import writable
from harness.model.observations import KEPT_OF_ARGV, Process
from harness.processes.marks import MARK, PATIENCE_S, end_marked, marked
from harness.processes.subreaper import default_signals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


class Plain:
    """A program that is a child of this process; its descendants are looked up while it still runs above them."""

    flags: ClassVar[int] = 0  # with which Windows starts the program

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        mark: str,
        stdin: int = subprocess.DEVNULL,
        inherited: int | None = None,
    ) -> None:
        """Start the program, see `harness.processes.child.start`; raises `OSError` where it cannot be started."""
        self._mark = mark
        self._family: list[psutil.Process] = []
        before = None if sys.platform == "win32" else default_signals
        self._popen = subprocess.Popen(  # noqa: S603 - running the programs on trial is what the harness is for
            argv,
            preexec_fn=before,  # noqa: PLW1509 - waits for no lock that another thread may hold
            env={**env, MARK: mark},
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=self.flags,
            pass_fds=() if inherited is None else (inherited,),
        )
        self.output = _descriptor(self._popen)

    @property
    def pid(self) -> int:
        """See `Child`."""
        return self._popen.pid

    @property
    def exit_status(self) -> int | None:
        """See `Child`."""
        return self._popen.poll()

    def wait(self, deadline_s: float) -> int | None:
        """See `Child`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._popen.wait(timeout=deadline_s)
        return None

    def signal(self, number: int) -> None:
        """See `Child`."""
        with contextlib.suppress(ProcessLookupError):
            self._popen.send_signal(number)

    def processes(self) -> tuple[Process, ...]:
        """See `Child`."""
        found = ((one, observed(one)) for one in self._members())
        known = {seen.pid: seen for _, seen in found if seen}
        return tuple(sorted(known.values(), key=lambda one: (one.pid != self.pid, one.pid)))

    def _members(self) -> Iterable[psutil.Process]:
        """Return the program and its descendants; one that wiped its environment is found while its parents live."""
        family = {psutil.Process(self.pid): False} if self.exit_status is None else {}
        return {**family, **marked(self._mark)}

    def signal_process(self, process: Process, number: int) -> bool:
        """See `Child`."""
        member = next((one for one in self._members() if one.pid == process.pid), None)
        try:
            found = member or psutil.Process(process.pid)
            if found.create_time() != process.began:
                return False
            if member is None:
                raise HarnessError(f"process {process.pid} is not the server's own; no signal is sent to it")
            found.send_signal(number) if sys.platform != "win32" else found.kill()
        except psutil.NoSuchProcess:
            return False
        except (psutil.Error, OSError) as error:
            raise HarnessError(f"process {process.pid} takes no signal {number}: {error}") from None
        return True

    def ask_to_end(self) -> bool:
        """See `Child`."""
        self._look()
        self.signal(signal.SIGTERM)
        return True

    def kill(self) -> None:
        """See `Child`."""
        self._look()
        self._popen.kill()
        self.wait(PATIENCE_S)

    def _look(self) -> None:
        with contextlib.suppress(psutil.Error):
            self._family += psutil.Process(self.pid).children(recursive=True)

    def end(self) -> int:
        """See `Child`."""
        return end_marked(self._mark, self._family)

    def close(self) -> None:
        """See `Child`."""
        if self._popen.stdout:
            self._popen.stdout.close()


def observed(process: psutil.Process) -> Process | None:
    """Return a process as it is now; None where the process has ended.

    Raises:
        HarnessError: the system does not let this process look at that one.

    """
    try:
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            times = process.cpu_times()
            return Process(
                pid=process.pid,
                parent=process.ppid(),
                began=process.create_time(),
                argv=_cut(process.cmdline()),
                memory=process.memory_info().rss,
                descriptors=_descriptors(process),
                threads=process.num_threads(),
                processor_s=round(times.user + times.system, 2),
            )
    except psutil.NoSuchProcess:
        return None
    except psutil.Error as error:
        raise HarnessError(f"process {process.pid} cannot be looked at: {error}") from None


if sys.platform == "win32":

    def _descriptors(process: psutil.Process) -> int:
        return process.num_handles()

else:

    def _descriptors(process: psutil.Process) -> int:
        return process.num_fds()


def _cut(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments as evidence can hold them, at most `KEPT_OF_ARGV` characters of all together."""
    kept, left = [], KEPT_OF_ARGV
    for argument in argv:
        if left <= 0:
            break
        kept.append(writable(argument[:left]))
        left -= len(argument) + 1
    return tuple(kept)


def _descriptor(popen: subprocess.Popen[bytes]) -> int:
    if popen.stdout is None:  # pragma: no cover - Popen was asked for a pipe
        raise ValueError
    return popen.stdout.fileno()
