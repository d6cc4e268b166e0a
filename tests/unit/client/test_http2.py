"""HTTP/2 with a server of the tests' own: ordinary requests, crafted bytes, and what a server may do to a client."""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset
from hpack import Encoder
from hyperframe.frame import DataFrame, GoAwayFrame, HeadersFrame, PushPromiseFrame, RstStreamFrame, SettingsFrame

from harness.client.certificate import issued
from harness.client.http2 import ALPN, Http2
from harness.client.recorder import KEPT_OF_EXCHANGE
from harness.client.transport import Transport
from harness.model.answers import reply
from harness.model.evidence import Ended, Exchange, Heard
from harness.model.messages import Stream

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from harness.client.clock import TrialClock
    from harness.client.recorder import ExchangeRecorder

SETTINGS = SettingsFrame(0).serialize()
OPENING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture
def open_to(serve: Callable[..., tuple[str, int]], record: ExchangeRecorder, clock: TrialClock) -> Callable[..., Http2]:
    """Open a connection to a server that behaves so."""

    def start(behave: Callable[[socket.socket], None]) -> Http2:
        transport = Transport(serve(behave), record, clock=clock)
        opened = Http2(transport, host="localhost", is_secret=False)
        opened.begin(10)
        return opened

    return start


def echo(accepted: socket.socket) -> None:
    """Be a server that answers with method, path, and the beginning of the body; it resets `/reset`."""
    server = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
    server.initiate_connection()
    bodies: dict[int, bytes] = {}
    accepted.sendall(server.data_to_send())
    while received := accepted.recv(65536):
        for event in server.receive_data(received):
            match event:
                case RequestReceived():
                    headers = {str(name): str(value) for name, value in event.headers}
                    bodies[event.stream_id] = f"{headers[':method']} {headers[':path']} ".encode()
                case DataReceived():
                    bodies[event.stream_id] += event.data
                    server.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case StreamEnded() if bodies[event.stream_id].startswith(b"GET /reset"):
                    server.reset_stream(event.stream_id, 7)
                case StreamEnded():
                    server.send_headers(event.stream_id, [(":status", "200"), ("x", "1"), ("x", "2")])
                    body = bodies[event.stream_id]
                    for start in range(0, min(len(body), 20_000), 10_000):
                        server.send_data(event.stream_id, body[start : start + 10_000])
                    server.end_stream(event.stream_id)
                case StreamReset():
                    bodies.pop(event.stream_id, None)
        accepted.sendall(server.data_to_send())


def answer(stream: int, body: bytes = b"done", *, end: bool = True) -> bytes:
    """Return the frames of an answer."""
    head = HeadersFrame(stream, data=Encoder().encode([(":status", "200")]), flags=["END_HEADERS"]).serialize()
    return head + DataFrame(stream, body, flags=["END_STREAM"] if end else []).serialize()


def raw(sent: bytes, over: threading.Event | None = None) -> Callable[[socket.socket], None]:
    """Be a server that sends these bytes once a request has come, and stays until the event."""

    def behave(accepted: socket.socket) -> None:
        got = b""
        while b"localhost" not in got and b"\x8a\x08\x9d\x5c\x0b\x81\x70" not in got and len(got) < 80:
            got += accepted.recv(65536)
        accepted.sendall(sent)
        if over:
            over.wait(20)

    return behave


def read_again(exchange: Exchange) -> Heard:
    """Return what is heard of an exchange that was written and read."""
    return msgspec.json.decode(msgspec.json.encode(exchange), type=Exchange).heard


def test_requests_are_answered(open_to: Callable[..., Http2], record: ExchangeRecorder) -> None:
    """Two at once, with headers as they are, one in pieces; a reset is no answer; the evidence holds it all."""
    with open_to(echo) as opened:
        first = opened.request("GET", "/a", headers=[("x", "1"), (b"x", b"\xff"), (":authority", "other")])
        second = opened.request("POST", "/b", end=False)
        opened.send(second, b"bo")
        opened.send(second, b"dy", end=True)
        third = opened.request("GET", "/reset")
        found = opened.answer(first, deadline_s=10)
        assert found
        assert (found.status, found.body, found.header("X")) == (200, b"GET /a ", (b"1", b"2"))
        late = opened.answer(second, deadline_s=10)
        assert late
        assert late.body == b"POST /b body"
        assert opened.answer(third, deadline_s=10) is None
        assert opened.is_open
    exchange = record.exchange()
    assert (first, second, third) == (1, 3, 5)
    assert exchange.protocol == "HTTP/2"
    assert exchange.bytes("sent").startswith(OPENING)
    assert exchange.heard == Heard.of(
        streams=(
            Stream.of(1, 200, b"GET /a "),
            Stream.of(3, 200, b"POST /b body"),
            Stream.of(5, reset="REFUSED_STREAM"),
        )
    )
    assert [one.body for one in exchange.answers] == [b"GET /a ", b"POST /b body"]
    assert read_again(exchange) == exchange.heard


def test_a_body_waits_for_the_windows(open_to: Callable[..., Http2]) -> None:
    """It is longer than any of them, and longer than what is kept of an exchange."""
    with open_to(echo) as opened:
        stream = opened.request("POST", "/", body=b"x" * (KEPT_OF_EXCHANGE + 1))
        found = opened.answer(stream, deadline_s=10)
        assert found
        assert found.body == (b"POST / " + b"x" * 20_000)[:20_000]


def test_what_is_not_kept_is_heard(open_to: Callable[..., Http2], record: ExchangeRecorder) -> None:
    """The streams that ended after the bytes that are kept."""
    with open_to(echo) as opened:
        for number in range(20):
            body = b"x" * 70_000 if number else b""
            assert opened.answer(opened.request("POST", f"/{number}", body=body), deadline_s=10)
    exchange = record.exchange()
    assert exchange.cut > 0
    assert [stream.number for stream in exchange.heard.streams] == list(range(1, 41, 2))
    assert exchange.heard.streams[0].reply == reply(200, b"POST /0 ")
    assert read_again(exchange) == exchange.heard


def test_a_long_answer_opens_the_windows(open_to: Callable[..., Http2]) -> None:
    """Of the stream and of the connection, as any client does."""

    def behave(accepted: socket.socket) -> None:
        server = H2Connection(H2Configuration(client_side=False))
        server.initiate_connection()
        left, stream = 300_000, 0
        while received := accepted.recv(65536):
            for event in server.receive_data(received):
                if isinstance(event, RequestReceived):
                    stream = event.stream_id
                    server.send_headers(stream, [(":status", "200")])
            while stream and left and (room := min(server.local_flow_control_window(stream), 16_384, left)):
                left -= room
                server.send_data(stream, b"x" * room, end_stream=not left)
            accepted.sendall(server.data_to_send())

    with open_to(behave) as opened:
        found = opened.answer(opened.request("GET", "/"), deadline_s=10)
        assert found
        assert found.size == 300_000


def test_a_client_goes_on_after_the_end_was_announced(open_to: Callable[..., Http2], record: ExchangeRecorder) -> None:
    """The answer that is under way comes, and a further request is sent: what the server does then is the question."""
    over = threading.Event()
    goaway = GoAwayFrame(0, last_stream_id=1, error_code=0).serialize()
    with open_to(raw(SETTINGS + goaway + answer(1), over)) as opened:
        assert opened.answer(opened.request("GET", "/"), deadline_s=10)
        assert opened.answer(opened.request("GET", "/"), deadline_s=0.1) is None
    over.set()
    exchange = record.exchange()
    assert str(exchange.heard) == "stream 1: 200 b'done', goaway NO_ERROR, then deadline"
    assert read_again(exchange) == exchange.heard


def test_a_stream_is_given_up(open_to: Callable[..., Http2], record: ExchangeRecorder) -> None:
    """The others go on; nothing more can be sent on it, nor on one that has ended, nor on one that is not there."""
    with open_to(echo) as opened:
        first = opened.request("POST", "/", end=False)
        opened.reset(first)
        opened.reset(first)
        opened.send(first, b"x")
        second = opened.request("GET", "/")
        assert opened.answer(second, deadline_s=10)
        opened.send(second, b"x")
        third = opened.request("GET", "/")
        with pytest.raises(ValueError, match=f"send: stream {third}: "):
            opened.send(third, b"x")
        with pytest.raises(ValueError, match="send: stream 99: "):
            opened.send(99, b"x")
        with pytest.raises(ValueError, match="reset: stream 99: "):
            opened.reset(99)
    assert RstStreamFrame(first, error_code=8).serialize() in record.exchange().bytes("sent")
    assert record.exchange().heard.streams[0] == Stream.of(3, 200, b"GET / ")


def test_raw_bytes_go_out_as_they_are(open_to: Callable[..., Http2], record: ExchangeRecorder) -> None:
    """An answer to them is heard, though h2 knows of no such request; h2 then sends nothing more, and says so."""
    over = threading.Event()
    with open_to(raw(SETTINGS + answer(7) + answer(9), over)) as opened:
        opened.raw(b"\x00\x00\x00\x01\x05\x00\x00\x00\x07localhost")
        found = opened.answer(7, deadline_s=10)
        assert found
        assert found.body == b"done"
        assert opened.receive(quiet_s=0.1, deadline_s=10)
        with pytest.raises(ValueError, match="after raw bytes h2 has given up"):
            opened.request("GET", "/")
    over.set()
    assert record.exchange().bytes("sent").count(b"localhost") == 1
    assert str(record.exchange().heard) == "stream 7: 200 b'done', stream 9: 200 b'done'"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "torn b'HTTP/1.1 400 Bad Request"),
        (SETTINGS + b"\x00\x40\x01" + bytes(6), "torn b'\\x00@\\x01"),
        (SETTINGS + answer(7), "stream 7: 200 b'done'"),  # nobody asked for it
        (SETTINGS + PushPromiseFrame(1, promised_stream_id=2, flags=["END_HEADERS"]).serialize(), "then failed"),
    ],
)
def test_a_breach_ends_the_connection(
    sent: bytes, told: str, open_to: Callable[..., Http2], record: ExchangeRecorder
) -> None:
    """In words, without waiting for more."""
    over = threading.Event()
    with open_to(raw(sent, over)) as opened:
        assert opened.answer(opened.request("GET", "/"), deadline_s=10) is None
        assert not opened.is_open
        assert opened.request("GET", "/") == 3
    over.set()
    exchange = record.exchange()
    assert exchange.ended is Ended.FAILED
    assert exchange.failure.startswith("not HTTP/2: ")
    assert str(exchange.heard).startswith(told)
    assert read_again(exchange) == exchange.heard


def test_the_end_and_the_silence_are_awaited(open_to: Callable[..., Http2], record: ExchangeRecorder) -> None:
    """As on any connection; a call that waits for both or none is a mistake."""
    gone = GoAwayFrame(0, last_stream_id=0, error_code=1).serialize()
    with open_to(raw(SETTINGS + gone)) as opened:
        with pytest.raises(ValueError, match="receive: "):
            opened.receive(deadline_s=10)
        with pytest.raises(ValueError, match="receive: "):
            opened.receive(quiet_s=10, deadline_s=10)
        opened.request("GET", "/")
        assert opened.receive(end=True, deadline_s=10)
    assert str(record.exchange().heard) == "goaway PROTOCOL_ERROR, then closed by server"


def test_a_body_that_nobody_takes_does_not_outlast_the_deadline(
    open_to: Callable[..., Http2], record: ExchangeRecorder
) -> None:
    """The windows stay closed."""
    over = threading.Event()
    with open_to(raw(SETTINGS, over)) as opened:
        opened.request("POST", "/", body=b"x" * 200_000, deadline_s=0.3)
        assert not opened.is_open
    over.set()
    assert record.exchange().ended is Ended.DEADLINE


@pytest.mark.parametrize("chosen", [ALPN, "http/1.1", None])
def test_over_tls_the_server_chooses(
    chosen: str | None,
    serve: Callable[..., tuple[str, int]],
    record: ExchangeRecorder,
    clock: TrialClock,
    tmp_path: Path,
) -> None:
    """Where it chooses another protocol, nothing is sent to it."""
    certificate = issued(tmp_path)

    def behave(accepted: socket.socket) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)
        if chosen:
            context.set_alpn_protocols([chosen])
        with context.wrap_socket(accepted.dup(), server_side=True) as secret:
            echo(secret)

    transport = Transport(serve(behave), record, clock=clock, tls=certificate.context([ALPN]))
    with Http2(transport, host="localhost", is_secret=True) as opened:
        opened.begin(10)
        found = opened.answer(opened.request("GET", "/"), deadline_s=10)
        assert (found is not None) == (chosen == ALPN)
    exchange = record.exchange()
    if chosen == ALPN:
        assert str(exchange.heard) == "stream 1: 200 b'GET / '"
    else:
        assert (exchange.ended, exchange.frames) == (Ended.FAILED, ())
        assert exchange.failure == "the server did not choose h2 by ALPN, but nothing"
