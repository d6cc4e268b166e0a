"""A started program on Linux: a first process stands between the harness and the program.

Whatever the program starts stays below its first process (`harness.processes.subreaper`), which says when nothing is
left.
"""

from __future__ import annotations

import contextlib
import errno
import marshal
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from harness.errors import HarnessError, LeftRunningError
from harness.processes import nursery, subreaper, tree
from harness.processes.marks import MARK, PATIENCE_S, end_marked
from harness.processes.nursery import Nursery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.model.observations import Process

_START_S = 60.0  # a first process takes some hundredths of a second on an idle core
_GRACE_S = 2.0  # for an answer, beyond the patience of the process that answers


class Watched:
    """A program below a first process of its own."""

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
        self._program = argv[0]
        self._state = threading.Condition()
        self._status: int | None = None
        self._left: int | None = None  # how many processes were killed, once nothing is left
        self._stuck: tuple[int, ...] | None = None  # the processes that cannot be ended
        self._gone = False  # whether the first process has ended, so that it reports nothing more
        shared = nursery.of(mark)
        self._nursery = shared or Nursery(mark)
        self._own = None if shared else self._nursery
        reading, writing = os.pipe()
        self._printed = os.fdopen(reading, "rb", buffering=0)
        self.output = reading
        try:
            self._socket = self._nursery.first_process(output=writing, stdin=stdin, inherited=inherited)
        except BaseException:
            self._printed.close()
            raise
        finally:
            os.close(writing)
        self._told = self._socket.makefile("rb")
        try:
            self.pid, self.first = self._order(argv, {**env, MARK: mark}, cwd)
        except BaseException:
            self._gone = True  # no thread listens that would say so
            self._told.close()
            self.close()
            raise
        threading.Thread(target=self._listen, name=f"first process of {self.pid}", daemon=True).start()

    def _order(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> tuple[int, int]:
        """Have the program started; return its process id and that of its first process."""
        path = argv[0] if os.sep in argv[0] else shutil.which(argv[0], path=env.get("PATH", os.defpath))
        if path is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])
        variables = {os.fsencode(name): os.fsencode(value) for name, value in env.items()}
        order = ([os.fsencode(path), *map(os.fsencode, argv[1:])], variables, os.fsencode(cwd))
        self._socket.settimeout(_START_S)
        with contextlib.suppress(OSError):  # the answer that is read next says more
            self._socket.sendall(marshal.dumps(order))
        try:
            word, *numbers = self._told.readline().decode().split() or [""]
        except OSError:  # the first process takes too long, or is gone
            word, numbers = "", []
        self._socket.settimeout(None)
        if word == "failed":
            raise OSError(int(numbers[0]), os.strerror(int(numbers[0])), argv[0])
        if word != "started":
            message = f"the process that is to watch over '{self._program}' does not start"
            raise HarnessError(f"{message}: {sys.executable} says '{self._nursery.complaint()}'")
        return int(numbers[0]), int(numbers[1])

    def _listen(self) -> None:
        """Take the reports of the first process until it ends."""
        with contextlib.suppress(OSError, ValueError):
            for line in self._told:
                with self._state:
                    self._hear(line.decode().split())
                    self._state.notify_all()
        self._told.close()
        with self._state:
            self._gone = True
            self._state.notify_all()

    def _hear(self, words: list[str]) -> None:
        if words[0] == "ended":
            self._status = int(words[1])
            self._say(b"A")  # from now on the program's id may be another process's
        elif words[0] == "alone":
            self._left = int(words[1])
        elif words[0] == "stuck":
            self._stuck = tuple(map(int, words[1:]))

    def _say(self, command: bytes) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendall(command)

    @property
    def exit_status(self) -> int | None:
        """See `Child`; where somebody killed the first process, the status is given as SIGKILL and `end` raises."""
        with self._state:
            if not self._is_known() and not subreaper.look_at(self.pid)[1]:
                self._state.wait_for(self._is_known, timeout=_GRACE_S)  # its end is about to be reported
            return -signal.SIGKILL if self._gone and self._status is None else self._status

    def _is_known(self) -> bool:
        return self._gone or self._status is not None

    def wait(self, deadline_s: float) -> int | None:
        """See `Child`."""
        with self._state:
            self._state.wait_for(self._is_known, timeout=deadline_s)
            return self.exit_status

    def signal(self, number: int) -> None:
        """See `Child`."""
        with self._state:
            if not self._is_known():  # so that the id is still the program's
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(self.pid, number)

    def processes(self) -> tuple[Process, ...]:
        """See `Child`."""
        found = map(tree.look, tree.below(self.first))
        return tuple(sorted(filter(None, found), key=lambda one: (one.pid != self.pid, one.pid)))

    def signal_process(self, process: Process, number: int) -> bool:
        """See `Child`."""
        return tree.send(process, number, first=self.first)

    def ask_to_end(self) -> bool:
        """See `Child`."""
        self.signal(signal.SIGTERM)
        return True

    def kill(self) -> None:
        """See `Child`."""
        self.signal(signal.SIGKILL)
        self.wait(PATIENCE_S)

    def end(self) -> int:
        """See `Child`."""
        with self._state:
            self._stuck = None
            self._say(b"E")
            self._state.wait_for(self._is_over, timeout=subreaper.PATIENCE_S + _GRACE_S)
            return self._ended()

    def _ended(self) -> int:
        """Return how many processes were ended; raises `HarnessError` where some may be left."""
        if self._left is not None:
            left, self._left = self._left, 0
            return left
        if self._stuck is None and self._gone:
            end_marked(self._mark)
            raise HarnessError(
                f"the process that watches over '{self._program}' was killed by somebody else; what carries no mark of "
                "the harness may be left"
            )
        raise LeftRunningError(self._stuck or (self.first,))

    def _is_over(self) -> bool:
        return self._left is not None or self._stuck is not None or self._gone

    def close(self) -> None:
        """See `Child`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)  # the first process ends what it could not end so far, and itself
        with self._state:
            self._state.wait_for(lambda: self._gone, timeout=_GRACE_S)
        self._socket.close()
        self._printed.close()
        if self._own:
            self._own.close()
