"""A program on Windows in a job object, to which every process that it starts, directly or not, belongs as well.

The program is started suspended, put into the job and resumed, so that no process of it is ever outside of the job,
whatever becomes of parents and environments. The system lists the processes of the job and ends them. When the handle
of the job is closed, also because the harness has died, all of them end.
https://learn.microsoft.com/windows/win32/procthread/job-objects
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil

from harness.errors import LeftRunningError
from harness.processes.marks import PATIENCE_S
from harness.processes.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_POLL_S = 0.005

if sys.platform == "win32":
    from ctypes import wintypes

    _SUSPENDED = 0x4
    _PROCESS_LIST, _LIMITS = 3, 9  # kinds of information about a job
    _KILL_ON_CLOSE = 0x2000
    _LISTED = 4096  # processes; further ones are listed when these have ended
    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.CreateJobObjectW.restype = wintypes.HANDLE
    for _function, _arguments in (
        (_kernel.AssignProcessToJobObject, (wintypes.HANDLE, wintypes.HANDLE)),
        (_kernel.SetInformationJobObject, (wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD)),
        (
            _kernel.QueryInformationJobObject,
            (wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD, wintypes.LPVOID),
        ),
        (_kernel.TerminateJobObject, (wintypes.HANDLE, wintypes.UINT)),
        (_kernel.CloseHandle, (wintypes.HANDLE,)),
    ):
        _function.argtypes = _arguments

    class _Limits(ctypes.Structure):
        """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

        _fields_ = (
            ("times", ctypes.c_int64 * 2),
            ("flags", wintypes.DWORD),
            ("working_sets", ctypes.c_size_t * 2),
            ("active_processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("classes", wintypes.DWORD * 2),
            ("transfers", ctypes.c_uint64 * 6),
            ("memory", ctypes.c_size_t * 4),
        )

    class _ProcessList(ctypes.Structure):
        """JOBOBJECT_BASIC_PROCESS_ID_LIST."""

        _fields_ = (("assigned", wintypes.DWORD), ("listed", wintypes.DWORD), ("numbers", ctypes.c_size_t * _LISTED))

    class _Job:
        """A job object, until `close`. Every method raises `OSError` where the system refuses."""

        def __init__(self) -> None:
            self._handle = _kernel.CreateJobObjectW(None, None)
            limits = _Limits(flags=_KILL_ON_CLOSE)
            if not self._handle or not _kernel.SetInformationJobObject(
                self._handle, _LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
            ):
                raise ctypes.WinError(ctypes.get_last_error())

        def take(self, process: int) -> None:
            """Put a process into the job, by its handle."""
            if not _kernel.AssignProcessToJobObject(self._handle, process):
                raise ctypes.WinError(ctypes.get_last_error())

        def processes(self) -> set[int]:
            """Return the ids of the job's processes that run."""
            found = _ProcessList()
            size = ctypes.sizeof(found)
            if not _kernel.QueryInformationJobObject(self._handle, _PROCESS_LIST, ctypes.byref(found), size, None):
                raise ctypes.WinError(ctypes.get_last_error())
            return set(found.numbers[: found.listed])

        def end(self) -> None:
            """End all processes of the job."""
            if not _kernel.TerminateJobObject(self._handle, 1):
                raise ctypes.WinError(ctypes.get_last_error())

        def close(self) -> None:
            """Close the handle, which ends what is left of the job."""
            _kernel.CloseHandle(self._handle)
            self._handle = None

    class Held(Plain):
        """A program in a job object of its own, see `harness.processes.child.Child`."""

        flags = subprocess.CREATE_NEW_PROCESS_GROUP | _SUSPENDED

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
            """Start the program; raises `OSError` where it cannot be started."""
            self._job = _Job()
            try:
                super().__init__(argv, env=env, cwd=cwd, mark=mark, stdin=stdin, inherited=inherited)
                self._job.take(int(self._popen._handle))  # noqa: SLF001 - the process id may be another's by now
                psutil.Process(self.pid).resume()
            except BaseException:
                self._job.close()
                raise

        def _members(self) -> Iterable[psutil.Process]:
            """Return the processes of the job."""
            for pid in self._job.processes():
                with contextlib.suppress(psutil.NoSuchProcess):
                    yield psutil.Process(pid)

        def ask_to_end(self) -> bool:
            """See `Child`; Windows has no SIGTERM, and its servers listen for a console break."""
            try:
                self._popen.send_signal(signal.CTRL_BREAK_EVENT)
            except PermissionError:  # the program has just ended
                return True
            except SystemError:  # this process has no console to break on, and os.kill ended the program by force
                return False
            return True

        def end(self) -> int:
            """See `Child`."""
            ended, patience = set[int](), time.monotonic() + PATIENCE_S
            while left := self._job.processes():
                if time.monotonic() > patience:
                    raise LeftRunningError(sorted(left))
                ended |= left
                self._job.end()
                time.sleep(_POLL_S)
            return len(ended)

        def close(self) -> None:
            """See `Child`."""
            super().close()
            self._job.close()
