"""Connections to a server: every byte is recorded, and how a connection ended is named as it was."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import socket
import struct
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from harness.execution import wire
from harness.execution.wire import Connection, Recorder, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
ABORT = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)  # lingering for no time: closing resets
WINE = sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


def recorder() -> Recorder:
    """Return a recorder whose clock ticks with every look."""
    ticks = itertools.count()
    return Recorder("x", server="s", clock=lambda: float(next(ticks)))


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


def until_asked(accepted: socket.socket, data: bytes = ASKED) -> None:
    """Read so many bytes from the client."""
    left = len(data)
    while left and (part := accepted.recv(left)):
        left -= len(part)


def test_answers_are_counted_from_the_beginning(serve: Callable[..., tuple[str, int]]) -> None:
    """One by one, then two in one go, cut in the middle of an answer."""

    def behave(accepted: socket.socket) -> None:
        until_asked(accepted)
        accepted.sendall(PLAIN + PLAIN[:10])
        until_asked(accepted)
        accepted.sendall(PLAIN[10:] + PLAIN)
        accepted.recv(1)

    record = recorder()
    with Connection(serve(behave), record) as connection:
        connection.send(ASKED)
        assert connection.receive(answers=1, deadline_s=10)
        connection.send(ASKED)
        assert connection.receive(answers=3, deadline_s=10)
        assert connection.is_open
    exchange = record.exchange()
    assert exchange.ended == "closed by client"
    assert exchange.bytes("sent") == ASKED * 2
    assert exchange.bytes("received") == PLAIN * 3
    assert [answer.body for answer in exchange.answers] == [b"done"] * 3
    assert [frame.at_s for frame in exchange.frames] == sorted(frame.at_s for frame in exchange.frames)


def test_closed_by_server(serve: Callable[..., tuple[str, int]]) -> None:
    """Told apart from a deadline, with what came before it."""

    def behave(accepted: socket.socket) -> None:
        until_asked(accepted)
        accepted.sendall(PLAIN)

    record = recorder()
    with Connection(serve(behave), record) as connection:
        connection.send(ASKED)
        assert not connection.receive(answers=2, deadline_s=10)
        assert not connection.is_open
    assert record.exchange().brief() == "200 b'done', then closed by server"


@pytest.mark.skipif(WINE, reason="Wine ends a connection in order where SO_LINGER says abort; Windows resets it")
def test_reset_by_server(serve: Callable[..., tuple[str, int]]) -> None:
    """A crash or an abort is not an orderly close."""

    def behave(accepted: socket.socket) -> None:
        until_asked(accepted)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)

    record = recorder()
    with Connection(serve(behave), record) as connection:
        connection.send(ASKED)
        assert not connection.receive(answers=1, deadline_s=10)
    assert record.exchange().ended == "reset by server"


def test_deadline(serve: Callable[..., tuple[str, int]]) -> None:
    """A silent server is not one that closed; the half of an answer is kept."""
    sent, over = threading.Event(), threading.Event()

    def behave(accepted: socket.socket) -> None:
        accepted.sendall(PLAIN[:-1])
        sent.set()
        over.wait(10)

    record = recorder()
    with Connection(serve(behave), record) as connection:
        assert sent.wait(10)
        assert not connection.receive(answers=1, deadline_s=0.05)
        assert not connection.receive(answers=1, deadline_s=10)
    over.set()
    assert record.exchange().ended == "deadline"
    assert record.exchange().bytes("received") == PLAIN[:-1]


def test_refused() -> None:
    """Nobody listens; every later call does nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    record = recorder()
    with Connection(address, record) as connection:
        assert not connection.is_open
        connection.send(ASKED)
        assert not connection.receive(answers=1, deadline_s=10)
    assert record.exchange().brief() == "then refused"
    assert record.exchange().frames == ()


def test_garbage_is_recorded_and_is_no_answer(serve: Callable[..., tuple[str, int]]) -> None:
    """A server that speaks something else."""

    def behave(accepted: socket.socket) -> None:
        accepted.sendall(b"\x00\xff garbage\r\n\r\n")

    record = recorder()
    with Connection(serve(behave), record) as connection:
        assert not connection.receive(answers=1, deadline_s=10)
    assert record.exchange().bytes("received") == b"\x00\xff garbage\r\n\r\n"
    assert record.exchange().answers == ()


def test_record_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends for ever does not fill the memory or the disk."""
    monkeypatch.setattr(wire, "KEPT_OF_EXCHANGE", 10)
    record = recorder()
    for _ in range(5):
        record.add("received", b"abcd")
    assert record.exchange().bytes("received") == b"abcdabcdab"


def test_request_is_recorded_both_ways(serve: Callable[..., tuple[str, int]]) -> None:
    """An ordinary request of an ordinary client, with the caller's own header."""

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(PLAIN)

    record = recorder()
    host, port = serve(behave)
    answer = request("GET", f"http://{host}:{port}/path", record, headers={"X-Own": "1"}, deadline_s=10)
    assert answer
    assert (answer.status_code, answer.text) == (200, "done")
    exchange = record.exchange()
    assert exchange.bytes("sent").startswith(b"GET /path HTTP/1.1\r\n")
    assert b"X-Own: 1\r\n" in exchange.bytes("sent")
    assert exchange.brief() == "200 b'done'"


@pytest.mark.parametrize(
    ("sent", "ended"),
    [
        (b"", "closed by server"),
        pytest.param(
            PLAIN[:-1],
            "closed by server",
        ),
        (b"\x00\xff garbage\r\n\r\n", "not HTTP"),
    ],
)
def test_request_without_a_whole_answer(sent: bytes, ended: str, serve: Callable[..., tuple[str, int]]) -> None:
    """None, and the record says why."""

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(sent)

    record = recorder()
    host, port = serve(behave)
    assert request("GET", f"http://{host}:{port}/", record, deadline_s=10) is None
    assert record.exchange().ended.startswith(ended)


def test_request_that_is_refused_or_late(serve: Callable[..., tuple[str, int]]) -> None:
    """The two are told apart."""
    over = threading.Event()
    host, port = serve(lambda _accepted: (over.wait(10), None)[1])
    late = recorder()
    assert request("GET", f"http://{host}:{port}/", late, deadline_s=0.05) is None
    over.set()
    assert late.exchange().ended == "deadline"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    refused = recorder()
    assert request("GET", f"http://127.0.0.1:{free}/", refused, deadline_s=10) is None
    assert refused.exchange().ended == "refused"


def test_drip_of_bytes_does_not_outlast_the_deadline(serve: Callable[..., tuple[str, int]]) -> None:
    """A server that sends a byte now and then is as late as a silent one."""
    over = threading.Event()

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(100):
            if over.wait(0.02):
                return
            accepted.sendall(b"x")

    record = recorder()
    with Connection(serve(behave), record) as connection:
        connection.send(ASKED)
        assert not connection.receive(answers=1, deadline_s=0.2)
    over.set()
    assert record.exchange().ended == "deadline"
