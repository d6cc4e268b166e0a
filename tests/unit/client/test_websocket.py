"""A WebSocket does what a scenario says and no more; its kept bytes say what the scenario saw."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Request, TextMessage

from harness.client.recorder import KEPT_OF_EXCHANGE
from harness.client.transport import Transport
from harness.client.websocket import WebSocket
from harness.model.evidence import Ended, Exchange, Heard
from harness.model.messages import Message

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from harness.client.clock import TrialClock
    from harness.client.recorder import ExchangeRecorder

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"
Serve = "Callable[[Callable[[socket.socket], None]], tuple[str, int]]"


@pytest.fixture
def open_to(
    serve: Callable[[Callable[[socket.socket], None]], tuple[str, int]], record: ExchangeRecorder, clock: TrialClock
) -> Callable[..., WebSocket]:
    """Open a WebSocket to a server that behaves so."""

    def start(behave: Callable[[socket.socket], None], *, deadline_s: float = 10, **options: object) -> WebSocket:
        opened = WebSocket(Transport(serve(behave), record, clock=clock))
        headers: tuple[tuple[bytes, bytes], ...] = options.get("headers", ())  # type: ignore[assignment]
        opened.open("/ws", host="localhost", headers=headers, deadline_s=deadline_s)
        return opened

    return start


def echo(accepted: socket.socket) -> None:
    """Be a server that sends every message back, by wsproto: what breaks the protocol ends it."""
    server = WSConnection(ConnectionType.SERVER)
    while data := accepted.recv(65536):
        server.receive_data(data)
        for event in server.events():
            match event:
                case Request():
                    accepted.sendall(server.send(AcceptConnection()))
                case TextMessage():
                    accepted.sendall(server.send(TextMessage(event.data, message_finished=event.message_finished)))
                case BytesMessage():
                    accepted.sendall(server.send(BytesMessage(event.data, message_finished=event.message_finished)))
                case Ping() | CloseConnection():
                    accepted.sendall(server.send(event.response()))
        if server.state.name == "CLOSED":
            return


def raw(sent: bytes, over: threading.Event | None = None) -> Callable[[socket.socket], None]:
    """Be a server that sends these bytes after a first request, and stays until the event."""

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(sent)
        if over:
            over.wait(20)

    return behave


def read_again(exchange: Exchange) -> Heard:
    """Return what is heard of an exchange that was written and read."""
    return msgspec.json.decode(msgspec.json.encode(exchange), type=Exchange).heard


def test_messages_come_back(open_to: Callable[..., WebSocket], record: ExchangeRecorder) -> None:
    """Texts, bytes, fragments, empty ones, and a close in order; the evidence holds what was seen."""
    with open_to(echo) as opened:
        assert opened.status == 101
        assert (b"Connection", b"Upgrade") in opened.headers
        seen = []
        for sent in ("a\u20ac", b"\x00\xff", "", "x" * 70_000):
            opened.send(sent)
            seen.append(opened.receive(deadline_s=10))
        opened.frame(9, b"ping")
        seen.append(opened.receive(deadline_s=10))
        opened.close(3000, "bye")
        seen.append(opened.receive(deadline_s=10))
        assert opened.receive(deadline_s=10) is None
        assert opened.closed == 3000
    expected = (
        Message.of("text", "a\u20ac"),
        Message.of("binary", b"\x00\xff"),
        Message.of("text"),
        Message.of("text", "x" * 70_000),
        Message.of("pong", b"ping"),
        Message.of("close", "bye", code=3000),
    )
    assert [one and one.short() for one in seen] == list(expected)
    assert record.exchange().heard == Heard.of((101, b""), messages=expected, then=Ended.BY_SERVER)
    assert read_again(record.exchange()) == record.exchange().heard


def test_a_message_in_fragments(open_to: Callable[..., WebSocket]) -> None:
    """The server puts them together, also around a ping."""
    with open_to(echo) as opened:
        opened.frame(1, b"a", fin=False)
        opened.frame(9)
        opened.frame(0, b"b")
        kinds = [message.kind for _ in range(2) if (message := opened.receive(deadline_s=10))]
        assert "pong" in kinds


def test_a_breach_of_the_client_is_sent_as_it_is(open_to: Callable[..., WebSocket], record: ExchangeRecorder) -> None:
    """Neither masked nor allowed: the server ends the WebSocket."""
    with open_to(echo) as opened:
        opened.frame(11, b"x", fin=False, rsv=5, masked=False)
        opened.receive(deadline_s=10)
        assert opened.closed in {1002, "eof"}
    assert record.exchange().bytes("sent").endswith(b"\r\n\r\n\x5b\x01x")
    with pytest.raises(ValueError, match="opcode=16"):
        opened.frame(16)


def test_nothing_is_answered_unasked(open_to: Callable[..., WebSocket], record: ExchangeRecorder) -> None:
    """Neither a ping nor a close; and a compressed frame, which nobody offered, stays as it is."""
    over = threading.Event()
    with open_to(raw(SWITCHED + b"\x89\x01p\xc1\x01z\x88\x02\x03\xe9", over)) as opened:
        kinds = [message.kind for _ in range(3) if (message := opened.receive(deadline_s=10))]
        assert kinds == ["ping", "frame", "close"]
        assert opened.closed == 1001
        assert opened.receive(deadline_s=10, quiet_s=0.05) is None
        assert opened.is_open
    over.set()
    assert record.exchange().bytes("sent").count(b"\r\n\r\n") == 1
    assert record.exchange().bytes("sent").endswith(b"\r\n\r\n")
    assert b"Sec-WebSocket-Extensions" not in record.exchange().bytes("sent")


def test_headers_replace_those_of_the_handshake(open_to: Callable[..., WebSocket], record: ExchangeRecorder) -> None:
    """As they were given, repeated, and of bytes that are no text."""
    headers = ((b"SEC-WebSocket-Version", b"12"), (b"x", b"\xff"), (b"x", b""), (b"Host", b"other"))
    with open_to(raw(b"HTTP/1.1 426 Upgrade\r\ncontent-length: 2\r\n\r\nno"), headers=headers) as opened:
        assert opened.status == 426
        opened.send("never sent")
        opened.close()
        assert opened.receive(deadline_s=10) is None
    sent = record.exchange().bytes("sent")
    assert sent.startswith(b"GET /ws HTTP/1.1\r\n")
    assert sent.endswith(b"\r\nSEC-WebSocket-Version: 12\r\nx: \xff\r\nx: \r\nHost: other\r\n\r\n")
    assert b"Version: 13" not in sent
    assert record.exchange().heard == Heard.of((426, b"no"))


@pytest.mark.parametrize(
    ("sent", "ended"),
    [
        (b"", Ended.BY_SERVER),
        (SWITCHED[:-2], Ended.BY_SERVER),
        (b"\x00 garbage\r\n\r\n", Ended.NOT_HTTP),
        (b"HTTP/1.1 403 no\r\ncontent-length: 5\r\n\r\nno", Ended.BY_SERVER),
    ],
)
def test_a_handshake_without_a_whole_answer(
    sent: bytes, ended: Ended, open_to: Callable[..., WebSocket], record: ExchangeRecorder
) -> None:
    """No status; every later call does nothing, and the evidence says why."""
    with open_to(raw(sent)) as opened:
        assert opened.status is None
        opened.send("never sent")
        assert opened.receive(deadline_s=10) is None
    exchange = record.exchange()
    assert (exchange.heard, read_again(exchange)) == (Heard(torn=sent, then=ended),) * 2


def test_a_handshake_that_drips_does_not_outlast_the_deadline(
    open_to: Callable[..., WebSocket], record: ExchangeRecorder
) -> None:
    """However often a byte comes."""
    over = threading.Event()

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(SWITCHED[:-2])
        while not over.wait(0.01):
            accepted.sendall(b"x: y\r\n")

    with open_to(behave, deadline_s=0.3) as opened:
        assert opened.status is None
    over.set()
    assert record.exchange().ended is Ended.DEADLINE


def test_fragments_without_end_do_not_outlast_the_deadline(
    open_to: Callable[..., WebSocket], record: ExchangeRecorder
) -> None:
    """They are no message, and hardly any of them is kept."""
    over = threading.Event()

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(SWITCHED + b"\x02\x00")
        while not over.is_set():
            accepted.sendall((b"\x00\x7d" + b"x" * 125) * 400)

    with open_to(behave) as opened:
        assert opened.receive(deadline_s=0.5) is None
    over.set()
    exchange = record.exchange()
    assert exchange.ended is Ended.DEADLINE
    assert len(exchange.bytes("received")) <= KEPT_OF_EXCHANGE
    assert read_again(exchange) == exchange.heard
    assert [message.unfinished for message in exchange.heard.messages] == [True]


@pytest.mark.parametrize("breach", [b"\x83\x00", b"\x82\x7f" + b"\xff" * 8 + b"x"])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_breach_of_the_server_ends_the_websocket(
    breach: bytes,
    at_once: bool,  # noqa: FBT001
    open_to: Callable[..., WebSocket],
    record: ExchangeRecorder,
) -> None:
    """In words, without waiting for more; what came before it can still be received."""
    over, opened_now = threading.Event(), threading.Event()

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(SWITCHED + (b"\x81\x01a" + breach if at_once else b""))
        if not at_once:
            opened_now.wait(10)
            accepted.sendall(b"\x81\x01a" + breach)
        over.wait(10)

    with open_to(behave) as opened:
        opened_now.set()
        assert opened.receive(deadline_s=5) == Message.of("text", "a")
        assert opened.receive(deadline_s=5) is None
    over.set()
    exchange = record.exchange()
    assert (exchange.ended, exchange.failure.partition(":")[0]) == (Ended.FAILED, "not WebSocket")
    assert exchange.heard == Heard(
        replies=Heard.of((101, b"")).replies, messages=(Message.of("text", "a"),), torn=breach, then=Ended.FAILED
    )
    assert read_again(exchange) == exchange.heard


def test_what_is_not_kept_is_heard(open_to: Callable[..., WebSocket], record: ExchangeRecorder) -> None:
    """A message longer than what is kept of an exchange, sent and received, and what comes behind it."""
    long = "x" * (KEPT_OF_EXCHANGE + 10)
    with open_to(echo) as opened:
        opened.send(long)
        first = opened.receive(deadline_s=10)
        while first and first.kind == "text" and first.size < len(long):  # wsproto's server answers piece by piece
            first = opened.receive(deadline_s=10)
        opened.close()
        opened.receive(deadline_s=10)
    exchange = record.exchange()
    assert exchange.cut > KEPT_OF_EXCHANGE
    assert exchange.heard.messages == (Message.of("text", long), Message.of("close", code=1000))
    assert read_again(exchange) == exchange.heard


def test_a_close_that_comes_too_early_is_heard(open_to: Callable[..., WebSocket], record: ExchangeRecorder) -> None:
    """The server refuses a message that is still being sent, and ends the connection."""

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(SWITCHED)
        accepted.recv(10)
        accepted.sendall(b"\x88\x05\x03\xf1big")

    with open_to(behave) as opened:
        opened.send(b"x" * 50_000_000)
        assert opened.receive(deadline_s=10) == Message.of("close", "big", code=1009)
        assert opened.closed == 1009
    exchange = record.exchange()
    assert exchange.heard == Heard.of((101, b""), messages=(Message.of("close", "big", code=1009),), then=Ended.RESET)
    assert read_again(exchange) == exchange.heard
