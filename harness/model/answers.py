"""HTTP/1.1 answers as values: the whole answer, the part that checks compare, and the request that it depends on.

An answer holds what was sent: its content is not decoded; its headers keep their order, their repeats and the case of
their letters. `harness.model.reader` reads answers from the bytes on the wire.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

SHOWN = 40  # bytes of a body that are shown
PROCESS = "x-process"  # the header in which a ready-made application names its process
_SWITCHING = 101
_HEAD = re.compile(
    rb"(?:\A|\r\n\r\n)([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) [^ \r\n]+ HTTP/1\.[01]\r\n(?=((?:[^\r\n]+\r\n){0,200}))"
)
_UPGRADE = re.compile(rb"^upgrade:", re.IGNORECASE | re.MULTILINE)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One whole answer.

    ``headers`` are pairs of a name and a value, as sent. ``body`` holds the bytes that were kept: the whole body unless
    the exchange was cut. ``size`` (bytes) and ``sha256`` (hexadecimal) are always those of the whole body.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    size: int
    sha256: str

    def header(self, name: str | bytes) -> tuple[bytes, ...]:
        """Return every value of a header, in order; the case of ``name`` does not matter."""
        sought = (name.encode("latin-1") if isinstance(name, str) else name).lower()
        return tuple(value for known, value in self.headers if known.lower() == sought)

    @property
    def process(self) -> str:
        """The number of the process that gave the answer, as every ready-made application names it; else empty."""
        values = self.header(PROCESS)
        return values[0].decode() if len(values) == 1 and values[0].isdigit() else ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What checks compare of an answer: its status, and its whole body by size and digest; ``start`` is for showing."""

    status: int
    size: int
    sha256: str
    start: bytes

    def __str__(self) -> str:
        """Return the status and the body, which an answer that switches protocols has not; see `brief`."""
        if self.status == _SWITCHING and not self.size:
            return str(self.status)
        return f"{self.status} {brief(repr(self.start), start=self.start, size=self.size, sha256=self.sha256)}"


def brief(quoted: str, *, start: bytes, size: int, sha256: str) -> str:
    """Return all of some bytes, or of many bytes the beginning, the size and the digest, which is one-to-one too.

    Args:
        quoted: the beginning as it is shown.
        start: the bytes of the beginning.
        size: how many bytes there are.
        sha256: the digest of all of them, hexadecimal.

    """
    return quoted if size <= len(start) else f"{quoted}… ({size} bytes, sha256 {sha256})"


def reply(status: int, body: bytes) -> Reply:
    """Return the reply that an answer with this status and body makes."""
    return Reply(status=status, size=len(body), sha256=hashlib.sha256(body).hexdigest(), start=body[:SHOWN])


def reply_of(answer: Answer) -> Reply:
    """Return the reply that an answer makes."""
    return Reply(status=answer.status, size=answer.size, sha256=answer.sha256, start=answer.body[:SHOWN])


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What decides how the answer to a request is read: the method, and whether the request offers another protocol."""

    method: str = "GET"
    upgrade: bool = False


def asked_in(sent: bytes) -> tuple[Asked, ...]:
    """Return one value for each request that begins in the sent bytes, in order; the requests may be malformed."""
    heads = _HEAD.findall(sent)
    return tuple(Asked(method=method.decode(), upgrade=bool(_UPGRADE.search(lines))) for method, lines in heads)
