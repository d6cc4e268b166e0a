"""HTTP/1.1 answers as values: what an answer holds, what is compared of it, and what it depends on of its request.

What an answer holds is taken as it was sent: its content is not decoded, its headers keep their order, their repeats
and their letters. `harness.model.reader` reads answers from the bytes on the wire.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

_SHOWN = 40  # bytes of a body that are shown
_HEAD = re.compile(
    rb"(?:\A|\r\n\r\n)([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) [^ \r\n]+ HTTP/1\.[01]\r\n(?=((?:[^\r\n]+\r\n){0,200}))"
)
_UPGRADE = re.compile(rb"^upgrade:", re.IGNORECASE | re.MULTILINE)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One whole answer.

    ``headers`` are names and values as sent. ``size`` and ``sha256`` are those of the whole body; ``body`` is the part
    of it that was kept, which is all of it unless the exchange was cut.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    size: int
    sha256: str

    def values(self, name: bytes) -> tuple[bytes, ...]:
        """Return every value that a header has, in order; its name in any letters."""
        return tuple(value for known, value in self.headers if known.lower() == name.lower())


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared of an answer: its status and its whole body, by size and digest; ``start`` is for showing."""

    status: int
    size: int
    sha256: str
    start: bytes

    def __str__(self) -> str:
        """Say it in a few words; of a long body its beginning, its size and enough to tell it from another one."""
        if self.size <= len(self.start):
            return f"{self.status} {self.start!r}"
        return f"{self.status} {self.start!r}… ({self.size} bytes, sha256 {self.sha256[:12]})"


def reply(status: int, body: bytes) -> Reply:
    """Return what is compared of an answer with this status and body."""
    return Reply(status=status, size=len(body), sha256=hashlib.sha256(body).hexdigest(), start=body[:_SHOWN])


def reply_of(answer: Answer) -> Reply:
    """Return what is compared of an answer."""
    return Reply(status=answer.status, size=answer.size, sha256=answer.sha256, start=answer.body[:_SHOWN])


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer depends on of the request that it answers: its method, and whether it offers another protocol."""

    method: str = "GET"
    upgrade: bool = False


def asked_in(sent: bytes) -> tuple[Asked, ...]:
    """Return what was asked by the requests that begin in sent bytes, however crafted, in order."""
    heads = _HEAD.findall(sent)
    return tuple(Asked(method=method.decode(), upgrade=bool(_UPGRADE.search(lines))) for method, lines in heads)
