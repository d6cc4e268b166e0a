"""The trial that a scenario's ``observe`` is handed: all of its means to act, each of which records what it did."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from harness.client.certificate import issued
from harness.client.clock import TrialClock
from harness.client.playing import play
from harness.errors import HarnessError
from harness.execution import editing
from harness.execution.seen import Notes
from harness.execution.server import Server
from harness.model.addresses import Tcp
from harness.model.checks import Trigger, logged, of
from harness.model.evidence import writable
from harness.model.platforms import platform_of
from harness.processes.launch import DESCRIPTOR, SOCKET, Launch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from harness.client.certificate import Certificate
    from harness.environments.backend import Environment
    from harness.execution.ports import Lease, Ports
    from harness.execution.seen import Seen
    from harness.execution.server import Ready
    from harness.model.addresses import Address
    from harness.model.answers import Answer
    from harness.model.cell import Cell
    from harness.model.checks import Control
    from harness.model.evidence import Exchange, ServerRecord

LOG_S = 2.0  # a server writes the line with the answer; a busy core gets a hundred times that
_POLL_S = 0.05
KEPT_OF_STDIN = 64 * 1024  # bytes
READY_S = 30.0  # on an idle core a healthy server answers within 3 s; a busy core gets ten times that
_NO_VARIABLES: Mapping[str, str] = {}


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
        self._platform = platform_of(cell.platform)
        self._subject = cell.subject
        self._environment = environment
        self._ports = ports
        self._mark = mark
        self._time = TrialClock(deadline_s)
        self._guard = threading.RLock()
        self._running: list[Server] = []
        self._leases: dict[int, Lease] = {}
        self._notes = Notes()
        self._certificate: Certificate | None = None

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

    def certificate(self) -> Certificate:
        """Return the certificate of this trial's servers; its files lie in `folder`, see `Certificate`.

        `authority.pem` is the authority's, `certificate.pem` the server's, `key.pem` the server's private key.
        """
        self._time.check()
        with self._guard:
            if self._certificate is None:
                self._certificate = issued(self.folder)
            return self._certificate

    @contextlib.contextmanager
    def server(
        self,
        name: str,
        program: str,
        *arguments: str,
        ready: Ready = "/",
        ready_s: float = READY_S,
        at: Address = Tcp(),  # noqa: B008 - frozen
        env: Mapping[str, str] = _NO_VARIABLES,
        stdin: bytes | None = None,
        console: bool = False,
        port: int | None = None,
        tls: Certificate | None = None,
    ) -> Iterator[Server]:
        """Start a server, wait until it is ready, and stop it when the context is left.

        In the arguments and in the values of ``env``, ``{port}`` stands for the port, ``{socket}`` for the path of the
        Unix socket, and ``{fd}`` for a descriptor that listens where the client reaches the server.

        Args:
            name: the server's name in the evidence.
            program: a console script of the environment (``uvicorn``), or ``python``.
            arguments: as its user would write them.
            ready: what to wait for: a path that is requested until an answer comes, an address at which a connection is
                accepted, a line of the log; None: nothing.
            ready_s: how many seconds to wait for that.
            at: where the client reaches the server.
            env: environment variables beside those that every server has.
            stdin: what the server reads from its standard input until the end of the file, at most `KEPT_OF_STDIN`.
            console: give the server a terminal of its own as standard input; its output is captured all the same.
            port: the port of an earlier server of this trial; None: a port that no server has had.
            tls: the certificate of a server that speaks TLS, see `certificate`; the client then speaks TLS to it.

        Raises:
            NotReadyError: the server was never ready; not caught, this ends the observation, whose evidence is judged.
            TrialOverError: the trial's time is over.
            HarnessError: the platform of the cell has not what was asked for.
            ValueError: an argument cannot be meant so.

        """
        server = self._start(name, program, arguments, at=at, env=env, stdin=stdin, console=console, port=port, tls=tls)
        try:
            server.wait_until_ready(ready, ready_s)
            yield server
        finally:
            self._stop(server)

    def run(
        self,
        name: str,
        program: str,
        *arguments: str,
        deadline_s: float,
        env: Mapping[str, str] = _NO_VARIABLES,
        stdin: bytes | None = None,
    ) -> ServerRecord:
        """Run a program to its end and return its record, which is a part of the evidence as that of a server.

        A program that does not end within ``deadline_s`` seconds is killed; ``stopped_by`` of its record then says so.
        See `server` for the other arguments and for what is raised.
        """
        program_run = self._start(name, program, arguments, env=env, stdin=stdin)
        try:
            program_run.wait_for_end(deadline_s)
        finally:
            record = self._stop(program_run, is_killed=True)
        return record

    def _start(
        self,
        name: str,
        program: str,
        arguments: tuple[str, ...],
        *,
        env: Mapping[str, str],
        stdin: bytes | None,
        at: Address = Tcp(),  # noqa: B008 - frozen
        console: bool = False,
        port: int | None = None,
        tls: Certificate | None = None,
    ) -> Server:
        self._time.check()
        launch = Launch(
            program=program,
            arguments=arguments,
            folder=self.folder,
            mark=self._mark,
            port=0,
            at=at,
            variables=dict(env),
            stdin=stdin,
            console=console,
        )
        self._check(launch)
        launch = launch.on(self._leased(port))
        try:
            started = self._environment.start(launch)
        except OSError as error:
            message = f"'{program}' cannot be started in this environment: {error.strerror}"
            raise HarnessError(message) from None
        server = Server(
            writable(name), started, launch, platform=self._platform, clock=self._time, keep=self._notes.keep, tls=tls
        )
        with self._guard:
            self._running.append(server)
        if self._time.is_over:  # the time ended while the server was starting: nobody else will stop it
            self._stop(server)
            self._time.check()
        return server

    def _check(self, launch: Launch) -> None:
        """Refuse what cannot be meant, and what the platform has not."""
        if launch.stdin is not None and (launch.console or len(launch.stdin) > KEPT_OF_STDIN):
            raise ValueError(f"stdin is at most {KEPT_OF_STDIN} bytes, of a server without a console")
        if odd := [name for name in launch.variables if not name or "=" in name or "\0" in name]:
            raise ValueError(f"env: {odd[0]!r} is no name of a variable")
        used = {SOCKET: launch.has_socket, DESCRIPTOR: launch.inherits}
        if lacking := [word for word, is_used in used.items() if is_used and word in self._platform.lacks]:
            raise HarnessError(f"{self.platform} has no {lacking[0]} for a server")

    def _leased(self, port: int | None) -> int:
        """Return a port that is leased until the trial's end: a new one, or one that the trial has leased before."""
        with self._guard:
            if port is None:
                lease = self._ports.lease()
                self._leases[lease.port] = lease
                return lease.port
            if port not in self._leases:
                raise ValueError(f"port={port}: no earlier server of this trial has had that port")
            return port

    def _stop(self, server: Server, *, is_killed: bool = False) -> ServerRecord:
        record = server.stop(is_killed=is_killed)
        with self._guard:
            if server in self._running:
                self._running.remove(server)
                self._notes.keep(record)
        return record

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace the one place in a file of the trial's folder that says ``old``; nobody reads half of a text.

        Args:
            file: the file, below the trial's folder.
            old: the text that is replaced.
            new: the text that stands there afterwards.

        Raises:
            HarnessError: the file is not there, or says ``old`` not once.

        """
        self._time.check()
        editing.edit(self.folder, file, old, new)

    def until(self, condition: Callable[[], bool], deadline_s: float, every_s: float = 0.1) -> bool:
        """Ask for a condition every ``every_s`` seconds, for at most ``deadline_s`` seconds; return whether it held."""
        end = time.monotonic() + deadline_s
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._time.sleep(min(every_s, left))
        return True

    def play(self, server: Server, check: Control | Trigger) -> None:
        """Make the exchange of a declared check, as often as the check says; then wait for what the failure logs.

        A log that shows the failure is waited for `LOG_S` seconds at most: an exchange can end before its line is
        written.
        """
        for _ in range(check.times):
            play(check.name, check.steps, server, clock=self._time)
        log = of(check.log, self.variant) if isinstance(check, Trigger) else None
        end = self.clock() + LOG_S
        while log is not None and logged(log, server.log) is None and server.is_running and self.clock() < end:
            self.sleep(_POLL_S)

    def answers(self, name: str) -> tuple[Answer, ...]:
        """Return all whole answers of the exchanges of this name that are over, in order."""
        return self._notes.answers(name)

    def last(self, name: str) -> Exchange | None:
        """Return the last exchange of this name so far; None where there is none."""
        return self._notes.last(name)

    def record(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - a value, not a switch
        """Keep a fact that the scenario measured itself; of a text, at most `seen.KEPT_OF_FACT` characters.

        Raises:
            TypeError: the value is neither a text nor a number.

        """
        self._time.check()
        self._notes.record(name, value)

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
        try:
            for server in running:
                self._stop(server)
        finally:
            with self._guard:
                for lease in self._leases.values():
                    lease.release()
        return self._notes.seen()


def _release(name: str, pinned: str) -> Version:
    """Return the release that a pin names; the pin of a file is its address, whose last part a wheel's name is."""
    try:
        return parse_wheel_filename(PurePosixPath(pinned).name)[1] if "/" in pinned else Version(pinned)
    except ValueError:
        raise HarnessError(f"'{pinned}' does not tell which release of {name} is installed") from None
