"""The one client: a connection whose every byte is recorded with its time, for crafted bytes and ordinary requests.

A deadline is that of a whole call, however slowly the bytes come. The kept bytes are bounded, and the bytes beyond are
counted; an answer that was read to its end counts as whole all the same. No content coding is decoded and no redirect
is followed.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Self

import msgspec

from harness.model.answers import asked_in
from harness.model.evidence import Ended, Exchange, Frame, writable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from harness.client.clock import TrialClock
    from harness.model.addresses import SocketAddress
    from harness.model.answers import Answer
    from harness.model.evidence import Direction

KEPT_OF_EXCHANGE = 1024 * 1024  # bytes, of both directions together
KEPT_BEYOND = 1000  # answers that are kept of an exchange that was cut
_KEPT_OF_BODY_BEYOND = 40  # bytes of the body of each such answer
_FRAMES = 4000  # of an exchange; further bytes of one direction extend the last frame
_CHUNK = 64 * 1024
SEND_S = 10.0


class ExchangeRecorder:
    """Collects the frames of one exchange, and the answers that it cannot keep."""

    def __init__(self, name: str, *, server: str, clock: TrialClock) -> None:
        """Open the record now."""
        self._name = writable(name)
        self._server = server
        self._clock = clock
        self._opened_s = clock.now()
        self._frames: list[tuple[float, Direction, bytearray]] = []
        self._kept = 0
        self._cut = 0
        self._beyond: list[Answer] = []
        self.sent = bytearray()
        self.ended = Ended.BY_CLIENT
        self.failure = ""

    def add(self, direction: Direction, data: bytes) -> None:
        """Record bytes; beyond `KEPT_OF_EXCHANGE`, only count them."""
        kept = data[: max(0, KEPT_OF_EXCHANGE - self._kept)]
        self._kept += len(kept)
        self._cut += len(data) - len(kept)
        if direction == "sent":
            self.sent += kept
        if not kept:
            return
        if len(self._frames) >= _FRAMES and self._frames[-1][1] == direction:
            self._frames[-1][2].extend(kept)
        else:
            self._frames.append((round(self._clock.now(), 4), direction, bytearray(kept)))

    def read(self, answer: Answer) -> None:
        """Take an answer that was read to its end; keep the answer itself where the frames do not hold it."""
        if self._cut and len(self._beyond) < KEPT_BEYOND:
            self._beyond.append(msgspec.structs.replace(answer, body=answer.body[:_KEPT_OF_BODY_BEYOND]))

    def exchange(self) -> Exchange:
        """Close the record and return it."""
        return Exchange(
            name=self._name,
            server=self._server,
            opened_s=round(self._opened_s, 4),
            ended_s=round(self._clock.now(), 4),
            ended=self.ended,
            frames=tuple(
                Frame(at_s=at_s, direction=direction, data=bytes(data)) for at_s, direction, data in self._frames
            ),
            cut=self._cut,
            beyond=tuple(self._beyond),
            failure=self.failure,
        )


class Connection:
    """A connection to a server under test, by TCP or over a Unix socket."""

    def __init__(
        self, address: SocketAddress, recorder: ExchangeRecorder, *, clock: TrialClock, connect_s: float = 10.0
    ) -> None:
        """Connect; a failure to do so is recorded and makes every later call do nothing."""
        from harness.model.reader import Reader  # noqa: PLC0415 - it imports h11, which few calls need

        self._recorder = recorder
        self._clock = clock
        self._reader = Reader(most=KEPT_OF_EXCHANGE)
        self._answers = 0
        self._last: Answer | None = None
        self._socket: socket.socket | None = None
        try:
            self._socket = _connected(address, clock.bounded(connect_s))
        except OSError as error:
            self._fail(error)

    def __enter__(self) -> Self:
        """Use as a context; leaving it closes the connection."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        if self._socket:
            self._socket.close()

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended the connection yet."""
        return self._socket is not None

    def send(self, data: bytes, *, deadline_s: float = SEND_S) -> None:
        """Send the bytes, in one system call where the system takes all of them at once."""
        end = time.monotonic() + deadline_s
        left = memoryview(data)
        while self._socket and left:
            self._socket.settimeout(self._clock.bounded(max(0.001, end - time.monotonic())))
            try:
                count = self._socket.send(left)
            except OSError as error:
                self._fail(error)
            else:
                self._recorder.add("sent", bytes(left[:count]))
                left = left[count:]
        self._reader.expect(asked_in(bytes(self._recorder.sent)))

    def receive(self, *, answers: int, deadline_s: float) -> bool:
        """Receive until ``answers`` answers, counted from the connection's beginning, are whole.

        ``deadline_s`` is that of this call. Return False where the server or the deadline ended the connection first;
        then nothing more is received.
        """
        end = time.monotonic() + deadline_s
        while self._socket and self._answers < answers:
            self._take_next(self._socket, end)
        return self._answers >= answers

    def request(
        self,
        method: str,
        path: str,
        *,
        host: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        deadline_s: float,
    ) -> Answer | None:
        """Make a request and return its whole answer; None where none came in time."""
        end = time.monotonic() + deadline_s
        self.send(spelled(method, path, host=host, headers=headers, body=body), deadline_s=deadline_s)
        wanted = self._answers + 1
        while self._socket and self._answers < wanted and self._reader.fault is None:
            self._take_next(self._socket, end)
        if self._answers < wanted and self._socket:
            self._end(Ended.NOT_HTTP, self._reader.fault or "")
        return self._last if self._answers >= wanted else None

    def _take_next(self, connected: socket.socket, end: float) -> None:
        """Receive once; note how the connection ended where it failed or the deadline passed."""
        left = end - time.monotonic()
        if left <= 0:
            self._end(Ended.DEADLINE)
            return
        connected.settimeout(self._clock.bounded(left))
        try:
            data = connected.recv(_CHUNK)
        except OSError as error:
            self._fail(error)
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        """Record received bytes, of which none mean the server's end, and count the answers that they complete."""
        if data:
            self._recorder.add("received", data)
        else:
            self._end(Ended.BY_SERVER)
        for answer in self._reader.feed(data, at_end=not data):
            self._recorder.read(answer)
            self._answers += 1
            self._last = answer

    def _fail(self, error: OSError) -> None:
        self._clock.check()  # the trial's time may have been shorter than the call's
        if isinstance(error, TimeoutError):
            self._end(Ended.DEADLINE)
        elif isinstance(error, ConnectionRefusedError):
            self._end(Ended.REFUSED)
        elif isinstance(error, ConnectionError):
            self._end(Ended.RESET)
        else:
            self._end(Ended.FAILED, f"{type(error).__name__}: {error}")

    def _end(self, ended: Ended, failure: str = "") -> None:
        """Note how the connection ended, and close it."""
        self._recorder.ended, self._recorder.failure = ended, failure
        if self._socket:
            self._socket.close()
            self._socket = None


def _connected(address: SocketAddress, timeout: float) -> socket.socket:
    """Return a connected socket."""
    if not isinstance(address, str):
        made = socket.create_connection(address, timeout=timeout)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(timeout)
        made.connect(address)
    except BaseException:
        made.close()
        raise
    return made


def spelled(method: str, path: str, *, host: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """Return the bytes of a request: the headers that every request has, then the caller's, unchanged and in order."""
    named = tuple(headers)
    known = {name.lower() for name, _ in named}
    own = [("Host", host), ("Accept", "*/*"), ("User-Agent", "harness")]
    own += [("Content-Length", str(len(body)))] if body and "transfer-encoding" not in known else []
    lines = [f"{name}: {value}" for name, value in (*(one for one in own if one[0].lower() not in known), *named)]
    return "\r\n".join((f"{method} {path} HTTP/1.1", *lines, "", "")).encode("latin-1") + body
