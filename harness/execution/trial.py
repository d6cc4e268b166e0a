"""The trial that a scenario's ``observe`` is handed: all of its means to act, each of which records what it did."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from harness.client.client import LOOPBACK
from harness.client.clock import TrialClock
from harness.client.playing import play
from harness.errors import HarnessError
from harness.execution.server import Server
from harness.model.checks import Trigger, logged, of
from harness.model.evidence import writable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.environments.backend import Environment
    from harness.execution.ports import Ports
    from harness.model.cell import Cell
    from harness.model.checks import Control
    from harness.model.evidence import Exchange, ServerRecord

KEPT_OF_TRIAL = 5000  # exchanges
KEPT_OF_FACT = 64 * 1024  # characters of a text
LOG_S = 2.0  # a server writes the line with the answer; a busy core gets a hundred times that
_POLL_S = 0.05
READY_S = 30.0  # on an idle core a healthy server answers within 3 s; a busy core gets ten times that


class Trial:
    """What a scenario's ``observe`` is handed: facts about the cell, and means to act that record what they do.

    Attributes:
        variant: the name of the variant on trial.
        version: the release on trial.
        python: the Python on trial, such as ``(3, 8)``.
        platform: the platform, such as ``linux``.
        folder: the working folder, where the scenario's applications lie.

    """

    def __init__(
        self,
        cell: Cell,
        environment: Environment,
        *,
        folder: Path,
        ports: Ports,
        mark: str,
        deadline_s: float = math.inf,
    ) -> None:
        """Begin the trial's clock."""
        self.variant = cell.variant
        self.version = Version(cell.release.version)
        self.python = tuple(int(part) for part in cell.python.split("."))
        self.platform = cell.platform
        self.folder = folder
        self._subject = cell.subject
        self._environment = environment
        self._ports = ports
        self._mark = mark
        self._time = TrialClock(deadline_s)
        self._guard = threading.RLock()
        self._running: list[Server] = []
        self._servers: list[ServerRecord] = []
        self._exchanges: list[Exchange] = []
        self._dropped = 0
        self._facts: dict[str, str | int | float | bool] = {}

    def release(self, package: str) -> Version | None:
        """Return the installed release of a package, also of the subject; None where the package is not installed.

        Raises:
            HarnessError: the package was installed from a path or an address that does not tell the release.

        """
        name = canonicalize_name(package)
        if name == canonicalize_name(self._subject):
            return self.version
        pinned = self._environment.resolution.pinned.get(name)
        return None if pinned is None else _release(name, pinned)

    def clock(self) -> float:
        """Return the seconds since the trial began."""
        return self._time.now()

    @contextlib.contextmanager
    def server(
        self,
        name: str,
        program: str,
        *arguments: str,
        ready_path: str = "/",
        ready_s: float = READY_S,
        console: bool = False,
    ) -> Iterator[Server]:
        """Start a server, wait until it answers, and stop it when the context is left.

        Args:
            name: the server's name in the evidence.
            program: a console script of the environment (``uvicorn``), or ``python``.
            arguments: as its user would write them; ``{port}`` stands for the port.
            ready_path: the path that is requested until an answer comes.
            ready_s: how many seconds to wait for that answer.
            console: give the server a terminal of its own as standard input; its output is captured all the same.

        Raises:
            NotReadyError: the server never answered; not caught, this ends the observation, whose evidence is judged.
            TrialOverError: the trial's time is over.

        """
        server = self._start(name, program, arguments, console=console)
        try:
            server.wait_until_ready(ready_path, ready_s)
            yield server
        finally:
            self._stop(server)

    def _start(self, name: str, program: str, arguments: Sequence[str], *, console: bool) -> Server:
        self._time.check()
        lease = self._ports.lease()
        try:
            started = self._environment.start(
                program,
                [part.replace("{port}", str(lease.port)) for part in arguments],
                folder=self.folder,
                server=name,
                port=lease.port,
                mark=f"{self._mark}/{lease.port}",
                console=console,
            )
        except OSError as error:
            lease.release()
            message = f"'{program}' cannot be started in this environment: {error.strerror}"
            raise HarnessError(message) from None
        except BaseException:
            lease.release()
            raise
        server = Server(writable(name), started, lease, clock=self._time, record=self._keep)
        with self._guard:
            self._running.append(server)
        if self._time.is_over:  # the time ended while the server was starting: nobody else will stop it
            self._stop(server)
            self._time.check()
        return server

    def _stop(self, server: Server) -> None:
        record = server.stop()
        with self._guard:
            if server in self._running:
                self._running.remove(server)
                self._servers.append(record)

    def _keep(self, exchange: Exchange) -> None:
        """Keep an exchange as evidence; beyond `KEPT_OF_TRIAL` exchanges, only count it."""
        with self._guard:
            if len(self._exchanges) < KEPT_OF_TRIAL:
                self._exchanges.append(exchange)
            else:
                self._dropped += 1

    def play(self, server: Server, check: Control | Trigger) -> None:
        """Make the exchange of a declared check, as often as the check says; then wait for what the failure logs.

        A log that shows the failure is waited for `LOG_S` seconds at most: an exchange can end before its line is
        written.
        """
        for _ in range(check.times):
            with server.connect(check.name) as connection:
                play(check.steps, connection, host=f"{LOOPBACK}:{server.port}", clock=self._time)
        log = of(check.log, self.variant) if isinstance(check, Trigger) else None
        end = self.clock() + LOG_S
        while log is not None and logged(log, server.log) is None and server.is_running and self.clock() < end:
            self.sleep(_POLL_S)

    def last(self, name: str) -> Exchange | None:
        """Return the last exchange of this name so far; None where there is none."""
        with self._guard:
            return next((one for one in reversed(self._exchanges) if one.name == name), None)

    def record(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - a value, not a switch
        """Keep a fact that the scenario measured itself; of a text, at most `KEPT_OF_FACT` characters.

        Raises:
            TypeError: the value is neither a text nor a number.

        """
        self._time.check()
        with self._guard:
            self._facts[writable(name)] = _fact(value)

    def sleep(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            TrialOverError: the trial's time is over.

        """
        self._time.sleep(seconds)

    def expire(self) -> None:
        """End the trial's time and all of its servers, from another thread; calls that wait for them return."""
        self._time.expire()
        with self._guard:
            running = tuple(self._running)
        for server in running:
            server.kill()

    def seen(self) -> Seen:
        """Stop the servers that still run, and return what was seen by now; nothing seen later counts."""
        self._time.expire()
        with self._guard:
            running = tuple(self._running)
        for server in running:
            self._stop(server)
        with self._guard:
            return Seen(
                servers=tuple(self._servers),
                exchanges=tuple(self._exchanges),
                facts=dict(self._facts),
                dropped=self._dropped,
            )


def _release(name: str, pinned: str) -> Version:
    """Return the release that a pin names; the pin of a file is its address, whose last part a wheel's name is."""
    try:
        return parse_wheel_filename(PurePosixPath(pinned).name)[1] if "/" in pinned else Version(pinned)
    except ValueError:
        raise HarnessError(f"'{pinned}' does not tell which release of {name} is installed") from None


def _fact(value: object) -> str | int | float | bool:
    """Return a fact as evidence can hold it: a finite number, or a text that is not too long."""
    if isinstance(value, str):
        left_out = len(value) - KEPT_OF_FACT
        return writable(value[:KEPT_OF_FACT]) + (f"… {left_out} characters left out" if left_out > 0 else "")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bool | int | float):
        return value
    message = f"a fact is a text or a number, not {type(value).__name__}"
    raise TypeError(message)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """What a trial has seen: see `harness.model.evidence.Evidence`."""

    servers: tuple[ServerRecord, ...]
    exchanges: tuple[Exchange, ...]
    facts: dict[str, str | int | float | bool]
    dropped: int
