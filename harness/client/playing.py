"""A declared exchange is carried out here, step by step, on one connection."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from harness.client.requests import ordinary
from harness.model.answers import asked_in
from harness.model.steps import SENDING, WITHIN_S, Await, Closing, FrameStep, HalfClose, Handshake, Pause, Pieces, Reset
from harness.model.steps import Request as RequestStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.client.client import Client
    from harness.client.clock import TrialClock
    from harness.client.websocket import WebSocket
    from harness.client.wire import Connection
    from harness.model.steps import Step


def play(name: str, steps: Sequence[Step], client: Client, *, clock: TrialClock) -> None:
    """Carry out the steps on a new connection, which becomes the exchange ``name``, then leave.

    Nothing more is sent once the connection has ended; see `harness.model.steps`.
    """
    if steps and isinstance(first := steps[0], Handshake):
        with client.websocket(name, first.path, headers=first.headers, deadline_s=WITHIN_S) as opened:
            _play_frames(steps[1:], opened, clock)
    else:
        with client.connect(name) as connection:
            _play_bytes(steps, connection, client.host, clock)


def _play_bytes(steps: Iterable[Step], connection: Connection, host: str, clock: TrialClock) -> None:
    asked, begun = 0, b""
    last: Step | None = None
    for last in _together(steps, host):
        match last:
            case bytes():
                asked, begun = _count(asked, begun, last)
                connection.send(last)
            case Pieces(data=data, pause_s=pause_s):
                asked, begun = _count(asked, begun, b"".join(data))
                connection.send_pieces(*data, pause_s=pause_s)
            case Await():
                connection.receive(
                    last.answers, until=last.until, end=last.end, quiet_s=last.quiet_s, deadline_s=last.within_s
                )
            case _:
                _act(last, connection, clock)
    if isinstance(last, bytes | Pieces):
        connection.receive(max(1, asked), deadline_s=WITHIN_S)


def _count(asked: int, begun: bytes, data: bytes) -> tuple[int, bytes]:
    """Count the requests that begin in the data, one that ended within its first line before among them.

    Returns:
        The requests so far, and the beginning of a line that the next data may end.

    """
    both = begun + data
    tail = both.rpartition(b"\r\n\r\n")[2]
    found = max(len(asked_in(data)), len(asked_in(both)))  # what seemed begun may have been the end of a body
    return asked + found, b"" if b"\r\n" in tail else tail


def _play_frames(steps: Iterable[Step], opened: WebSocket, clock: TrialClock) -> None:
    received = 0
    for step in _together(steps, ""):
        match step:
            case bytes():
                opened.raw(step)
            case Await():
                received += _receive(step, opened, received)
            case _:
                _act(step, opened, clock)


def _receive(step: Await, opened: WebSocket, received: int) -> int:
    """Receive messages until what is awaited has come; return how many came."""
    end, count = time.monotonic() + step.within_s, 0
    while step.messages is None or received + count < step.messages:
        if opened.receive(max(0.001, end - time.monotonic()), quiet_s=step.quiet_s) is None:
            break
        count += 1
    return count


def _act(step: Step, connection: Connection | WebSocket, clock: TrialClock) -> None:
    match step:
        case Pause(seconds=seconds):
            clock.sleep(seconds)
        case HalfClose():
            connection.half_close()
        case Reset():
            connection.reset()


def _together(steps: Iterable[Step], host: str) -> Iterator[Step]:
    """Yield the steps; those that send and stand side by side become the bytes of one."""
    for sends, group in itertools.groupby(steps, key=lambda step: isinstance(step, SENDING)):
        if sends:
            yield b"".join(_bytes_of(step, host) for step in group)
        else:
            yield from group


def _bytes_of(step: Step, host: str) -> bytes:
    from harness.client.websocket import CLOSE, close_payload, spelled_frame  # noqa: PLC0415 - few scenarios need one

    match step:
        case RequestStep():
            return ordinary(step.method, step.path, host=host, headers=step.headers, body=step.body)
        case FrameStep():
            return spelled_frame(step.opcode, step.data, fin=step.fin)
        case Closing():
            return spelled_frame(CLOSE, close_payload(step.code, step.reason))
    assert isinstance(step, bytes)  # noqa: S101 - nothing else sends
    return step
