"""A server under test: started as its user would start it, asked until it answers, stopped with all it started."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.execution.ports import LOOPBACK
from harness.execution.wire import Connection, Recorder, request
from harness.model.evidence import ServerRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from harness.execution.ports import Lease
    from harness.model.evidence import Exchange
    from harness.process import Started

GRACE_S = 3.0  # between asking a server to stop and ending it
_POLL_S = 0.02
_LOOK_S = 0.2  # between two looks whether a silent server still runs


class NotReadyError(HarnessError):
    """The server never answered; its record says why, and the judge makes of it what it is."""


class Server:
    """One running server, as a scenario's ``observe`` sees it. All requests are recorded as evidence."""

    def __init__(
        self,
        name: str,
        process: Started,
        lease: Lease,
        *,
        clock: Callable[[], float],
        record: Callable[[Exchange], None],
    ) -> None:
        """Wrap a started process; ``record`` takes each exchange when it is over."""
        self.name = name
        self.port = lease.port
        self._process = process
        self._lease = lease
        self._clock = clock
        self._record = record
        self._started_s = clock()
        self._ready_s: float | None = None

    @property
    def is_running(self) -> bool:
        """Whether the started program itself still runs."""
        return self._process.exit_status is None

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return self._process.capture.read()[0]

    def wait_until_ready(self, path: str, deadline_s: float) -> None:
        """Ask for the path until any HTTP answer comes.

        Raises:
            NotReadyError: the program ended, or nothing was answered in time.

        """
        end = time.monotonic() + deadline_s
        while self.is_running and (left := end - time.monotonic()) > 0:
            recorder = Recorder("ready", server=self.name, clock=self._clock)
            answer = request("GET", f"http://{LOOPBACK}:{self.port}{path}", recorder, deadline_s=left)
            if answer is not None:
                self._ready_s = self._clock()
                self._record(recorder.exchange())
                return
            time.sleep(_POLL_S)
        raise NotReadyError(self.name)

    def get(
        self, path: str, *, name: str, headers: dict[str, str] | None = None, deadline_s: float = 10.0
    ) -> httpx.Response | None:
        """Make an ordinary request on a connection of its own; None where no whole answer came in time."""
        recorder = Recorder(name, server=self.name, clock=self._clock)
        url = f"http://{LOOPBACK}:{self.port}{path}"
        answer = request("GET", url, recorder, headers=headers, deadline_s=deadline_s)
        self._record(recorder.exchange())
        return answer

    @contextlib.contextmanager
    def connect(self, name: str) -> Iterator[Connection]:
        """Open a raw connection for crafted bytes; it becomes the exchange of this name."""
        recorder = Recorder(name, server=self.name, clock=self._clock)
        try:
            with Connection((LOOPBACK, self.port), recorder) as connection:
                yield connection
        finally:
            self._record(recorder.exchange())

    def wait_for_log(self, *needles: str, deadline_s: float) -> bool:
        """Wait until one line of the log holds all the needles; False where none did in time."""
        end, taken = time.monotonic() + deadline_s, 0
        while True:
            seen = any(all(needle in line for needle in needles) for line in self.log.splitlines())
            if seen or time.monotonic() > end or not self.is_running:
                return seen
            taken = self._process.capture.wait(taken, min(_LOOK_S, max(0.0, end - time.monotonic())))

    def stop(self) -> ServerRecord:
        """Ask it to stop, end all that is left of it, and return the record of its whole life."""
        try:
            if not self.is_running:
                self._process.drain()
            before, _ = self._process.capture.read()
            stopped_by = self._process.stop(GRACE_S)
            survivors = self._process.end()
        finally:
            self._process.close()
            self._lease.release()
        whole, dropped = self._process.capture.read()
        return ServerRecord(
            name=self.name,
            argv=self._process.argv,
            port=self.port,
            started_s=round(self._started_s, 4),
            ready_s=None if self._ready_s is None else round(self._ready_s, 4),
            ended_s=round(self._clock(), 4),
            exit_status=self._process.exit_status,
            stopped_by=stopped_by,
            survivors=survivors,
            out_of_memory=self._process.out_of_memory,
            log=before if whole.startswith(before) else whole,
            log_stopping=whole[len(before) :] if whole.startswith(before) else "",
            log_dropped=dropped,
        )

    def kill(self) -> None:
        """End it at once, from another thread, because the trial's time is over."""
        self._process.end()
