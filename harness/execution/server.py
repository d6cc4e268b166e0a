"""A server under test: started as its user would start it, asked until it answers, stopped with all it started."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from harness.client.wire import Connection, ExchangeRecorder
from harness.errors import HarnessError
from harness.execution.ports import LOOPBACK
from harness.model.evidence import ServerRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harness.client.clock import TrialClock
    from harness.execution.ports import Lease
    from harness.model.answers import Answer
    from harness.model.evidence import Exchange
    from harness.processes.process import Started

GRACE_S = 3.0  # between asking a server to stop and ending it
_POLL_S = 0.02
_LOOK_S = 0.2  # between two looks whether a silent server still runs


class NotReadyError(HarnessError):
    """The server of this name never answered; its record says why, and the judge makes of it what it is."""


class Server:
    """One running server, as a scenario's ``observe`` sees it. All that is said to it is recorded as evidence.

    Every method raises `harness.client.clock.TrialOverError` once the trial's time is over.

    Attributes:
        name: what the evidence calls it.
        port: where it listens, on 127.0.0.1.

    """

    def __init__(
        self,
        name: str,
        process: Started,
        lease: Lease,
        *,
        clock: TrialClock,
        record: Callable[[Exchange], None],
    ) -> None:
        """Wrap a started process; ``record`` takes each exchange when it is over."""
        self.name = name
        self.port = lease.port
        self._process = process
        self._lease = lease
        self._clock = clock
        self._record = record
        self._started_s = clock.now()
        self._ready_s: float | None = None
        self._signals: list[int] = []
        self._was_killed = False
        self._stopping = threading.Lock()
        self._stopped: ServerRecord | None = None

    @property
    def is_running(self) -> bool:
        """Whether the started program itself still runs."""
        return self._process.exit_status is None

    @property
    def log(self) -> str:
        """What it has printed by now."""
        self._clock.check()
        self._process.take()
        return self._process.capture.before

    def wait_until_ready(self, path: str, deadline_s: float) -> None:
        """Ask for the path until any HTTP answer comes; the whole of it takes no longer than the deadline.

        Raises:
            NotReadyError: the program ended, or nothing was answered in time.

        """
        end = time.monotonic() + deadline_s
        while self.is_running and (left := end - time.monotonic()) > 0:
            recorder = ExchangeRecorder("ready", server=self.name, clock=self._clock)
            answer = self._ask(recorder, "GET", path, deadline_s=left)
            if answer is not None:
                self._ready_s = self._clock.now()
                self._record(recorder.exchange())
                return
            self._clock.sleep(_POLL_S)
        raise NotReadyError(self.name)

    def get(
        self, path: str, *, name: str, headers: Iterable[tuple[str, str]] = (), deadline_s: float = 10.0
    ) -> Answer | None:
        """Make an ordinary GET request; see `request`."""
        return self.request("GET", path, name=name, headers=headers, deadline_s=deadline_s)

    def request(
        self,
        method: str,
        path: str,
        *,
        name: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        deadline_s: float = 10.0,
    ) -> Answer | None:
        """Make an ordinary request on a connection of its own, which becomes the exchange of this name.

        Args:
            method: such as ``GET``.
            path: as it is to stand in the request.
            name: what the evidence calls it.
            headers: further ones, in this order, repeats allowed; one that every request has stands as named here.
            body: what is sent behind the headers, with its length unless a header says another framing.
            deadline_s: seconds for all of it: to connect, to send, and for the whole answer to come.

        Returns:
            The whole answer, or None where none came in time; the evidence says how it ended.

        """
        recorder = ExchangeRecorder(name, server=self.name, clock=self._clock)
        try:
            return self._ask(recorder, method, path, headers=headers, body=body, deadline_s=deadline_s)
        finally:
            self._record(recorder.exchange())

    def _ask(
        self,
        recorder: ExchangeRecorder,
        method: str,
        path: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        deadline_s: float,
    ) -> Answer | None:
        end = time.monotonic() + deadline_s
        host = f"{LOOPBACK}:{self.port}"
        with Connection((LOOPBACK, self.port), recorder, clock=self._clock, connect_s=deadline_s) as connection:
            left = max(0.001, end - time.monotonic())
            return connection.request(method, path, host=host, headers=headers, body=body, deadline_s=left)

    @contextlib.contextmanager
    def connect(self, name: str) -> Iterator[Connection]:
        """Open a raw connection for crafted bytes; it becomes the exchange of this name."""
        recorder = ExchangeRecorder(name, server=self.name, clock=self._clock)
        try:
            with Connection((LOOPBACK, self.port), recorder, clock=self._clock) as connection:
                yield connection
        finally:
            self._record(recorder.exchange())

    def wait_for_log(self, *needles: str, deadline_s: float) -> bool:
        """Wait until one line of the log holds all the needles; False where none did in time."""
        end, taken = time.monotonic() + deadline_s, 0
        while True:
            running = self.is_running  # asked first: what it printed before its end is in the log below
            seen = any(all(needle in line for needle in needles) for line in self.log.splitlines())
            left = end - time.monotonic()
            if seen or left <= 0 or not running:
                return seen
            taken = self._process.capture.wait(taken, self._clock.bounded(min(_LOOK_S, left)))

    def signal(self, number: int) -> None:
        """Send the started program itself a signal, and remember that it was the scenario."""
        self._clock.check()
        self._signals.append(number)
        self._process.signal(number)

    def stop(self) -> ServerRecord:
        """Ask it to stop, end all that is left of it, and return the record of its whole life, once made."""
        with self._stopping:
            if self._stopped is None:
                self._stopped = self._stop()
            return self._stopped

    def _stop(self) -> ServerRecord:
        try:
            stopped_by = self._process.stop(GRACE_S)
            survivors = self._process.end()
        finally:
            self._process.close()
            self._lease.release()
        capture = self._process.capture
        return ServerRecord(
            name=self.name,
            argv=self._process.argv,
            port=self.port,
            started_s=round(self._started_s, 4),
            ready_s=None if self._ready_s is None else round(self._ready_s, 4),
            ended_s=round(self._clock.now(), 4),
            exit_status=self._process.exit_status,
            stopped_by="SIGKILL" if self._was_killed else stopped_by,
            survivors=survivors,
            out_of_memory=self._process.out_of_memory,
            log=capture.before,
            log_stopping=capture.after,
            log_dropped=capture.dropped,
            signals=tuple(self._signals),
        )

    def kill(self) -> None:
        """End it at once, from another thread, because the trial's time is over."""
        self._was_killed = self.is_running
        self._process.end()
