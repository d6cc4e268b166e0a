"""A server under test, as a scenario uses it: asked until it answers, and stopped with all that it started.

Each request, each crafted byte and each signal of the scenario becomes a part of the evidence.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from harness.client.client import Client
from harness.client.recorder import ExchangeRecorder
from harness.errors import HarnessError
from harness.model.addresses import Unix
from harness.model.evidence import ServerRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.client.certificate import Certificate
    from harness.client.clock import TrialClock
    from harness.client.transport import SocketAddress
    from harness.execution.ports import Lease
    from harness.model.addresses import Address
    from harness.model.evidence import Exchange
    from harness.processes.process import Started

GRACE_S = 3.0  # between asking a server to stop and killing it
_POLL_S = 0.02
_LOOK_S = 0.2  # between two checks whether a silent server still runs


class NotReadyError(HarnessError):
    """The server of this name never answered. Its record says why, and the judge says what that means."""


class Server(Client):
    """One running server, as a scenario's ``observe`` sees it. All that it is sent and answers is kept as evidence.

    Every method raises `harness.client.clock.TrialOverError` once the trial's time is over.

    Attributes:
        name: the server's name in the evidence.
        port: the TCP port on 127.0.0.1 on which it listens.

    """

    def __init__(
        self,
        name: str,
        process: Started,
        lease: Lease,
        *,
        clock: TrialClock,
        record: Callable[[Exchange], None],
        tls: Certificate | None = None,
    ) -> None:
        """Wrap a started process; ``record`` takes each exchange when it is over."""
        super().__init__(name, lease.port, reach=self._reached, clock=clock, record=record, tls=tls)
        self._process = process
        self._lease = lease
        self._started_s = clock.now()
        self._ready_s: float | None = None
        self._signals: list[int] = []
        self._was_killed = False
        self._stopping = threading.Lock()
        self._stopped: ServerRecord | None = None

    def _reached(self, at: Address) -> SocketAddress:
        if isinstance(at, Unix):
            raise HarnessError(f"{at}: a server is reached by TCP alone")
        return at.host, self.port if at.port is None else at.port

    @property
    def is_running(self) -> bool:
        """Whether the started program itself still runs."""
        return self._process.exit_status is None

    @property
    def log(self) -> str:
        """What the server has printed by now, up to the request to stop."""
        self._clock.check()
        self._process.take()
        return self._process.capture.before

    def wait_until_ready(self, path: str, deadline_s: float) -> None:
        """Request ``path`` until any HTTP answer comes, for at most ``deadline_s`` seconds in all.

        Raises:
            NotReadyError: the program ended, or no answer came in time.

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

    def wait_for_log(self, *needles: str, deadline_s: float) -> bool:
        """Wait until one line of the log holds all the needles; return whether one does.

        The wait ends after ``deadline_s`` seconds, or earlier where the server ends.
        """
        end, taken = time.monotonic() + deadline_s, 0
        while True:
            running = self.is_running  # asked first: the log below then has all of an ended server
            seen = any(all(needle in line for needle in needles) for line in self.log.splitlines())
            left = end - time.monotonic()
            if seen or left <= 0 or not running:
                return seen
            taken = self._process.capture.wait(taken, self._clock.bounded(min(_LOOK_S, left)))

    def signal(self, number: int) -> None:
        """Send the started program itself a signal, and record that the scenario sent it."""
        self._clock.check()
        self._signals.append(number)
        self._process.signal(number)

    def stop(self) -> ServerRecord:
        """Ask the server to stop, end all that is left of it, and return its record, the same one on every call."""
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
        """End the server at once, because the trial's time is over; called from another thread."""
        self._was_killed = self.is_running
        self._process.end()
