"""A declared exchange is carried out here, step by step, on one connection."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from harness.client.wire import spelled
from harness.model.answers import asked_in
from harness.model.steps import SENDING, WITHIN_S, Await, HalfClose, Pause, Pieces, Request, Reset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.client.clock import TrialClock
    from harness.client.wire import Connection
    from harness.model.steps import Step


def play(steps: Iterable[Step], connection: Connection, *, host: str, clock: TrialClock) -> None:
    """Carry out the steps, then leave; nothing more is sent once the connection has ended.

    Args:
        steps: see `harness.model.steps`.
        connection: an open connection, to which nothing was sent yet.
        host: the ``Host`` of requests.
        clock: the trial's.

    """
    asked = 0
    last: Step | None = None
    for last in _together(steps, host):
        match last:
            case bytes():
                asked += len(asked_in(last))
                connection.send(last)
            case Pieces(data=data, pause_s=pause_s):
                asked += len(asked_in(b"".join(data)))
                connection.send_pieces(*data, pause_s=pause_s)
            case Pause(seconds=seconds):
                clock.sleep(seconds)
            case HalfClose():
                connection.half_close()
            case Reset():
                connection.reset()
            case Await():
                _await(last, connection)
    if isinstance(last, bytes | Pieces):
        connection.receive(answers=max(1, asked), deadline_s=WITHIN_S)


def _together(steps: Iterable[Step], host: str) -> Iterator[Step]:
    """Yield the steps; those that send and stand side by side become the bytes of one."""
    for sends, group in itertools.groupby(steps, key=lambda step: isinstance(step, SENDING)):
        if sends:
            yield b"".join(_bytes_of(step, host) for step in group)
        else:
            yield from group


def _bytes_of(step: Step, host: str) -> bytes:
    if isinstance(step, Request):
        return spelled(step.method, step.path, host=host, headers=step.headers, body=step.body)
    assert isinstance(step, bytes)  # noqa: S101 - frames belong to a WebSocket
    return step


def _await(step: Await, connection: Connection) -> None:
    connection.receive(
        answers=step.answers, until=step.until, end=step.end, quiet_s=step.quiet_s, deadline_s=step.within_s
    )
