"""A connection of HTTP/2 to a server under test: h2 keeps its rules, and bytes that keep none can be sent beside it.

The client acknowledges settings and pings and opens windows, as any client does. It goes on after a server has
announced the end of the connection (GOAWAY), so that a scenario sees what the server does then.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings

from harness.client.recorder import KEPT_OF_EXCHANGE
from harness.client.requests import merged, octets, pairs
from harness.client.transport import SEND_S, Transport
from harness.model.evidence import Ended
from harness.model.http2 import Http2Reader

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from harness.client.requests import Headers, Text
    from harness.model.answers import Answer

ALPN = "h2"
_BY_SERVER = frozenset({Ended.BY_SERVER, Ended.RESET})
_SETTINGS = {SettingCodes.ENABLE_PUSH: 0, SettingCodes.MAX_HEADER_LIST_SIZE: 64 * 1024}
_AS_GIVEN = H2Configuration(
    client_side=True,
    header_encoding=None,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
    validate_inbound_headers=False,
    normalize_inbound_headers=False,
)


class Http2:
    """A connection of HTTP/2. Once it has ended, every call does nothing."""

    def __init__(self, transport: Transport, *, host: str, is_secret: bool) -> None:
        """Use a connection, whose record becomes that of HTTP/2."""
        self._transport = transport
        self._host = host
        self._is_secret = is_secret
        self._machine = H2Connection(_AS_GIVEN)
        self._machine.local_settings = Settings(client=True, initial_values=_SETTINGS)
        self._reader = Http2Reader(most=KEPT_OF_EXCHANGE)
        transport.recorder.read_by("HTTP/2", self._reader.reading)
        transport.hear = self._hear
        self._next = 1
        self._is_crafted = False
        self._gave_up = ""  # why h2 did, after crafted bytes
        self._ended: dict[int, Answer | None] = {}

    def __enter__(self) -> Self:
        """Use as a context; leaving it closes the connection, without announcing the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._transport.close()

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended the connection yet."""
        return self._transport.is_open

    def begin(self, deadline_s: float) -> None:
        """Send what every connection begins with; over TLS only where the server chose HTTP/2."""
        if self.is_open and self._is_secret and self._transport.chosen != ALPN:
            chosen = self._transport.chosen or "nothing"
            self._transport.end(Ended.FAILED, f"the server did not choose {ALPN} by ALPN, but {chosen}")
        self._machine.initiate_connection()
        self._flush(deadline_s)

    def request(
        self,
        method: Text,
        path: Text,
        *,
        headers: Iterable[tuple[Text, Text]] = (),
        body: bytes = b"",
        end: bool = True,
        deadline_s: float = SEND_S,
    ) -> int:
        """Send a request on a stream of its own, and return the number of the stream.

        Args:
            method: such as ``GET``.
            path: as ``:path`` has it.
            headers: further headers, as they are; each replaces the harness's own of its name, pseudo-headers too.
                HTTP/2 wants their names in lower case.
            body: sent as far as the server's windows allow, which are waited for.
            end: whether the request ends with this; otherwise `send` goes on.
            deadline_s: seconds of this call.

        Raises:
            ValueError: the server allows no further stream now, or h2 has given up; see `raw`.

        """
        until = time.monotonic() + deadline_s
        number, self._next = self._next, self._next + 2
        own: Headers = (
            (b":method", octets(method)),
            (b":scheme", b"https" if self._is_secret else b"http"),
            (b":authority", self._host.encode()),
            (b":path", octets(path)),
            (b"accept", b"*/*"),
            (b"user-agent", b"harness"),
            *(((b"content-length", b"%d" % len(body)),) if body and end else ()),
        )
        all_headers = merged(own, pairs(headers))
        in_order = sorted(all_headers, key=lambda pair: not pair[0].startswith(b":"))  # pseudo-headers come first
        if not self._may_say("request"):
            return number
        try:
            self._machine.send_headers(number, in_order, end_stream=end and not body)
        except ProtocolError as error:
            message = f"request: {error}"
            raise ValueError(message) from None
        self._flush(deadline_s)
        if body:
            self.send(number, body, end=end, deadline_s=max(0.001, until - time.monotonic()))
        return number

    def send(self, stream: int, data: bytes, *, end: bool = False, deadline_s: float = SEND_S) -> None:
        """Send more of a request's body, as far as the server's windows allow, which are waited for.

        Nothing more is sent on a stream that the server has reset.

        Raises:
            ValueError: the request of this stream has ended already, there is no such stream, or h2 has given up; see
                `raw`.

        """
        until, left = time.monotonic() + deadline_s, memoryview(data)
        while self._may_say("send"):
            try:
                room = min(self._machine.local_flow_control_window(stream), self._machine.max_outbound_frame_size)
                if left and room <= 0:
                    self._take(until)
                    continue
                part, left = left[: max(0, room)], left[max(0, room) :]
                self._machine.send_data(stream, bytes(part), end_stream=end and not left)
            except StreamClosedError:
                return
            except ProtocolError as error:
                message = f"send: stream {stream}: {error}"
                raise ValueError(message) from None
            self._flush(max(0.001, until - time.monotonic()))
            if not left:
                return

    def reset(self, stream: int, error: int = ErrorCodes.CANCEL) -> None:
        """Give up a stream; ``error`` is the number of the error that the server is told (RFC 9113, 7).

        Raises:
            ValueError: there is no such stream, or h2 has given up; see `raw`.

        """
        if self._may_say("reset"):
            try:
                self._machine.reset_stream(stream, error)
            except StreamClosedError:
                return
            except ProtocolError as failure:
                message = f"reset: stream {stream}: {failure}"
                raise ValueError(message) from None
            self._flush(SEND_S)

    def raw(self, data: bytes, *, deadline_s: float = SEND_S) -> None:
        """Send bytes as they are.

        From now on only the form of the server's frames counts. Where a frame contradicts what h2 knows, as an answer
        on a stream that h2 has not opened does, h2 gives up: frames are still received, but only raw bytes are sent.
        """
        self._is_crafted = True
        self._transport.send(data, deadline_s=deadline_s)

    def answer(self, stream: int, *, deadline_s: float) -> Answer | None:
        """Receive until a stream has ended; return its whole answer, or None: it was reset, or the connection ended."""
        end = time.monotonic() + deadline_s
        while self.is_open and stream not in self._ended:
            self._take(end)
        return self._ended.get(stream)

    def receive(self, *, end: bool = False, quiet_s: float | None = None, deadline_s: float) -> bool:
        """Receive until the server ends the connection, or until no byte came for ``quiet_s`` seconds.

        Returns whether it came to that; see `harness.client.wire.Connection.receive`.

        Raises:
            ValueError: not exactly one of both is given, or the silence is longer than the deadline.

        """
        if end == (quiet_s is not None) or (quiet_s or 0) >= deadline_s:
            raise ValueError("receive: give either end=True or quiet_s=SECONDS, fewer than deadline_s")
        until = time.monotonic() + deadline_s
        while data := self._take(until, quiet_end=math.inf if quiet_s is None else time.monotonic() + quiet_s):
            pass
        return data is not None if quiet_s is not None else self._transport.recorder.ended in _BY_SERVER

    def _take(self, end: float, *, quiet_end: float = math.inf) -> bytes | None:
        """Receive once, and send what a client owes for that; returns as `Transport.receive` does."""
        data = self._transport.receive(end, quiet_end=quiet_end)
        self._flush(max(0.001, end - time.monotonic()))
        return data

    def _hear(self, data: bytes) -> None:
        """Take received bytes, and the streams that end with them; what h2 says to them is sent later."""
        for number, answer in self._reader.feed(data):
            self._ended[number] = answer
        if self._reader.fault:
            self._transport.end(Ended.FAILED, f"not HTTP/2: {self._reader.fault}")
            return
        try:
            for event in () if self._gave_up else self._machine.receive_data(self._reader.going_on):
                if isinstance(event, DataReceived) and event.flow_controlled_length:
                    self._machine.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        except ProtocolError as error:
            self._machine.clear_outbound_data_buffer()
            self._gave_up = self._gave_up or str(error)
            if not self._is_crafted:
                self._transport.end(Ended.FAILED, f"not HTTP/2: {error}")

    def _may_say(self, call: str) -> bool:
        """Whether h2 can be told to send something; where h2 has given up on an open connection, refuse the call."""
        if self.is_open and self._gave_up:
            message = f"{call}: after raw bytes h2 has given up ({self._gave_up}); send raw bytes"
            raise ValueError(message)
        return self.is_open

    def _flush(self, deadline_s: float) -> None:
        """Send what h2 has to say, also to what is heard meanwhile."""
        end = time.monotonic() + deadline_s
        while data := self._machine.data_to_send():
            self._transport.send(data, deadline_s=max(0.001, end - time.monotonic()))
