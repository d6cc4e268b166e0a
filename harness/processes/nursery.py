"""One interpreter that stands ready and forks the first processes of a run, see `harness.processes.subreaper`.

A program that is started under a run's mark gets its first process from the run's nursery, which is open as long as the
run is. A program that is started under any other mark gets a nursery of its own.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from harness.processes import subreaper
from harness.processes.marks import FIRST, MARK

if TYPE_CHECKING:
    from collections.abc import Mapping

_GRACE_S = 2.0
_KEPT_OF_COMPLAINT = 4096
_open: dict[str, Nursery] = {}  # by the run's mark


class Nursery:
    """Forks first processes, until `close`. Its interpreter starts with the first of them. Safe for many threads."""

    def __init__(self, mark: str) -> None:
        """Have the nursery's processes carry this mark."""
        self._mark = mark
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._said = ""

    def first_process(self, *, output: int, stdin: int, inherited: int | None = None) -> socket.socket:
        """Fork a first process and return the socket over which to speak with it.

        Args:
            output: the descriptor that the program will print to.
            stdin: the descriptor that the program will read from, or `subprocess.DEVNULL`.
            inherited: a further descriptor that the program will inherit.

        """
        ours, theirs = socket.socketpair()
        given = {
            subreaper.CONTROL: theirs.fileno(),
            subreaper.OUTPUT: output,
            subreaper.INPUT: None if stdin == subprocess.DEVNULL else stdin,
            subreaper.INHERITED: inherited,
        }
        handed = {word: descriptor for word, descriptor in given.items() if descriptor is not None}
        with theirs, self._guard:
            if not self._hand(handed):  # somebody has killed the interpreter: the next one may live
                self._let_go()
                self._hand(handed)
        return ours

    def _hand(self, descriptors: Mapping[bytes, int]) -> bool:
        """Hand the descriptors to the interpreter; return whether there was one that could take them."""
        self._socket = self._socket or self._start()
        try:
            socket.send_fds(self._socket, [b"".join(descriptors)], list(descriptors.values()))
        except OSError:
            return False
        return True

    def _start(self) -> socket.socket:
        """Start the interpreter; it inherits no variable but the one by which Python's libraries are found."""
        kept = {name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this very interpreter
                [sys.executable, "-I", "-S", subreaper.__file__, str(theirs.fileno())],
                env={**kept, MARK: self._mark, FIRST: "1"},
                cwd=Path("/"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return ours

    def complaint(self) -> str:
        """Return the last line that the interpreter printed before its end, else ``nothing``."""
        with self._guard:
            self._let_go()
            return self._said or "nothing"

    def _let_go(self) -> None:
        """Ask the interpreter to end after its first processes; keep its last line where it ends within `_GRACE_S`."""
        if self._socket:
            self._socket.close()
            self._socket = None
        if self._process and self._process.stdout:
            with contextlib.suppress(subprocess.TimeoutExpired), self._process.stdout as stdout:
                self._process.wait(_GRACE_S)
                lines = os.read(stdout.fileno(), _KEPT_OF_COMPLAINT).decode(errors="replace").strip().splitlines()
                self._said = lines[-1] if lines else self._said
            self._process = None

    def close(self) -> None:
        """Fork no more."""
        with self._guard:
            self._let_go()


def open_for(run: str) -> None:
    """Open the nursery of a run, by the run's mark."""
    _open[run] = Nursery(run)


def close_for(run: str) -> None:
    """Close the nursery of a run; a program started under the run's mark afterwards gets a nursery of its own."""
    if nursery := _open.pop(run, None):
        nursery.close()


def of(mark: str) -> Nursery | None:
    """Return the nursery of the run that a mark belongs to; None where no such nursery is open."""
    return _open.get(mark.partition("/")[0])
