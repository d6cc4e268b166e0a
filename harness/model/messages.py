"""What comes back over a WebSocket or HTTP/2, as values that checks compare; `harness.model.answers` has HTTP/1.1's.

A text of such a value is one-to-one: two values that differ say different things. Bytes of a server stand in it as
Python writes them, so that no body can imitate another part.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from harness.model.answers import SHOWN, Answer, Reply, brief, reply

KEPT = 1000  # messages, or ends of streams, of one exchange; further ones are counted
NO_CODE = 1005  # of a close frame that gives none (RFC 6455, 7.1.5)
Kind = Literal["text", "binary", "ping", "pong", "close", "frame"]


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a server over a WebSocket: a whole one, however many fragments it came in, or a control frame.

    ``kind`` is ``frame`` for a frame that makes no message: a compressed one, or one that breaks the protocol. ``data``
    holds the kept bytes, of a close frame those of the reason; in a `harness.model.evidence.Heard` they are at most 40.
    ``size`` (bytes) and ``sha256`` (hexadecimal) are those of all the bytes. ``code`` is that of a close frame.
    ``first`` is the first byte of a ``frame``: FIN, reserved bits and opcode. ``unfinished``: the last fragment has not
    come.
    """

    kind: Kind
    data: bytes
    size: int
    sha256: str
    code: int | None = None
    first: int | None = None
    unfinished: bool = False

    @classmethod
    def of(cls, kind: Kind, data: str | bytes = b"", *, code: int | None = None, first: int | None = None) -> Message:
        """Return the message that checks expect; a text is sent in UTF-8."""
        whole = data.encode() if isinstance(data, str) else data
        digest = hashlib.sha256(whole).hexdigest()
        if kind == "close" and code is None:
            code = NO_CODE
        return cls(kind=kind, data=whole[:SHOWN], size=len(whole), sha256=digest, code=code, first=first)

    @property
    def text(self) -> str:
        """The kept bytes as a text; bytes that are not UTF-8 become escapes."""
        return self.data.decode(errors="backslashreplace")

    def short(self) -> Message:
        """Return the message with no more bytes than checks compare and show."""
        return msgspec.structs.replace(self, data=self.data[:SHOWN])

    def __str__(self) -> str:
        """Return the message in a few words: ``text 'a'``, ``ping b''``, ``close 1000 'bye'``, ``frame 0xc1 b'x'``."""
        words = ["unfinished"] if self.unfinished else []
        words += [self.kind]
        words += [str(self.code)] if self.code is not None else []
        words += [hex(self.first)] if self.first is not None else []
        start = self.data[:SHOWN]
        quoted = _quoted_text(start) if self.kind in {"text", "close"} else repr(start)
        return " ".join((*words, brief(quoted, start=start, size=self.size, sha256=self.sha256)))


def _quoted_text(start: bytes) -> str:
    """Return a text as Python writes it; as bytes where it is not UTF-8, or was cut within a character."""
    try:
        return repr(start.decode())
    except UnicodeDecodeError:
        return repr(start)


class Stream(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one stream of HTTP/2 ended: with a whole answer, or with a reset by the server, whose error ``reset`` names.

    ``reply`` is what came of an answer; ``unfinished`` says that its end has not come.
    """

    number: int
    reply: Reply | None = None
    unfinished: bool = False
    reset: str = ""

    @classmethod
    def of(cls, number: int, status: int | None = None, body: bytes = b"", *, reset: str = "") -> Stream:
        """Return the end that checks expect: a whole answer with this status and body, or a reset, or both."""
        return cls(number=number, reply=None if status is None else reply(status, body), reset=reset)

    def __str__(self) -> str:
        """Return the end in a few words: ``stream 1: 200 b'done'``, ``stream 3: reset CANCEL``."""
        words = ["unfinished"] if self.unfinished else []
        words += [str(self.reply)] if self.reply else []
        told = [" ".join(words)] if words else []
        told += [f"reset {self.reset}"] if self.reset else []
        return f"stream {self.number}: {', '.join(told) or 'nothing'}"


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the bytes of one exchange say, by its protocol.

    ``answers`` are the whole answers in the order of their ends: those of HTTP/1.1, the answer to a WebSocket's
    handshake, those of the streams of HTTP/2. ``goaways`` are the errors of the frames by which a server of HTTP/2
    announced the end of the connection. ``more`` counts messages and streams beyond `KEPT`. ``torn`` holds the bytes
    after the last whole answer or frame. ``completed_by_end``: the end of the connection completed the last answer.
    """

    answers: tuple[Answer, ...] = ()
    messages: tuple[Message, ...] = ()
    streams: tuple[Stream, ...] = ()
    goaways: tuple[str, ...] = ()
    more: int = 0
    torn: bytes = b""
    completed_by_end: bool = False
