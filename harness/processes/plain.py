"""A started program as any system lets it be followed: descendants are found by their mark and by their parents."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from typing import TYPE_CHECKING, ClassVar

import psutil

from harness.processes.marks import MARK, PATIENCE_S, end_marked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Plain:
    """A program that is a child of this process; its descendants are looked up while it still runs above them."""

    flags: ClassVar[int] = 0  # with which Windows starts the program

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, mark: str, stdin: int) -> None:
        """Start the program; raises `OSError` where it cannot be started."""
        self._mark = mark
        self._family: list[psutil.Process] = []
        self._popen = subprocess.Popen(  # noqa: S603 - running the programs on trial is what the harness is for
            argv,
            env={**env, MARK: mark},
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=self.flags,
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


def _descriptor(popen: subprocess.Popen[bytes]) -> int:
    if popen.stdout is None:  # pragma: no cover - Popen was asked for a pipe
        raise ValueError
    return popen.stdout.fileno()
