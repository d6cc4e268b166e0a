"""A WebSocket to a server under test: it sends what it is told, and answers nothing by itself.

A ping gets no pong, and a close frame no close frame, unless the scenario sends one. No extension is offered unless the
headers of the scenario do, and nothing is decompressed. The value of `Sec-WebSocket-Accept` is not judged here.
"""

from __future__ import annotations

import base64
import collections
import math
import os
import struct
import time
from typing import TYPE_CHECKING, Literal, Self

from harness.client.recorder import KEPT_OF_EXCHANGE
from harness.client.requests import common, merged, pairs, spelled
from harness.client.transport import SEND_S, Transport
from harness.model.evidence import Ended
from harness.model.messages import NO_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from harness.client.requests import Text
    from harness.model.messages import Message

_SWITCHING = 101
_TEXT, _BINARY, CLOSE = 1, 2, 8  # opcodes
_FIN, _MASKED = 0x80, 0x80
_SHORT, _MIDDLE = 125, 0xFFFF  # the most bytes whose count takes seven bits, and two bytes more
_BY_SERVER = frozenset({Ended.BY_SERVER, Ended.RESET})


class WebSocket:
    """A WebSocket to a server under test. Once it has ended or was refused, every call does nothing.

    Attributes:
        status: of the answer to the handshake: 101, or that of a refusal; None where no whole answer came.
        headers: those of that answer, as sent.

    """

    def __init__(self, transport: Transport) -> None:
        """Use a connection, whose record becomes that of a WebSocket."""
        from harness.model.websocket import WebSocketReader  # noqa: PLC0415 - wsproto, which few calls need

        self._transport = transport
        self._reader = WebSocketReader(most=KEPT_OF_EXCHANGE)
        transport.recorder.read_by("WebSocket", self._reader.reading)
        transport.hear = self._hear
        self._received: collections.deque[Message] = collections.deque()
        self._close_code: int | None = None
        self.status: int | None = None
        self.headers: tuple[tuple[bytes, bytes], ...] = ()

    def __enter__(self) -> Self:
        """Use as a context; leaving it closes the connection, without a close frame."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._transport.close()

    def open(self, path: Text, *, host: str, headers: Iterable[tuple[Text, Text]], deadline_s: float) -> None:
        """Make the handshake: send it, and receive the whole answer within ``deadline_s`` seconds."""
        end = time.monotonic() + deadline_s
        key = base64.b64encode(os.urandom(16))
        own = ((b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Key", key))
        all_own = (*common(host), *own, (b"Sec-WebSocket-Version", b"13"))
        request = spelled("GET", path, merged(all_own, pairs(headers)))
        self._transport.send(request, deadline_s=deadline_s)
        while self.is_open and self._reader.answer is None and self._reader.fault is None:
            self._transport.receive(end)
        if self.status is None and self.is_open:
            self._transport.end(Ended.NOT_HTTP, self._reader.fault or "")

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended the connection yet."""
        return self._transport.is_open

    @property
    def closed(self) -> int | Literal["eof"] | None:
        """How the server ended the WebSocket: the code of its first close frame, or ``eof`` where none came.

        None where it has not ended the WebSocket. The code of a frame that has none is 1005.
        """
        if self._close_code is not None:
            return self._close_code
        return "eof" if self._transport.recorder.ended in _BY_SERVER else None

    def send(self, data: str | bytes, *, deadline_s: float = SEND_S) -> None:
        """Send one message: a text, or bytes."""
        if isinstance(data, str):
            self.frame(_TEXT, data.encode(), deadline_s=deadline_s)
        else:
            self.frame(_BINARY, data, deadline_s=deadline_s)

    def frame(
        self,
        opcode: int,
        data: bytes = b"",
        *,
        fin: bool = True,
        rsv: int = 0,
        masked: bool = True,
        deadline_s: float = SEND_S,
    ) -> None:
        """Send one frame, whatever the protocol says about it.

        Args:
            opcode: four bits: 0 goes on with a message, 1 is a text, 2 bytes, 8 a close frame, 9 a ping, 10 a pong.
            data: the payload, which is masked with a key of its own.
            fin: whether this is the last fragment of its message.
            rsv: the three reserved bits, 4 for the first of them.
            masked: whether to mask, as a client must.
            deadline_s: seconds of this call.

        Raises:
            ValueError: the opcode has more than four bits, or the reserved bits are more than three.

        """
        if opcode not in range(16) or rsv not in range(8):
            message = f"frame: opcode={opcode} is none of 0 to 15, or rsv={rsv} none of 0 to 7"
            raise ValueError(message)
        if self.status == _SWITCHING:
            self._transport.send(spelled_frame(opcode, data, fin=fin, rsv=rsv, masked=masked), deadline_s=deadline_s)

    def raw(self, data: bytes, *, deadline_s: float = SEND_S) -> None:
        """Send bytes as they are, in one system call where the system takes all of them at once."""
        if self.status == _SWITCHING:
            self._transport.send(data, deadline_s=deadline_s)

    def half_close(self) -> None:
        """Tell the server that nothing more will be sent; what the server sends is still received."""
        self._transport.half_close()

    def reset(self) -> None:
        """End the connection with a reset instead of an orderly close (TCP only)."""
        self._transport.reset()

    def close(self, code: int | None = 1000, reason: str | bytes = "") -> None:
        """Send a close frame; without a code, an empty one. What the server does then is received as ever."""
        self.frame(CLOSE, b"" if code is None else close_payload(code, reason))

    def receive(self, deadline_s: float, *, quiet_s: float | None = None) -> Message | None:
        """Receive the next message, control frames included.

        Args:
            deadline_s: seconds of this call; when they have passed, the WebSocket has ended.
            quiet_s: seconds without a byte after which the call returns and the WebSocket stays open.

        Returns:
            The whole message; None where none came: the server or the deadline ended the WebSocket, or it was quiet.

        """
        end = time.monotonic() + deadline_s
        while not self._received and self.is_open and self.status == _SWITCHING:
            quiet_end = math.inf if quiet_s is None else time.monotonic() + quiet_s
            if self._transport.receive(end, quiet_end=quiet_end) == b"":
                return None
        return self._received.popleft() if self._received else None

    def _hear(self, data: bytes) -> None:
        """Take received bytes, of which none mean the server's end, and the messages that they complete."""
        for message in self._reader.feed(data, at_end=not data):
            self._received.append(message)
            if message.kind == "close" and self._close_code is None:
                self._close_code = NO_CODE if message.code is None else message.code
        if self.status is None and self._reader.answer:
            self.status, self.headers = self._reader.answer.status, self._reader.answer.headers
        if self.status == _SWITCHING and self._reader.fault and self.is_open:
            self._transport.end(Ended.FAILED, f"not WebSocket: {self._reader.fault}")


def close_payload(code: int, reason: str | bytes = "") -> bytes:
    """Return the payload of a close frame (RFC 6455, 5.5.1)."""
    return struct.pack("!H", code) + (reason.encode() if isinstance(reason, str) else reason)


def spelled_frame(opcode: int, data: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """Return the bytes of a frame (RFC 6455, 5.2)."""
    from wsproto.frame_protocol import XorMaskerSimple  # noqa: PLC0415 - few calls need wsproto

    first = (_FIN if fin else 0) | rsv << 4 | opcode
    mask = _MASKED if masked else 0
    if len(data) <= _SHORT:
        head = struct.pack("!BB", first, mask | len(data))
    elif len(data) <= _MIDDLE:
        head = struct.pack("!BBH", first, mask | _SHORT + 1, len(data))
    else:
        head = struct.pack("!BBQ", first, mask | _SHORT + 2, len(data))
    if not masked:
        return head + data
    key = os.urandom(4)
    return head + key + bytes(XorMaskerSimple(key).process(bytearray(data)))
