"""What a scenario says to one server: requests and connections, each of which becomes an exchange of the evidence."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from harness.client.recorder import ExchangeRecorder
from harness.client.wire import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harness.client.clock import TrialClock
    from harness.client.requests import Text
    from harness.model.answers import Answer
    from harness.model.evidence import Exchange

LOOPBACK = "127.0.0.1"


class Client:
    """Talks to one server. Every method raises `harness.client.clock.TrialOverError` once the trial's time is over.

    Attributes:
        name: the server's name in the evidence.
        port: the TCP port on 127.0.0.1 on which the server listens.

    """

    def __init__(self, name: str, port: int, *, clock: TrialClock, record: Callable[[Exchange], None]) -> None:
        """Talk to the server of this name; ``record`` takes each exchange when it is over."""
        self.name = name
        self.port = port
        self._clock = clock
        self._record = record

    def get(
        self, path: Text, *, name: str, headers: Iterable[tuple[Text, Text]] = (), deadline_s: float = 10.0
    ) -> Answer | None:
        """Make an ordinary GET request; see `request`."""
        return self.request("GET", path, name=name, headers=headers, deadline_s=deadline_s)

    def request(
        self,
        method: Text,
        path: Text,
        *,
        name: str,
        headers: Iterable[tuple[Text, Text]] = (),
        body: bytes = b"",
        deadline_s: float = 10.0,
    ) -> Answer | None:
        """Make an ordinary request on a connection of its own, which becomes the exchange ``name``.

        Args:
            method: such as ``GET``.
            path: the path as the request line has it.
            name: the name of the exchange in the evidence.
            headers: further headers, in this order, repeats allowed; each replaces the harness's own of its name.
                A text is sent in Latin-1; bytes are sent as they are.
            body: the bytes after the headers; their length is sent unless a header says another framing.
            deadline_s: seconds to connect, to send and to receive the whole answer, all together.

        Returns:
            The whole answer, or None where none came in time; the evidence says how the exchange ended.

        """
        recorder = ExchangeRecorder(name, server=self.name, clock=self._clock)
        try:
            return self._ask(recorder, method, path, headers=headers, body=body, deadline_s=deadline_s)
        finally:
            self._record(recorder.exchange())

    def _ask(
        self,
        recorder: ExchangeRecorder,
        method: Text,
        path: Text,
        *,
        headers: Iterable[tuple[Text, Text]] = (),
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
        """Open a raw connection for crafted bytes, which becomes the exchange ``name``."""
        recorder = ExchangeRecorder(name, server=self.name, clock=self._clock)
        try:
            with Connection((LOOPBACK, self.port), recorder, clock=self._clock) as connection:
                yield connection
        finally:
            self._record(recorder.exchange())
