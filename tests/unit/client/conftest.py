"""Servers of the tests' own, on loopback, and records of what is said to them."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from harness.client.clock import TrialClock
from harness.client.recorder import ExchangeRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def clock() -> TrialClock:
    """Return a clock that never ends: the tests of a session may take longer than any trial."""
    return TrialClock(math.inf)


@pytest.fixture
def record(clock: TrialClock) -> ExchangeRecorder:
    """Return a recorder."""
    return ExchangeRecorder("x", server="s", clock=clock)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], tuple[str, int]]]:
    """Serve one connection on loopback by a function of the accepted socket; returns the address."""
    with contextlib.ExitStack() as stack:

        def start(behave: Callable[[socket.socket], None]) -> tuple[str, int]:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def accept() -> None:
                with contextlib.suppress(OSError):
                    accepted, _ = listener.accept()
                    with accepted:
                        accepted.settimeout(10)
                        behave(accepted)

            thread = threading.Thread(target=accept)
            thread.start()
            stack.callback(thread.join)
            address: tuple[str, int] = listener.getsockname()
            return address

        yield start
