"""The steps of a declared exchange: what the client does on one connection, in order, as values.

Steps that send and stand side by side go out in one system call; a `pause` between them parts them. Where the last step
sends a request, the client waits for an answer to each request that it has sent; after any other step it leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Text = str | bytes
WITHIN_S = 10.0
_TEXT, _BINARY = 1, 2  # RFC 6455, section 5.2


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """An ordinary request; see `request`."""

    method: str
    path: str
    headers: tuple[tuple[Text, Text], ...] = ()
    body: bytes = b""


class Pieces(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes sent one after the other with a pause between them."""

    data: tuple[bytes, ...]
    pause_s: float


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Time that passes before the next step."""

    seconds: float


class Await(msgspec.Struct, frozen=True, kw_only=True):
    """What the client waits for, at most ``within_s`` seconds; exactly one of the fields before that is given.

    ``answers`` and ``messages`` count from the connection's beginning.
    """

    answers: int | None = None
    messages: int | None = None
    until: bytes | None = None
    quiet_s: float | None = None
    end: bool = False
    within_s: float = WITHIN_S


class HalfClose(msgspec.Struct, frozen=True):
    """The client sends nothing more, and the server learns of that; answers are still received."""


class Reset(msgspec.Struct, frozen=True):
    """The client breaks the connection off (RST)."""


class Handshake(msgspec.Struct, frozen=True, kw_only=True):
    """The opening handshake of a WebSocket; the first step of its exchange."""

    path: str
    headers: tuple[tuple[Text, Text], ...] = ()


class FrameStep(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of a WebSocket; see `frame`."""

    opcode: int
    data: bytes
    fin: bool = True


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A WebSocket's close frame."""

    code: int
    reason: str = ""


Step = bytes | Request | Pieces | Pause | Await | HalfClose | Reset | Handshake | FrameStep | Closing
SENDING = (bytes, Request, FrameStep, Closing)  # what goes out in one system call where it stands side by side
STEPS = (*SENDING, Pieces, Pause, Await, HalfClose, Reset, Handshake)


def request(method: str, path: str, *headers: tuple[Text, Text], body: bytes = b"") -> Request:
    """Send a request: its line, ``Host``, the headers as they stand, in order and with repeats, and the body.

    The body's length is sent unless a header says another framing.
    """
    return Request(method=method, path=path, headers=headers, body=body)


def pieces(*data: bytes, pause_s: float) -> Pieces:
    """Send bytes in pieces, ``pause_s`` seconds apart."""
    return Pieces(data=data, pause_s=pause_s)


def pause(seconds: float) -> Pause:
    """Let time pass."""
    return Pause(seconds=seconds)


def answers(count: int, *, within_s: float = WITHIN_S) -> Await:
    """Wait for the answer of this number, counted from the connection's beginning."""
    return Await(answers=count, within_s=within_s)


def messages(count: int, *, within_s: float = WITHIN_S) -> Await:
    """Wait for the WebSocket message of this number, counted from the connection's beginning."""
    return Await(messages=count, within_s=within_s)


def until(data: bytes, *, within_s: float = WITHIN_S) -> Await:
    """Wait until these bytes have come."""
    return Await(until=data, within_s=within_s)


def quiet(seconds: float, *, within_s: float = WITHIN_S) -> Await:
    """Wait until nothing has come for this many seconds."""
    return Await(quiet_s=seconds, within_s=within_s)


def end(*, within_s: float = WITHIN_S) -> Await:
    """Wait until the server ends the connection."""
    return Await(end=True, within_s=within_s)


def half_close() -> HalfClose:
    """Send nothing more, and let the server know; answers are still received."""
    return HalfClose()


def reset() -> Reset:
    """Break the connection off."""
    return Reset()


def handshake(path: str = "/", *headers: tuple[Text, Text]) -> Handshake:
    """Open a WebSocket; each header replaces the client's own of its name."""
    return Handshake(path=path, headers=headers)


def text(message: str) -> FrameStep:
    """Send a text message on a WebSocket, in one frame."""
    return FrameStep(opcode=_TEXT, data=message.encode())


def binary(message: bytes) -> FrameStep:
    """Send a binary message on a WebSocket, in one frame."""
    return FrameStep(opcode=_BINARY, data=message)


def frame(opcode: int, data: bytes = b"", *, fin: bool = True) -> FrameStep:
    """Send any frame on a WebSocket; the opcodes are those of RFC 6455, section 5.2."""
    return FrameStep(opcode=opcode, data=data, fin=fin)


def closing(code: int, reason: str = "") -> Closing:
    """Send a WebSocket's close frame."""
    return Closing(code=code, reason=reason)


def check_steps(steps: Iterable[object]) -> None:
    """Refuse what is no step, and a handshake that is not the first one.

    Raises:
        ValueError: the message says which one, and what a step is.

    """
    given = tuple(steps)
    for number, step in enumerate(given):
        if not _is_step(step):
            hint = f"; write {step!r}.encode() to send it" if isinstance(step, str) else ""
            message = f"step {number + 1} is {step!r}, which is no step such as request('GET', '/') or b'bytes'{hint}"
            raise ValueError(message)
        if told := _of_the_other_kind(step, is_websocket=isinstance(given[0], Handshake)):
            message = f"step {number + 1}: {told}"
            raise ValueError(message)
        if isinstance(step, FrameStep | Closing) and number == len(given) - 1:
            message = "a WebSocket's steps end by one that waits: messages(1), end(), or pause(0.5)"
            raise ValueError(message)
        if isinstance(step, Handshake) and number:
            message = f"step {number + 1} is a handshake; a connection begins with it"
            raise ValueError(message)


def _is_step(value: object) -> bool:
    return isinstance(value, STEPS)


def _of_the_other_kind(step: object, *, is_websocket: bool) -> str | None:
    """Say what is wrong with a step of a WebSocket among others, or the other way round; None where nothing is."""
    waits = step if isinstance(step, Await) else Await()
    if is_websocket and (isinstance(step, Request | Pieces) or waits.answers or waits.until):
        return "a WebSocket sends frames, and waits by messages(n), quiet(s) or end()"
    if not is_websocket and (isinstance(step, FrameStep | Closing) or waits.messages):
        return "frames and messages follow a handshake, which is the first step"
    return None
