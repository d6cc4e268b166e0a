"""HTTP/1.1 and raw bytes: a connection whose every byte is recorded, for crafted bytes and ordinary requests.

A deadline is that of a whole call, however slowly the bytes come. The kept bytes are bounded, and the bytes beyond are
counted; an answer that was read to its end counts as whole all the same. No content coding is decoded and no redirect
is followed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from harness.client.recorder import KEPT_OF_EXCHANGE
from harness.client.requests import ordinary
from harness.client.transport import SEND_S
from harness.model.answers import asked_in
from harness.model.evidence import Ended

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from harness.client.requests import Text
    from harness.client.transport import Transport
    from harness.model.answers import Answer

REQUEST_S = 10.0
_BY_SERVER = frozenset({Ended.BY_SERVER, Ended.RESET})


class Connection:
    """A connection to a server under test. Once it has ended, every call does nothing."""

    def __init__(self, transport: Transport, *, host: str) -> None:
        """Use a connection, which may have failed; ``host`` is what ordinary requests say they are for."""
        from harness.model.reader import Reader  # noqa: PLC0415 - it imports h11, which few calls need

        self._transport = transport
        self._host = host
        self._recorder = transport.recorder
        self._reader = Reader(most=KEPT_OF_EXCHANGE)
        self._answers = 0
        self._last: Answer | None = None
        transport.hear = self._hear
        self._unsought = bytearray()  # received, and not yet before the end of bytes that `receive` found

    def __enter__(self) -> Self:
        """Use as a context; leaving it closes the connection."""
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

    def send(self, data: bytes, *, deadline_s: float = SEND_S) -> None:
        """Send the bytes, in one system call where the system takes all of them at once."""
        sent = (bytes(self._recorder.sent) + data)[:KEPT_OF_EXCHANGE]
        self._reader.expect(asked_in(sent))  # an answer may come before all is sent
        self._transport.send(data, deadline_s=deadline_s)
        self._reader.expect(asked_in(bytes(self._recorder.sent)))

    def send_pieces(self, *data: bytes, pause_s: float) -> None:
        """Send each piece by itself, with a pause of ``pause_s`` seconds between two."""
        for number, piece in enumerate(data):
            if number:
                self._transport.clock.sleep(pause_s)
            self.send(piece)

    def half_close(self) -> None:
        """Tell the server that nothing more will be sent; what the server sends is still received."""
        self._transport.half_close()

    def reset(self) -> None:
        """End the connection with a reset instead of an orderly close (TCP only, and not in containers)."""
        self._transport.reset()

    def receive(
        self,
        answers: int | None = None,
        *,
        until: bytes | None = None,
        end: bool = False,
        quiet_s: float | None = None,
        deadline_s: float,
    ) -> bool:
        """Receive until one thing has come; exactly one of the first four says which.

        Args:
            answers: so many whole answers, counted from the connection's beginning.
            until: these bytes, after those that an earlier ``until`` found.
            end: the server's end of the connection, in order or by a reset.
            quiet_s: so many seconds without a byte; the connection stays open.
            deadline_s: seconds of this call.

        Returns:
            Whether it came. Where the server or the deadline ended the connection first, nothing more is received.

        Raises:
            ValueError: none or several of the first four are given, or the silence is longer than the deadline.

        """
        match (answers, until, end, quiet_s):
            case (int(count), None, False, None):
                return self._receive_answers(count, deadline_s)
            case (None, bytes(sought), False, None) if sought:
                return self._receive_until(sought, deadline_s)
            case (None, None, True, None):
                return self._receive_end(deadline_s)
            case (None, None, False, quiet) if quiet is not None:
                return self._receive_quiet(quiet, deadline_s)
        raise ValueError("receive: give exactly one of answers=N, until=b'…', end=True, quiet_s=SECONDS")

    def _receive_answers(self, count: int, deadline_s: float) -> bool:
        end = time.monotonic() + deadline_s
        while self.is_open and self._answers < count:
            self._transport.receive(end)
        return self._answers >= count

    def _receive_until(self, sought: bytes, deadline_s: float) -> bool:
        end, new = time.monotonic() + deadline_s, len(self._unsought)
        while (found := self._unsought.find(sought, max(0, len(self._unsought) - new - len(sought)))) < 0:
            data = self._transport.receive(end)
            if not data:
                return False
            new = len(data)
        del self._unsought[: found + len(sought)]
        return True

    def _receive_end(self, deadline_s: float) -> bool:
        end = time.monotonic() + deadline_s
        while self._transport.receive(end):
            pass
        return self._recorder.ended in _BY_SERVER

    def _receive_quiet(self, quiet_s: float, deadline_s: float) -> bool:
        if quiet_s >= deadline_s:
            message = f"receive: {quiet_s} s without a byte cannot pass within deadline_s={deadline_s}"
            raise ValueError(message)
        end = time.monotonic() + deadline_s
        while data := self._transport.receive(end, quiet_end=time.monotonic() + quiet_s):
            pass
        return data is not None

    def request(
        self,
        method: Text,
        path: Text,
        *,
        headers: Iterable[tuple[Text, Text]] = (),
        body: bytes = b"",
        deadline_s: float = REQUEST_S,
    ) -> Answer | None:
        """Make a request and return its whole answer; None where none came in time.

        The arguments are those of `harness.client.client.Client.request`.
        """
        end = time.monotonic() + deadline_s
        wanted = self._answers + 1
        self.send(ordinary(method, path, host=self._host, headers=headers, body=body), deadline_s=deadline_s)
        while self.is_open and self._answers < wanted and self._reader.fault is None:
            self._transport.receive(end)
        if self._answers < wanted and self.is_open:
            self._transport.end(Ended.NOT_HTTP, self._reader.fault or "")
        return self._last if self._answers >= wanted else None

    def _hear(self, data: bytes) -> None:
        """Take received bytes, of which none mean the server's end, and count the answers that they complete."""
        self._unsought += data
        del self._unsought[: max(0, len(self._unsought) - KEPT_OF_EXCHANGE)]
        for answer in self._reader.feed(data, at_end=not data):
            self._recorder.read(answer)
            self._answers += 1
            self._last = answer
