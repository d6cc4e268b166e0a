"""The bytes of a WebSocket exchange, read in the same way during a trial and from kept evidence.

The answer to the handshake is HTTP/1.1. Where the server switched protocols (101), frames follow, and what the server
says in them are messages. Nothing is decompressed: a frame with a reserved bit is shown as it came.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import msgspec
from wsproto.extensions import Extension
from wsproto.frame_protocol import FrameDecoder, FrameProtocol, Opcode, ParseFailed, RsvBits

from harness.model.answers import Asked
from harness.model.messages import KEPT, NO_CODE, Message, Reading
from harness.model.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wsproto.frame_protocol import Frame

    from harness.model.answers import Answer
    from harness.model.messages import Kind

_KINDS: dict[Opcode, Kind] = {
    Opcode.TEXT: "text",
    Opcode.BINARY: "binary",
    Opcode.PING: "ping",
    Opcode.PONG: "pong",
    Opcode.CLOSE: "close",
}
_CODE = 2  # bytes that a close frame begins with, where it is not empty


class _Reserved(Extension):
    """Lets every reserved bit pass, and remembers those of the frame that is being read."""

    name = "reserved"

    def __init__(self) -> None:
        self.bits = RsvBits(rsv1=False, rsv2=False, rsv3=False)

    def offer(self) -> bool:
        return False

    def frame_inbound_header(
        self,
        proto: FrameDecoder | FrameProtocol,  # noqa: ARG002 - wsproto's signature
        opcode: Opcode,  # noqa: ARG002 - likewise
        rsv: RsvBits,
        payload_length: int,  # noqa: ARG002 - likewise
    ) -> RsvBits:
        self.bits = rsv
        return rsv


@dataclasses.dataclass(kw_only=True)
class _Part:
    """What is being received: a message, or a frame that makes none; ``first`` is None for a message."""

    kind: Kind
    most: int | None
    first: int | None = None
    kept: bytearray = dataclasses.field(default_factory=bytearray)
    size: int = 0

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        room = len(data) if self.most is None else max(0, self.most - len(self.kept))
        self.kept += data[:room]
        self.size += len(data)
        self._digest.update(data)

    def message(self, *, unfinished: bool = False) -> Message:
        if self.kind == "close":  # at most 125 bytes, all of them kept
            reason = bytes(self.kept[_CODE:])
            code = int.from_bytes(self.kept[:_CODE]) if self.kept else NO_CODE
            return msgspec.structs.replace(Message.of("close", reason, code=code), data=reason)
        return Message(
            kind=self.kind,
            data=bytes(self.kept),
            size=self.size,
            sha256=self._digest.hexdigest(),
            first=self.first,
            unfinished=unfinished,
        )


class WebSocketReader:
    """Reads a server's side of an exchange from bytes as they come.

    After bytes that break the protocol no further message is read; ``fault`` says what was wrong with them.
    """

    def __init__(self, *, most: int | None = None) -> None:
        """Expect the answer to a handshake; keep at most ``most`` bytes of a body, a message, and of what is torn."""
        self._http = Reader((Asked(upgrade=True),), most=most)
        self._most = most
        self._answers: list[Answer] = []
        self._completed_by_end = False
        self._reserved = _Reserved()
        self._decoder = FrameDecoder(client=True, extensions=[self._reserved])
        self._frame: _Part | None = None
        self._first = 0
        self._open: _Part | None = None
        self._messages: list[Message] = []
        self._more = 0
        self._torn = bytearray()
        self._fault: str | None = None

    @property
    def answer(self) -> Answer | None:
        """The whole answer to the handshake."""
        return self._answers[0] if self._answers else None

    @property
    def fault(self) -> str | None:
        """What was wrong with the bytes after which nothing is read any more."""
        return self._fault or self._http.fault

    def feed(self, data: bytes, *, at_end: bool = False) -> tuple[Message, ...]:
        """Take the next bytes; return the messages that they complete. ``at_end`` says that nothing can follow."""
        if not self._http.switched:
            data = self._answered(data, at_end=at_end)
        messages = tuple(self._read(data))
        for message in messages:
            if len(self._messages) < KEPT:
                self._messages.append(message.short())
            else:
                self._more += 1
        return messages

    def _answered(self, data: bytes, *, at_end: bool) -> bytes:
        """Take bytes of HTTP/1.1; return those after the answer that switches protocols."""
        answers = self._http.feed(data)
        last = self._http.feed(b"", at_end=True) if at_end else ()
        self._answers += (*answers, *last)
        self._completed_by_end = bool(last)
        return self._http.behind

    def reading(self) -> Reading:
        """Return what all the bytes so far say."""
        begun = (self._open.message(unfinished=True).short(),) if self._open else ()
        return Reading(
            answers=tuple(self._answers),
            messages=(*self._messages, *begun),
            more=self._more,
            torn=bytes(self._torn) if self._http.switched else self._http.torn,
            completed_by_end=self._completed_by_end,
        )

    def _read(self, data: bytes) -> Iterator[Message]:
        room = len(data) if self._most is None else max(0, self._most - len(self._torn))
        self._torn += data[:room]
        if self._fault is not None or not data:
            return
        self._decoder.receive_bytes(data)
        try:
            while frame := self._decoder.process_buffer():
                message = self._take(frame)
                if frame.frame_finished:
                    left = len(self._decoder.buffer)  # less than has just come: the frame ended in that
                    self._torn = bytearray(data[len(data) - left :])
                if message:
                    yield message
        except ParseFailed as error:
            self._fault = str(error)

    def _take(self, frame: Frame) -> Message | None:
        """Take a frame, or a piece of one; return the message that is whole with it."""
        if self._frame is None:
            self._frame = self._begun(frame)
        part = self._frame
        part.add(bytes(frame.payload))  # type: ignore[arg-type]  # a decoder of frames makes no text of them
        if not frame.frame_finished:
            return None
        self._frame = None
        if part.kind == "close" and part.size == 1:  # half a code
            return Message(kind="frame", data=bytes(part.kept), size=1, sha256=part.message().sha256, first=self._first)
        if part is self._open:
            if not frame.message_finished:
                return None
            self._open = None
        return part.message()

    def _begun(self, frame: Frame) -> _Part:
        """Return what the frame, of which a first piece is there, belongs to."""
        bits = sum(0x40 >> place for place, bit in enumerate(self._reserved.bits) if bit)
        self._first = frame.message_finished << 7 | bits | frame.opcode
        if not bits:
            if frame.opcode.iscontrol():
                return _Part(kind=_KINDS[frame.opcode], most=self._most)
            if frame.opcode is Opcode.CONTINUATION and self._open:
                return self._open
            if frame.opcode is not Opcode.CONTINUATION and not self._open:
                part = _Part(kind=_KINDS[frame.opcode], most=self._most)
                if not frame.message_finished:
                    self._open = part
                return part
        return _Part(kind="frame", most=self._most, first=self._first)


def read(received: bytes, *, at_end: bool) -> Reading:
    """Return what the bytes of a whole exchange say; ``at_end`` says that the server ended the connection."""
    reader = WebSocketReader()
    reader.feed(received, at_end=at_end)
    return reader.reading()
