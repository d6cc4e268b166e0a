"""A started program with all that it starts in turn, behind one protocol: on this machine, or in a container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.model.addresses import Address, SocketAddress, Unix
    from harness.model.observations import Process
    from harness.processes.capture import Capture


class Started(Protocol):
    """A started program, see `harness.processes.process.Process` and `harness.containers.contained.Contained`."""

    @property
    def argv(self) -> tuple[str, ...]:
        """Program and arguments."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that the scenario set, as the program has them."""

    @property
    def capture(self) -> Capture:
        """What the program has printed so far."""

    @property
    def exit_status(self) -> int | None:
        """The program's exit status, negative for a signal; None while it runs."""

    @property
    def pid(self) -> int:
        """The process id of the program itself, where it runs: a container's own number in a container."""

    @property
    def out_of_memory(self) -> bool:
        """Whether one of its processes was killed at its memory limit; asked when the program has ended."""

    def reach(self, address: Address) -> SocketAddress:
        """Return where a client on this machine reaches an address of the server; an address without a port is refused.

        Raises:
            HarnessError: the address cannot be reached from here.

        """

    def accepts(self, address: Address) -> bool:
        """Whether a connection to an address of the server is accepted; the connection ends at once."""

    def take(self) -> None:
        """Capture all that the program has written by now, as far as this process can know."""

    def wait(self, deadline_s: float) -> int | None:
        """Wait at most ``deadline_s`` seconds for the program's end; return its exit status, None while it runs."""

    def signal(self, number: int) -> None:
        """Send the program a signal; the program may have ended."""

    def processes(self) -> tuple[Process, ...]:
        """Return the program, where it still runs, and all processes below it, see `harness.processes.child.Child`."""

    def signal_process(self, process: Process, number: int) -> bool:
        """Send a signal to one of `processes`; return False where that process has ended.

        Raises:
            HarnessError: the process is not one of the program's, or takes no such signal.

        """

    def listening(self) -> tuple[int, ...]:
        """Return the TCP ports on which the program and the processes below it listen now, in order."""

    def socket_exists(self, socket: Unix) -> bool:
        """Whether the file of the program's Unix socket, the one that it was started with, is there.

        Also asked when the program has ended.
        """

    def stop(self, grace_s: float) -> str:
        """Ask the program to end, and kill it after ``grace_s`` seconds.

        Output written before the request goes into the first part of the capture, later output into the second.

        Returns:
            What ended the program: ``itself`` where nobody had asked yet, ``SIGTERM`` where asking did, or ``SIGKILL``.

        """

    def end(self) -> int:
        """End all that is left of the program, at once and from any thread; return how many processes that were."""

    def close(self) -> None:
        """Close the pipe and what else is held; call it when all of the program has ended."""
