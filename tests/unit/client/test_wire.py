"""Connections to a server: every byte is recorded, and how a connection ended is named as it was."""

from __future__ import annotations

import ctypes
import itertools
import math
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.clock import TrialClock, TrialOverError
from harness.client.recorder import ExchangeRecorder
from harness.client.transport import Transport
from harness.client.wire import Connection
from harness.model.evidence import Ended, Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.answers import Answer

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
ABORT = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)  # lingering for no time: closing resets
WINE = sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


CLOCK = TrialClock(math.inf)  # the tests of a session may take longer than any trial


def recorder() -> ExchangeRecorder:
    """Return a recorder."""
    return ExchangeRecorder("x", server="s", clock=CLOCK)


def connected(address: tuple[str, int], record: ExchangeRecorder, clock: TrialClock = CLOCK) -> Connection:
    """Return a connection to the address, which may have failed."""
    return Connection(Transport(address, record, clock=clock), host="localhost")


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
    with connected(address, record, clock) as connection:
        return connection.request(method, path, headers=headers, body=body, deadline_s=deadline_s)


def until_asked(accepted: socket.socket, data: bytes = ASKED) -> None:
    """Read so many bytes from the client."""
    left = len(data)
    while left and (part := accepted.recv(left)):
        left -= len(part)


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds that another thread does."""
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)


def test_answers_are_counted_from_the_beginning(serve: Callable[..., tuple[str, int]]) -> None:
    """One by one, then two in one go, cut in the middle of an answer."""

    def behave(accepted: socket.socket) -> None:
        until_asked(accepted)
        accepted.sendall(PLAIN + PLAIN[:10])
        until_asked(accepted)
        accepted.sendall(PLAIN[10:] + PLAIN)
        accepted.recv(1)

    record = recorder()
    with connected(serve(behave), record) as connection:
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
    with connected(serve(behave), record) as connection:
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
    with connected(serve(behave), record) as connection:
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
    with connected(serve(behave), record) as connection:
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
    with connected(address, record) as connection:
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
    with connected(serve(behave), record) as connection:
        assert not connection.receive(answers=1, deadline_s=10)
    assert record.exchange().bytes("received") == b"\x00\xff garbage\r\n\r\n"
    assert record.exchange().answers == ()


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
    with connected(serve(behave), record) as connection:
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
    with connected(serve(lambda _: (over.wait(20), None)[1]), record) as connection:
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
        connected(("127.0.0.1", 1), recorder(), clock)
    with pytest.raises(TrialOverError):
        clock.sleep(0)


def test_bytes_are_awaited(serve: Callable[..., tuple[str, int]]) -> None:
    """Across the pieces in which they come, also where an earlier call has received them already, each once."""

    def behave(accepted: socket.socket) -> None:
        accepted.sendall(PLAIN[:-2])
        until_asked(accepted)
        accepted.sendall(PLAIN[-2:] + b"more, done")
        accepted.recv(1)

    record = recorder()
    with connected(serve(behave), record) as connection:
        assert connection.receive(until=b"\r\n\r\nd", deadline_s=10)
        connection.send(ASKED)
        assert connection.receive(answers=1, deadline_s=10)
        assert connection.receive(until=b"one", deadline_s=10)
        assert connection.receive(until=b"done", deadline_s=10)
        assert not connection.receive(until=b"done", deadline_s=0.05)
    assert record.exchange().ended is Ended.DEADLINE


def test_bytes_are_found_in_a_flood(serve: Callable[..., tuple[str, int]]) -> None:
    """Of a flood only its last part is searched again, and it may lie across the bound of what is kept."""
    flood = b"x" * 3_000_000

    def behave(accepted: socket.socket) -> None:
        accepted.sendall(flood + b"needle")
        accepted.recv(1)

    with connected(serve(behave), recorder()) as connection:
        assert connection.receive(until=b"xneedle", deadline_s=10)
        assert connection.is_open


def test_the_end_is_awaited(serve: Callable[..., tuple[str, int]]) -> None:
    """What comes before it is no reason to return, and it has come also when asked again; a deadline is no end."""

    def behave(accepted: socket.socket) -> None:
        accepted.sendall(PLAIN)
        until_asked(accepted)
        accepted.sendall(PLAIN)

    record, over = recorder(), threading.Event()
    with connected(serve(behave), record) as connection:
        assert connection.receive(answers=1, deadline_s=10)
        connection.send(ASKED)
        assert connection.receive(end=True, deadline_s=10)
        assert connection.receive(end=True, deadline_s=10)
    assert record.exchange().heard == Heard.of((200, b"done"), (200, b"done"), then=Ended.BY_SERVER)
    with connected(serve(lambda _: (over.wait(10), None)[1]), recorder()) as connection:
        assert not connection.receive(end=True, deadline_s=0.05)
    over.set()


def test_quiet_leaves_the_connection_open(serve: Callable[..., tuple[str, int]]) -> None:
    """A byte begins the silence anew; afterwards the connection works as before."""

    def behave(accepted: socket.socket) -> None:
        accepted.sendall(PLAIN)
        until_asked(accepted)
        accepted.sendall(PLAIN)
        accepted.recv(1)

    record = recorder()
    with connected(serve(behave), record) as connection:
        assert connection.receive(quiet_s=0.2, deadline_s=10)
        connection.send(ASKED)
        assert connection.receive(answers=2, deadline_s=10)
    assert record.exchange().ended is Ended.BY_CLIENT


def test_a_server_that_drips_is_never_quiet(serve: Callable[..., tuple[str, int]]) -> None:
    """The deadline ends the wait; an end of the server's is no silence either."""
    over = threading.Event()

    def behave(accepted: socket.socket) -> None:
        while not over.wait(0.01):
            accepted.sendall(b"x")

    record = recorder()
    with connected(serve(behave), record) as connection:
        assert not connection.receive(quiet_s=0.3, deadline_s=0.6)
    over.set()
    assert record.exchange().ended is Ended.DEADLINE
    with connected(serve(lambda _: None), recorder()) as connection:
        assert not connection.receive(quiet_s=5, deadline_s=10)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"answers": 1, "end": True},
        {"until": b""},
        {"until": b"x", "quiet_s": 1},
        {"end": False},
        {"quiet_s": 10},
    ],
)
def test_what_is_awaited_is_one_thing(wrong: dict[str, Any], serve: Callable[..., tuple[str, int]]) -> None:
    """None, two, or what cannot come are the author's mistakes, told at once."""
    with (
        connected(serve(lambda _: None), recorder()) as connection,
        pytest.raises(ValueError, match="receive: "),
    ):
        connection.receive(**wrong, deadline_s=10)


def test_pieces_go_out_one_by_one(serve: Callable[..., tuple[str, int]]) -> None:
    """With the pause between them, and none behind the last."""
    asked: list[bytes] = []

    def behave(accepted: socket.socket) -> None:
        while part := accepted.recv(100):
            asked.append(part)

    record = recorder()
    with connected(serve(behave), record) as connection:
        connection.send_pieces(b"GET /", b" HTTP/1.1\r\n", b"\r\n", pause_s=0.1)
        connection.half_close()
        assert connection.receive(end=True, deadline_s=10)
    assert b"".join(asked) == b"GET / HTTP/1.1\r\n\r\n"
    sent = [frame for frame in record.exchange().frames if frame.direction == "sent"]
    assert [frame.data for frame in sent] == [b"GET /", b" HTTP/1.1\r\n", b"\r\n", b""]
    assert all(later.at_s - earlier.at_s >= 0.09 for earlier, later in itertools.pairwise(sent[:3]))


def test_a_half_closed_connection_is_answered(serve: Callable[..., tuple[str, int]]) -> None:
    """The server sees the end and answers behind it; the evidence says when the client did so."""

    def behave(accepted: socket.socket) -> None:
        while accepted.recv(100):
            pass
        accepted.sendall(PLAIN)

    record = recorder()
    with connected(serve(behave), record) as connection:
        connection.send(ASKED)
        connection.half_close()
        assert connection.receive(answers=1, deadline_s=10)
    frames = record.exchange().frames
    assert [(frame.direction, frame.act) for frame in frames] == [
        ("sent", ""),
        ("sent", "half-close"),
        ("received", ""),
    ]
    assert record.exchange().bytes("sent") == ASKED


@pytest.mark.skipif(WINE, reason="Wine ends a connection in order where SO_LINGER says abort; Windows resets it")
def test_a_reset_is_one(serve: Callable[..., tuple[str, int]]) -> None:
    """The server sees a reset and no end; later calls do nothing."""
    seen: list[object] = []
    asked = threading.Event()

    def behave(accepted: socket.socket) -> None:
        until_asked(accepted)
        asked.set()
        try:
            seen.append(accepted.recv(1))
        except ConnectionError as error:
            seen.append(type(error))

    record = recorder()
    with connected(serve(behave), record) as connection:
        connection.send(ASKED)
        assert asked.wait(10)
        connection.reset()
        connection.reset()
        connection.half_close()
        assert not connection.receive(answers=1, deadline_s=10)
    until(lambda: bool(seen))
    assert seen == [ConnectionResetError]
    assert record.exchange().frames[-1].act == "reset"
    assert record.exchange().ended is Ended.BY_CLIENT


def test_headers_are_sent_as_they_were_given(serve: Callable[..., tuple[str, int]]) -> None:
    """Bytes that are no text, repeats, empty values, a method and a path of bytes."""

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(PLAIN)

    record = recorder()
    headers: tuple[tuple[str | bytes, str | bytes], ...] = (
        (b"X-\xff", b"\xc3\xa9"),
        ("x", ""),
        (b"x", "2"),
        ("HOST", b"o"),
    )
    with connected(serve(behave), record) as connection:
        answer = connection.request(b"ODD", b"/\xff", headers=headers, deadline_s=10)
    assert answer
    sent = record.exchange().bytes("sent")
    assert sent.startswith(b"ODD /\xff HTTP/1.1\r\n")
    assert sent.endswith(b"\r\nX-\xff: \xc3\xa9\r\nx: \r\nx: 2\r\nHOST: o\r\n\r\n")


def test_a_header_beyond_latin_1_is_refused(serve: Callable[..., tuple[str, int]]) -> None:
    """No guess decides which bytes are sent."""
    with (
        connected(serve(lambda _: None), recorder()) as connection,
        pytest.raises(ValueError, match="Latin-1"),
    ):
        connection.request("GET", "/", headers=(("x", "\u20ac"),), deadline_s=10)


def test_an_answer_that_comes_too_early_is_heard(serve: Callable[..., tuple[str, int]]) -> None:
    """The server refuses what is still being sent, and ends the connection: the answer and the end both stand."""
    refused = b"HTTP/1.1 413 no\r\ncontent-length: 4\r\n\r\nmuch"

    def behave(accepted: socket.socket) -> None:
        accepted.recv(10)
        accepted.sendall(refused)

    record = recorder()
    answer = request(serve(behave), record, "PUT", body=b"x" * 50_000_000)
    assert answer
    assert (answer.status, answer.body) == (413, b"much")
    exchange = record.exchange()
    assert exchange.heard.replies == Heard.of((413, b"much")).replies
    assert exchange.ended is Ended.RESET


def test_both_sides_may_send_at_once(serve: Callable[..., tuple[str, int]]) -> None:
    """A server that sends back what it gets, and reads no more before that is taken, does not block the client."""
    size = 20_000_000

    def behave(accepted: socket.socket) -> None:
        while data := accepted.recv(65536):
            accepted.sendall(data)

    record = recorder()
    with connected(serve(behave), record) as connection:
        connection.send(b"x" * size, deadline_s=20)
        connection.half_close()
        assert connection.receive(end=True, deadline_s=20)
    exchange = record.exchange()
    assert exchange.ended is Ended.BY_SERVER
    assert len(exchange.bytes("sent")) + len(exchange.bytes("received")) + exchange.cut == 2 * size


def test_a_server_that_says_its_end_first_is_sent_the_rest(serve: Callable[..., tuple[str, int]]) -> None:
    """Its half of the connection is closed, the other one is open: nothing spins, and all is sent."""
    size, taken = 20_000_000, []

    def behave(accepted: socket.socket) -> None:
        accepted.sendall(PLAIN)
        accepted.shutdown(socket.SHUT_WR)
        time.sleep(0.2)
        while data := accepted.recv(1_000_000):
            taken.append(len(data))

    record = recorder()
    with connected(serve(behave), record) as connection:
        connection.send(b"x" * size, deadline_s=20)
        assert connection.is_open
        assert connection.receive(end=True, deadline_s=10)
    until(lambda: sum(taken) == size)
    assert sum(taken) == size
    assert record.exchange().heard.then is Ended.BY_SERVER
