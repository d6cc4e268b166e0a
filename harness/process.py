"""The only place that starts a process: deadline, whole-tree end, bounded capture, scrubbed environment.

Everything started here carries a mark in its environment (`MARK`). Descendants inherit it, also those that
leave the session or whose parent died, so `end_marked` finds and ends every one of them: by this process, by
the keeper when this process was killed, or by a later run. A mark begins with 32 hexadecimal digits that nobody
guesses; `end_marked` refuses whatever else it is handed, so that no mistake elsewhere ends a stranger's process.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psutil

from harness import pipes
from harness.capture import Capture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MARK = "HARNESS_MARK"
NOT_FOUND = 127  # the exit status by which a shell says that there is no such program
_MARK = re.compile(r"[0-9a-f]{32}(?:/.+)?", re.ASCII | re.DOTALL)
_CHUNK = 64 * 1024
_LAST_WORDS_S = 2.0
_POLL_S = 0.01
_SCRUBBED = ("PYTHON", "VIRTUAL_ENV", "CONDA", "GUNICORN", "UVICORN", "WEB_CONCURRENCY", "PIP_", "PYTEST")
_KEPT_FOR_SERVERS = ("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "WINDIR")


def new_mark() -> str:
    """Return a mark that nothing else carries, for a run or a question."""
    return uuid.uuid4().hex


def is_mark(text: str) -> bool:
    """Whether the text is a run's mark, or one below it (``mark/…``)."""
    return bool(_MARK.fullmatch(text))


def tool_environment(**extra: str) -> dict[str, str]:
    """Return this process's environment for a build tool: proxies and index settings kept, Python's removed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_SCRUBBED)}
    return {**kept, **extra}


def server_environment(folder: Path, search: Sequence[Path]) -> dict[str, str]:
    """Return the whole environment of a server: nothing of the caller's but the system's own folders.

    Args:
        folder: home, temporary folder and application folder of the server.
        search: folders for ``PATH``, before the system's.

    """
    system = [] if sys.platform == "win32" else ["/usr/local/bin", "/usr/bin", "/bin"]
    kept = {key: value for key, value in os.environ.items() if key.upper() in _KEPT_FOR_SERVERS}
    return {
        **kept,
        "PATH": os.pathsep.join([*map(str, search), *system]),
        "HOME": str(folder),
        "USERPROFILE": str(folder),
        "TMPDIR": str(folder),
        "TEMP": str(folder),
        "TMP": str(folder),
        "PYTHONPATH": str(folder),  # where the application lies; not every program looks in its working folder
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Completed:
    """A command that has ended: its exit status (None where its deadline passed) and what it printed."""

    exit_status: int | None
    output: str

    def last_lines(self, count: int = 6) -> str:
        """Return the last telling lines as one."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return " | ".join(lines[-count:])


class Started(Protocol):
    """A started program with all that it starts in turn: a process of this machine, or one in a container."""

    @property
    def argv(self) -> tuple[str, ...]:
        """Program and arguments."""

    @property
    def capture(self) -> Capture:
        """What it has printed so far."""

    @property
    def exit_status(self) -> int | None:
        """Its exit status, negative for a signal, or None while it runs."""

    @property
    def out_of_memory(self) -> bool:
        """Whether something of it was ended for want of the memory that it may use, asked when it has ended."""

    def take(self) -> None:
        """Take all that the program has written by now, as far as that can be known from here."""

    def signal(self, number: int) -> None:
        """Send the program a signal; it may have ended."""

    def stop(self, grace_s: float) -> str:
        """Ask the program to end, then make it; return ``itself``, ``SIGTERM`` or ``SIGKILL`` for what did.

        What it has written when it is asked stands in the first part of the capture, what it writes then in the second.
        """

    def end(self) -> int:
        """End what is left of it, at once and from any thread; return how many processes there were."""

    def close(self) -> None:
        """Let go of all that it held, when all of it has ended."""


class Process:
    """A started program in a session of its own, with its output captured."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, mark: str, console: bool = False
    ) -> None:
        """Start it.

        Args:
            argv: program and arguments; the program as a path.
            env: its whole environment, to which the mark is added.
            cwd: its working folder.
            mark: what its descendants are found by; unique to the one who will end them.
            console: give it a terminal as standard input (POSIX only; on Windows it has a console as it is).

        Raises:
            OSError: it could not be started.

        """
        self._console = os.openpty() if console and sys.platform != "win32" else ()
        self.argv = tuple(argv)
        self.mark = mark
        self.capture = Capture()
        self.out_of_memory = False  # the machine's memory has no owner; a kill for want of it is a SIGKILL
        self._family: list[psutil.Process] = []
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        self._popen = subprocess.Popen(  # noqa: S603 - running the programs on trial is what the harness is for
            self.argv,
            env={**env, MARK: mark},
            cwd=cwd,
            stdin=self._console[1] if self._console else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=flags,
        )
        assert self._popen.stdout is not None  # noqa: S101 - Popen was asked for a pipe
        self._pipe = pipes.Pipe(self._popen.stdout.fileno())
        self._taking = threading.Lock()  # held from a read until it is captured: nothing is on its way then
        self._reader = threading.Thread(target=self._read, name=f"output of {self.pid}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Take the output until its end; the pipe may stay open as long as any descendant holds it."""
        with contextlib.suppress(OSError, ValueError):
            while self._pipe.wait():
                with self._taking:
                    if (data := self._pipe.read(_CHUNK)) == b"":
                        return
                    self.capture.add(data or b"")

    def take(self) -> None:
        """Take all that the program has written by now: what lies in the pipe, which is no more than it holds."""
        with self._taking, contextlib.suppress(OSError, ValueError):
            taken = 0
            while taken < pipes.MOST and (data := self._pipe.read(_CHUNK)):
                taken += len(data)
                self.capture.add(data)

    @property
    def pid(self) -> int:
        """The process id of the program itself."""
        return self._popen.pid

    @property
    def exit_status(self) -> int | None:
        """Its exit status, negative for a signal, or None while it runs."""
        return self._popen.poll()

    def wait(self, deadline_s: float) -> int | None:
        """Wait for its end, at most so many seconds; return the exit status or None."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._popen.wait(timeout=deadline_s)
        return None

    def stop(self, grace_s: float) -> str:
        """Ask the program to end, then make it; return ``itself``, ``SIGTERM`` or ``SIGKILL`` for what did.

        Descendants are not touched, see `end`; who they are is asked before it can no longer name them.
        """
        self._family = self.family()
        if self.exit_status is not None:
            return "itself"
        self.take()
        self.capture.split()
        if self._ask_to_end() and self.wait(grace_s) is not None:
            return "SIGTERM"
        self._popen.kill()
        self._popen.wait()
        return "SIGKILL"

    def _ask_to_end(self) -> bool:
        """Ask the program to end; False where there is no way to ask."""
        if sys.platform == "win32":  # has no SIGTERM: a console break is what its servers listen for
            try:
                self._popen.send_signal(signal.CTRL_BREAK_EVENT)
            except PermissionError:  # it has just ended
                return True
            except SystemError:  # this process has no console to break on, and os.kill ended the program by force
                return False
            return True
        with contextlib.suppress(ProcessLookupError):
            self._popen.send_signal(signal.SIGTERM)
        return True

    def end(self) -> int:
        """End all that carries its mark and what it had started before it was stopped; return how many there were.

        Raises:
            RuntimeError: some cannot be ended.

        """
        return end_marked(self.mark, self._family)

    def signal(self, number: int) -> None:
        """Send the program itself a signal; it may have ended."""
        with contextlib.suppress(ProcessLookupError):
            self._popen.send_signal(number)

    def family(self) -> list[psutil.Process]:
        """Return the descendants that it has now, to be ended when it has ended and can no longer name them."""
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def close(self) -> None:
        """Take what is left of the output and let go of the pipe; call it when all descendants have ended."""
        self._reader.join(timeout=_LAST_WORDS_S)
        self.take()  # a stranger who holds the pipe keeps it open, and the reader waiting
        for descriptor in self._console:
            os.close(descriptor)
        if self._popen.stdout:
            self._popen.stdout.close()


def run(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, mark: str, deadline_s: float) -> Completed:
    """Run a command to its end, or to its deadline, and end everything that it started."""
    process = Process(argv, env=env, cwd=cwd, mark=f"{mark}/{new_mark()}")
    try:
        exit_status = process.wait(deadline_s)
    finally:
        process.stop(grace_s=0)
        end_marked(process.mark)
        process.close()
    return Completed(exit_status=exit_status, output=process.capture.text)


def ask(argv: Sequence[str], *, deadline_s: float) -> Completed:
    """Run a short command that answers a question about this machine."""
    folder = Path(tempfile.gettempdir())
    return run(argv, env=tool_environment(), cwd=folder, mark=new_mark(), deadline_s=deadline_s)


def settle(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, mark: str, deadline_s: float) -> int | None:
    """Run a program that leaves a service of its own running, marked; return its exit status, None at the deadline."""
    with subprocess.Popen(  # noqa: S603 - Wine's server
        argv,
        env={**env, MARK: mark},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as started:
        try:
            return started.wait(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            started.kill()
            return None


def start_watching(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a program, unmarked and in a session of its own, that sees its standard input close when this one ends."""
    return subprocess.Popen(  # noqa: S603 - the keeper
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def marked(mark: str) -> Iterator[psutil.Process]:
    """Yield the running processes that carry the mark or one below it (``mark/…``), and their descendants.

    A descendant that wiped its environment is found as long as its parent is there.

    Raises:
        ValueError: the mark is none, so that it would match processes that nobody marked.

    """
    if not is_mark(mark):
        message = f"'{mark}' is no mark, which begins with 32 hexadecimal digits; no process is ended by it"
        raise ValueError(message)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            value = process.environ().get(MARK, "")
            if value == mark or value.startswith(f"{mark}/"):
                family = (process, *process.children(recursive=True))
                yield from (one for one in family if one.status() != psutil.STATUS_ZOMBIE)


def end_marked(mark: str, also: Sequence[psutil.Process] = (), *, patience_s: float = 10.0) -> int:
    """End every process that carries the mark, again until none is found; return how many there were.

    Args:
        mark: whose processes.
        also: processes to end with them.
        patience_s: how long to go on.

    Raises:
        RuntimeError: some are still there after the patience.

    """
    deadline = time.monotonic() + patience_s
    ended: set[int] = set()
    while found := {*(one for one in also if _is_alive(one)), *marked(mark)}:
        if time.monotonic() > deadline:
            message = f"processes that cannot be ended: {sorted(process.pid for process in found)}"
            raise RuntimeError(message)
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
                ended.add(process.pid)
        time.sleep(_POLL_S)
    return len(ended)


def _is_alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
