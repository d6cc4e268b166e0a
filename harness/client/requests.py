"""The bytes of a request: the headers that every request has, then the caller's, unchanged, repeated and in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Text = str | bytes
Headers = tuple[tuple[bytes, bytes], ...]


def pairs(headers: Iterable[tuple[Text, Text]]) -> Headers:
    """Return headers as bytes; a text is sent in Latin-1, as HTTP/1.1 has it.

    Raises:
        ValueError: a text has letters that Latin-1 lacks; the caller gives the bytes themselves.

    """
    return tuple((octets(name), octets(value)) for name, value in headers)


def octets(text: Text) -> bytes:
    """Return a part of a request as bytes; see `pairs`."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        message = f"{text!r} has letters that Latin-1 lacks; give the bytes that are to be sent"
        raise ValueError(message) from None


def merged(own: Headers, given: Headers) -> Headers:
    """Return the harness's own headers, without those that the given headers name, then the given headers."""
    named = {name.lower() for name, _ in given}
    return (*(one for one in own if one[0].lower() not in named), *given)


def common(host: str) -> Headers:
    """Return the headers that the harness sends with every request."""
    return ((b"Host", host.encode()), (b"Accept", b"*/*"), (b"User-Agent", b"harness"))


def spelled(method: Text, path: Text, headers: Headers, body: bytes = b"") -> bytes:
    """Return the bytes of an HTTP/1.1 request."""
    lines = (octets(method) + b" " + octets(path) + b" HTTP/1.1", *(b"%b: %b" % pair for pair in headers))
    return b"\r\n".join((*lines, b"", body))


def ordinary(
    method: Text, path: Text, *, host: str, headers: Iterable[tuple[Text, Text]] = (), body: bytes = b""
) -> bytes:
    """Return the bytes of an ordinary request: the length of its body is sent unless a header says another framing."""
    given = pairs(headers)
    framed = not body or any(name.lower() == b"transfer-encoding" for name, _ in given)
    own = (*common(host), *(() if framed else ((b"Content-Length", b"%d" % len(body)),)))
    return spelled(method, path, merged(own, given), body)
