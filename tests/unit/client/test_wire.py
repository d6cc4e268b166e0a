"""Connections to a server: every byte is recorded, and how a connection ended is named as it was."""

from __future__ import annotations

import contextlib
import ctypes
import math
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from harness.client import wire
from harness.client.clock import TrialClock, TrialOverError
from harness.client.wire import Connection, ExchangeRecorder
from harness.model.evidence import Ended, Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.model.answers import Answer

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
ABORT = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)  # lingering for no time: closing resets
WINE = sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


CLOCK = TrialClock(math.inf)  # the tests of a session may take longer than any trial


def recorder() -> ExchangeRecorder:
    """Return a recorder."""
    return ExchangeRecorder("x", server="s", clock=CLOCK)


def request(
    address: tuple[str, int],
    record: ExchangeRecorder,
    method: str = "GET",
    path: str = "/",
    *,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    deadline_s: float = 10.0,
    clock: TrialClock = CLOCK,
) -> Answer | None:
    """Make an ordinary request on a connection of its own."""
    with Connection(address, record, clock=clock) as connection:
        return connection.request(method, path, host="localhost", headers=headers, body=body, deadline_s=deadline_s)


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
    with Connection(serve(behave), record, clock=CLOCK) as connection:
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
    with Connection(serve(behave), record, clock=CLOCK) as connection:
        connection.send(ASKED)
        assert not connection.receive(answers=2, deadline_s=10)
        assert not connection.is_open
    assert record.exchange().heard == Heard.of((200, b"done"), then=Ended.BY_SERVER)


@pytest.mark.skipif(WINE, reason="Wine ends a connection in order where SO_LINGER says abort; Windows resets it")
def test_reset_by_server(serve: Callable[..., tuple[str, int]]) -> None:
    """A crash or an abort is not an orderly close."""

    def behave(accepted: socket.socket) -> None:
        until_asked(accepted)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)

    record = recorder()
    with Connection(serve(behave), record, clock=CLOCK) as connection:
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
    with Connection(serve(behave), record, clock=CLOCK) as connection:
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
    with Connection(address, record, clock=CLOCK) as connection:
        assert not connection.is_open
        connection.send(ASKED)
        assert not connection.receive(answers=1, deadline_s=10)
    assert record.exchange().heard == Heard.of(then=Ended.REFUSED)
    assert record.exchange().frames == ()


def test_garbage_is_recorded_and_is_no_answer(serve: Callable[..., tuple[str, int]]) -> None:
    """A server that speaks something else."""

    def behave(accepted: socket.socket) -> None:
        accepted.sendall(b"\x00\xff garbage\r\n\r\n")

    record = recorder()
    with Connection(serve(behave), record, clock=CLOCK) as connection:
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
    assert record.exchange().cut == 10


def test_request_is_recorded_both_ways(serve: Callable[..., tuple[str, int]]) -> None:
    """An ordinary request of an ordinary client, with the caller's own header."""

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(PLAIN)

    record = recorder()
    headers = (("X-Own", "1"), ("x-own", "caf\xe9"), ("HOST", "other"))
    answer = request(serve(behave), record, "PUT", "/path?a=%2f", headers=headers, body=b"body")
    assert answer
    assert (answer.status, answer.body) == (200, b"done")
    exchange = record.exchange()
    assert exchange.bytes("sent").startswith(b"PUT /path?a=%2f HTTP/1.1\r\n")
    assert exchange.bytes("sent").endswith(b"X-Own: 1\r\nx-own: caf\xe9\r\nHOST: other\r\n\r\nbody")
    assert b"Content-Length: 4\r\n" in exchange.bytes("sent")
    assert b"Host: localhost" not in exchange.bytes("sent")
    assert exchange.heard == Heard.of((200, b"done"))


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
    assert request(serve(behave), record) is None
    assert record.exchange().ended == ended


def test_request_that_is_refused_or_late(serve: Callable[..., tuple[str, int]]) -> None:
    """The two are told apart."""
    over = threading.Event()
    late = recorder()
    assert request(serve(lambda _accepted: (over.wait(10), None)[1]), late, deadline_s=0.05) is None
    over.set()
    assert late.exchange().ended == "deadline"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    refused = recorder()
    assert request(("127.0.0.1", free), refused) is None
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
    with Connection(serve(behave), record, clock=CLOCK) as connection:
        connection.send(ASKED)
        assert not connection.receive(answers=1, deadline_s=0.2)
    over.set()
    assert record.exchange().ended == "deadline"


def test_a_deadline_is_of_the_whole_request(serve: Callable[..., tuple[str, int]]) -> None:
    """A server that drips its head is late, however often a byte comes; what came is kept in few pieces."""
    over = threading.Event()

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        for byte in b"HTTP/1.1 200 OK\r\nx-filler: " + b"y" * 1000:
            if over.wait(0.01):
                return
            accepted.sendall(bytes([byte]))

    record, began = recorder(), time.monotonic()
    assert request(serve(behave), record, deadline_s=0.3) is None
    over.set()
    assert time.monotonic() - began < 5
    assert record.exchange().ended is Ended.DEADLINE


def test_a_server_that_never_reads_does_not_outlast_the_deadline(serve: Callable[..., tuple[str, int]]) -> None:
    """What it took is recorded, as far as it is kept."""
    over = threading.Event()
    record, began = recorder(), time.monotonic()
    with Connection(serve(lambda _: (over.wait(20), None)[1]), record, clock=CLOCK) as connection:
        connection.send(b"x" * 50_000_000, deadline_s=0.3)
        assert not connection.is_open
    over.set()
    assert time.monotonic() - began < 5
    exchange = record.exchange()
    assert exchange.ended is Ended.DEADLINE
    assert len(exchange.bytes("sent")) + exchange.cut < 50_000_000


def test_a_long_answer_is_whole(serve: Callable[..., tuple[str, int]]) -> None:
    """Its bytes beyond the bound are counted; it is compared by all of them, and read in linear time."""
    body = b"0123456789abcdef" * 500_000

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    record = recorder()
    answer = request(serve(behave), record)
    assert answer
    assert answer.size == len(body)
    exchange = record.exchange()
    assert exchange.cut > 6_000_000
    assert exchange.heard == Heard.of((200, body))
    assert exchange.heard != Heard.of((200, body[:-1] + b"x"))


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n"),
    ],
)
def test_an_answer_without_a_body_is_not_waited_for(
    method: str, answer: bytes, serve: Callable[..., tuple[str, int]]
) -> None:
    """The server keeps the connection open."""
    over = threading.Event()

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(answer)
        over.wait(10)

    record = recorder()
    found = request(serve(behave), record, method)
    over.set()
    assert found
    assert record.exchange().heard == Heard.of((found.status, b""))


def test_an_answer_that_ends_with_the_connection_is_whole(serve: Callable[..., tuple[str, int]]) -> None:
    """It has no length, and nothing is missing."""

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(b"HTTP/1.1 200 OK\r\n\r\nto the end")

    record = recorder()
    assert request(serve(behave), record)
    assert record.exchange().heard == Heard.of((200, b"to the end"))


def test_after_the_trial_every_call_is_refused(serve: Callable[..., tuple[str, int]]) -> None:
    """Also the one that is under way, however long its own deadline."""
    over = threading.Event()
    clock = TrialClock(0.3)
    with pytest.raises(TrialOverError):
        request(serve(lambda _: (over.wait(10), None)[1]), recorder(), clock=clock)
    over.set()
    assert clock.now() < 5
    with pytest.raises(TrialOverError):
        Connection(("127.0.0.1", 1), recorder(), clock=clock)
    with pytest.raises(TrialOverError):
        clock.sleep(0)


def test_a_flood_of_small_pieces_is_recorded_in_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame costs more memory than a byte."""
    monkeypatch.setattr(wire, "_FRAMES", 10)
    record = recorder()
    for _ in range(1000):
        record.add("received", b"x")
    exchange = record.exchange()
    assert len(exchange.frames) == 10
    assert exchange.bytes("received") == b"x" * 1000
