"""A started program and everything below it, behind one protocol, as the system lets it be followed.

On Linux a first process watches over the program (`harness.processes.watched`), on Windows a job object holds what the
program starts (`harness.processes.job_object`). Elsewhere descendants are found by their mark and, where they wiped the
mark, by their parents (`harness.processes.plain`).
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

from harness.processes.launch import INHERITED
from harness.processes.plain import Plain
from harness.processes.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.model.observations import Process


class Child(Protocol):
    """A started program."""

    output: int
    """The descriptor to read what the program prints from, on both of its streams."""

    @property
    def pid(self) -> int:
        """The process id of the program itself."""

    @property
    def exit_status(self) -> int | None:
        """The program's exit status, negative for a signal; None while it runs."""

    def wait(self, deadline_s: float) -> int | None:
        """Wait at most ``deadline_s`` seconds for the program's end; return its exit status, None while it runs."""

    def signal(self, number: int) -> None:
        """Send the program itself a signal; do nothing where it has ended."""

    def processes(self) -> tuple[Process, ...]:
        """Return the program, where it still runs, and all that is below it, also where the parents have ended.

        Raises:
            HarnessError: one of the processes cannot be looked at.

        """

    def signal_process(self, process: Process, number: int) -> bool:
        """Send a signal to one of `processes`; return False where that process has ended.

        Raises:
            HarnessError: the process is not one of the program's, or takes no such signal.

        """

    def ask_to_end(self) -> bool:
        """Ask the program to end; return False where there is no way to ask."""

    def kill(self) -> None:
        """Kill the program itself and wait for its end."""

    def end(self) -> int:
        """End the program and all that is below it, from any thread; return how many processes that were.

        Raises:
            LeftRunningError: some of them cannot be ended.

        """

    def close(self) -> None:
        """Close the descriptors and what else the child holds; call it when nothing of the program runs any more."""


def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    mark: str,
    stdin: int = subprocess.DEVNULL,
    inherited: int | None = None,
) -> Child:
    """Start a program in a session of its own, its output in a pipe.

    Args:
        argv: program and arguments.
        env: the whole environment, to which the mark is added.
        cwd: the working folder.
        mark: the mark by which descendants are found.
        stdin: the descriptor that the program reads from.
        inherited: a descriptor that the program inherits, under the number that `inherited_number` says.

    Raises:
        OSError: the program cannot be started.
        HarnessError: the process that is to watch over the program cannot be started.

    """
    kind: type[Plain | Watched] = Watched if sys.platform == "linux" else Plain
    if sys.platform == "win32":
        from harness.processes.job_object import Held  # noqa: PLC0415 - only Windows has it

        kind = Held
    return kind(argv, env=env, cwd=cwd, mark=mark, stdin=stdin, inherited=inherited)


def inherited_number(descriptor: int) -> int:
    """Return the number that a descriptor of this process has in a program that inherits it."""
    return INHERITED if sys.platform == "linux" else descriptor
