"""What a trial observes of a server's processes: a look at all of them, the end of the program, a signal to a child.

Each value says itself in words that only an equal observation has: judges compare these words, see `Evidence.said`.
"""

from __future__ import annotations

import msgspec

KEPT_OF_LOOK = 1000  # processes
KEPT_OF_ARGV = 4096  # bytes of one process's command line
# The signals whose numbers are the same on every POSIX system; the words for any other one have its number.
_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    14: "SIGALRM",
    15: "SIGTERM",
}


def ending(status: int | None) -> str:
    """Say how a program ended, by its exit status: ``exit 0``, ``ended by SIGTERM``; None: ``still running``."""
    if status is None:
        return "still running"
    return f"exit {status}" if status >= 0 else f"ended by {_SIGNALS.get(-status, f'signal {-status}')}"


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a server, as it was at one moment.

    ``pid`` and ``parent`` are the numbers that the system has for them; those of a container are the container's own.
    ``began`` tells the process from a later one with its number: seconds, counted from a moment that the system
    chooses. ``argv`` is cut at `KEPT_OF_ARGV` bytes. ``memory`` is what lies in the machine's memory (resident set
    size, bytes), ``descriptors`` counts open descriptors (on Windows: handles), ``processor_s`` is the time of the
    processor that the process has used, without that of its children.
    """

    pid: int
    parent: int
    began: float
    argv: tuple[str, ...]
    memory: int
    descriptors: int
    threads: int
    processor_s: float

    @property
    def command(self) -> str:
        """The command line in one text."""
        return " ".join(self.argv)


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """The sums over all processes of a look, in the units of `Process`; memory that processes share counts for each."""

    count: int
    memory: int
    descriptors: int
    threads: int
    processor_s: float

    def __str__(self) -> str:
        """Return the sums in words."""
        return (
            f"{self.count} processes, {self.memory} bytes of memory, {self.descriptors} descriptors, "
            f"{self.threads} threads, {self.processor_s:.2f} s of processor time"
        )


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """All processes of a server at one moment, under a name that the scenario gave the look.

    The program itself is the first process. ``beyond`` counts processes beyond `KEPT_OF_LOOK`.
    """

    name: str
    server: str
    at_s: float
    processes: tuple[Process, ...] = ()
    beyond: int = 0

    @property
    def total(self) -> Total:
        """The sums over the processes that are kept."""
        return Total(
            count=len(self.processes),
            memory=sum(one.memory for one in self.processes),
            descriptors=sum(one.descriptors for one in self.processes),
            threads=sum(one.threads for one in self.processes),
            processor_s=round(sum(one.processor_s for one in self.processes), 2),
        )

    def __str__(self) -> str:
        """Return the sums in words."""
        return f"{self.total}; {self.beyond} processes more were not kept" if self.beyond else str(self.total)


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """The awaited end of a server's program, under a name that the scenario gave it.

    ``waited_s`` are the seconds of the wait, which ended at ``at_s``. ``status`` is the exit status, negative for a
    signal; None where the program still ran.
    """

    name: str
    server: str
    at_s: float
    waited_s: float
    status: int | None

    def __str__(self) -> str:
        """Return ``exit 0``, ``ended by SIGTERM`` or ``still running``."""
        return ending(self.status)


class SignalToChild(msgspec.Struct, frozen=True, kw_only=True):
    """A signal that the scenario itself sent to a process below the program."""

    at_s: float
    number: int
    pid: int
