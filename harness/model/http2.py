"""The bytes of an HTTP/2 exchange, read in the same way during a trial and from kept evidence.

Only what the server sent is read, frame by frame, whatever was asked: each stream has an answer that ends, or is reset.
Trailers and pushed requests are read and not kept. After bytes that break the protocol nothing more is read.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import msgspec
from h2.errors import ErrorCodes
from hpack import Decoder
from hpack.exceptions import HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PushPromiseFrame,
    RstStreamFrame,
)

from harness.model.answers import SHOWN, Answer, reply_of
from harness.model.messages import KEPT, Reading, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = 9  # bytes that every frame begins with
_LARGEST = 16_384  # bytes of a frame's content, while the client allows no more (RFC 9113, 4.2)
_BLOCK = 256 * 1024  # bytes of a block of headers
_TABLE = 64 * 1024  # bytes of the table of headers: a server may choose less than the client allows
_STREAMS = 100_000  # of one exchange
_STATUS = b":status"
_INFORMATIONAL = range(100, 200)


class _BreachError(Exception):
    """The server broke the protocol, in words."""


@dataclasses.dataclass(kw_only=True)
class _Open:
    """A stream whose answer has begun."""

    status: int = 0
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytearray = dataclasses.field(default_factory=bytearray)
    size: int = 0

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, data: bytes, room: int | None) -> int:
        """Take bytes of the body, of which at most ``room`` are kept; return how many are."""
        kept = data if room is None else data[:room]
        self.body += kept
        self.size += len(data)
        self._digest.update(data)
        return len(kept)

    def answer(self) -> Answer:
        return Answer(
            status=self.status,
            headers=self.headers,
            body=bytes(self.body),
            size=self.size,
            sha256=self._digest.hexdigest(),
        )


class Http2Reader:
    """Reads a server's side of an exchange from bytes as they come.

    ``fault`` says what was wrong with the bytes after which nothing is read any more. ``going_on`` has the whole frames
    that the last bytes completed, without those that announce the end of the connection (GOAWAY).
    """

    def __init__(self, *, most: int | None = None) -> None:
        """Keep at most ``most`` bytes of all bodies that have not ended, and of what is torn."""
        self._most = most
        self._decoder = Decoder()
        self._decoder.max_allowed_table_size = _TABLE
        self._open: dict[int, _Open] = {}
        self._block: tuple[Frame, bytearray] | None = None
        self._kept = 0  # bytes of the bodies of open streams
        self._ended: dict[int, Stream] = {}
        self._past: set[int] = set()  # the numbers of all streams that have ended
        self._answers: list[Answer] = []
        self._goaways: list[str] = []
        self._more = 0
        self._torn = bytearray()
        self.fault: str | None = None
        self.going_on = b""

    def feed(self, data: bytes) -> tuple[tuple[int, Answer | None], ...]:
        """Take the next bytes; return the streams that end with them, each with its whole answer, or None: reset."""
        if self.fault is not None:
            room = len(data) if self._most is None else max(0, self._most - len(self._torn))
            self._torn += data[:room]
            return ()
        self._torn += data  # of a frame at most: more than a whole one is read at once
        return tuple(self._read())

    def reading(self) -> Reading:
        """Return what all the bytes so far say."""
        begun = (
            Stream(number=number, reply=reply_of(stream.answer()) if stream.status else None, unfinished=True)
            for number, stream in self._open.items()
        )
        streams = (*self._ended.values(), *begun)
        return Reading(
            answers=tuple(self._answers),
            streams=streams[:KEPT],
            goaways=tuple(self._goaways),
            more=self._more + len(streams[KEPT:]),
            torn=bytes(self._torn),
        )

    def _read(self) -> Iterator[tuple[int, Answer | None]]:
        start, going_on = 0, bytearray()
        try:
            while frame := self._frame(start):
                ended = self._take(frame)
                end = start + _HEAD + frame.body_len
                going_on += b"" if isinstance(frame, GoAwayFrame) else self._torn[start:end]
                start = end
                if ended:
                    yield ended
        except (_BreachError, HyperframeError, HPACKError) as error:
            self.fault = str(error) or type(error).__name__
        self.going_on = bytes(going_on)
        del self._torn[:start]

    def _frame(self, start: int) -> Frame | None:
        """Return the frame that begins there, where it is whole."""
        head = self._torn[start : start + _HEAD]
        if len(head) < _HEAD:
            return None
        frame, length = Frame.parse_frame_header(memoryview(head))
        if length > _LARGEST:
            raise _BreachError(f"a frame of {length} bytes, where {_LARGEST} are allowed")
        content = self._torn[start + _HEAD : start + _HEAD + length]
        if len(content) < length:
            return None
        frame.parse_body(memoryview(content))
        frame.body_len = length
        return frame

    def _take(self, frame: Frame) -> tuple[int, Answer | None] | None:
        """Take a whole frame; return the stream that ends with it."""
        if self._block or isinstance(frame, HeadersFrame | PushPromiseFrame | ContinuationFrame):
            return self._take_block(frame)
        match frame:
            case DataFrame():
                return self._take_data(frame)
            case RstStreamFrame():
                return self._reset(frame.stream_id, _error(frame.error_code))
            case GoAwayFrame() if len(self._goaways) < KEPT:
                self._goaways.append(_error(frame.error_code))
        return None

    def _take_block(self, frame: Frame) -> tuple[int, Answer | None] | None:
        """Take a frame of a block of headers, which no other frame may interrupt."""
        if self._block is None:
            if isinstance(frame, ContinuationFrame):
                raise _BreachError("a block of headers goes on that has not begun")
            self._block = (frame, bytearray())
            if isinstance(frame, HeadersFrame):
                self._stream(frame.stream_id)
        elif not isinstance(frame, ContinuationFrame) or frame.stream_id != self._block[0].stream_id:
            raise _BreachError("a block of headers was interrupted")
        first, block = self._block
        block += frame.data  # type: ignore[attr-defined]  # each of the three kinds has it
        if len(block) > _BLOCK:
            raise _BreachError(f"a block of headers of more than {_BLOCK} bytes")
        if "END_HEADERS" not in frame.flags:
            return None
        self._block = None
        headers = tuple((bytes(name), bytes(value)) for name, value in self._decoder.decode(bytes(block), raw=True))
        return None if isinstance(first, PushPromiseFrame) else self._take_headers(first, headers)

    def _take_headers(self, frame: Frame, headers: tuple[tuple[bytes, bytes], ...]) -> tuple[int, Answer | None] | None:
        stream = self._stream(frame.stream_id)
        if not stream.status:
            given = [value for name, value in headers if name == _STATUS]
            if len(given) != 1 or len(given[0]) != 3 or not given[0].isdigit():  # noqa: PLR2004 - digits of a status
                raise _BreachError(f"stream {frame.stream_id} has an answer without one status of three digits")
            if int(given[0]) in _INFORMATIONAL:
                return None
            stream.status = int(given[0])
            stream.headers = tuple(pair for pair in headers if not pair[0].startswith(b":"))
        return self._end(frame.stream_id) if "END_STREAM" in frame.flags else None

    def _take_data(self, frame: DataFrame) -> tuple[int, Answer | None] | None:
        stream = self._stream(frame.stream_id)
        if not stream.status:
            raise _BreachError(f"stream {frame.stream_id} has a body before its headers")
        room = None if self._most is None else max(0, self._most - self._kept)
        self._kept += stream.add(frame.data, room)
        return self._end(frame.stream_id) if "END_STREAM" in frame.flags else None

    def _stream(self, number: int) -> _Open:
        """Return the open stream of this number, which may begin now."""
        if number in self._past:
            raise _BreachError(f"stream {number} goes on after its end")
        if number not in self._open and len(self._open) + len(self._past) >= _STREAMS:
            raise _BreachError(f"more than {_STREAMS} streams")
        return self._open.setdefault(number, _Open())

    def _end(self, number: int) -> tuple[int, Answer]:
        answer = self._closed(number).answer()
        if len(self._ended) < KEPT:
            self._ended[number] = Stream(number=number, reply=reply_of(answer))
            self._answers.append(answer if self._most is None else _shortened(answer))
        else:
            self._more += 1
        return number, answer

    def _reset(self, number: int, error: str) -> tuple[int, None] | None:
        """Note a reset, also of a stream that had its whole answer; return the stream if that had not ended."""
        if number in self._past:
            if ended := self._ended.get(number):
                self._ended[number] = msgspec.structs.replace(ended, reset=ended.reset or error)
            return None
        self._stream(number)
        begun = self._closed(number)
        reply = reply_of(begun.answer()) if begun.status else None
        if len(self._ended) < KEPT:
            self._ended[number] = Stream(number=number, reply=reply, unfinished=bool(reply), reset=error)
        else:
            self._more += 1
        return number, None

    def _closed(self, number: int) -> _Open:
        stream = self._open.pop(number)
        self._past.add(number)
        self._kept -= len(stream.body)
        return stream


def _shortened(answer: Answer) -> Answer:
    """Return an answer with no more of its body than is shown: a trial goes on, and so may the answers."""
    return msgspec.structs.replace(answer, body=answer.body[:SHOWN])


def _error(code: int) -> str:
    """Return the name of an error, or the number where it has no name."""
    try:
        return ErrorCodes(code).name
    except ValueError:
        return str(code)


def read(received: bytes) -> Reading:
    """Return what the bytes of a whole exchange say."""
    reader = Http2Reader()
    reader.feed(received)
    return reader.reading()
