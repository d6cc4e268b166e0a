"""A declared exchange waits for an answer to each request that it has sent, however its steps part the requests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from harness.client.client import Client
from harness.client.playing import play
from harness.model.steps import answers, pause, pieces, request

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from harness.client.clock import TrialClock
    from harness.model.evidence import Exchange
    from harness.model.steps import Step

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
BODY = request("POST", "/", body=b"\x00 no request")


def late(accepted: socket.socket) -> None:
    """Answer the first request at once, and the second one so late that a client which does not wait is gone."""
    received = accepted.recv(65536)
    accepted.sendall(ANSWER)
    while received.count(b"\r\n\r\n") < 2:
        received += accepted.recv(65536)
    time.sleep(0.2)
    accepted.sendall(ANSWER)
    accepted.recv(1)


@pytest.mark.parametrize(
    "steps",
    [
        (REQUEST + REQUEST[:3], answers(1), REQUEST[3:]),
        (REQUEST, answers(1), pause(0.01), REQUEST),
        (REQUEST + REQUEST[:3], answers(1), pieces(REQUEST[3:9], REQUEST[9:], pause_s=0.01)),
        (BODY, answers(1), REQUEST),
    ],
)
def test_each_request_is_waited_for(
    steps: Sequence[Step], serve: Callable[..., tuple[str, int]], clock: TrialClock
) -> None:
    """Also one whose first line came in two steps, and one that follows a body."""
    kept: list[Exchange] = []
    place = serve(late)
    play("x", steps, Client("s", 80, reach=lambda _: place, clock=clock, record=kept.append), clock=clock)
    assert str(kept[0].heard) == "200 b'done', 200 b'done'"
