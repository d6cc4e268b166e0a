"""What lies below every protocol: TLS, whose inside is recorded, and Unix sockets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.client.certificate import Certificate, issued
from harness.client.transport import Transport
from harness.client.wire import Connection
from harness.errors import HarnessError
from harness.model.evidence import Ended, Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.client.clock import TrialClock
    from harness.client.recorder import ExchangeRecorder

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Python has no Unix sockets on Windows")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Return a certificate of an authority of its own."""
    return issued(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Return one that another authority has signed."""
    return issued(tmp_path_factory.mktemp("other"))


def answering(certificate: Certificate, sent: bytes = PLAIN) -> Callable[[socket.socket], None]:
    """Be a server that speaks TLS, answers one request and says the end in order."""

    def behave(accepted: socket.socket) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)
        context.set_alpn_protocols(["http/1.1"])
        with context.wrap_socket(accepted.dup(), server_side=True) as secret:
            secret.recv(65536)
            secret.sendall(sent)
            secret.unwrap()

    return behave


def test_what_is_recorded_is_inside_of_tls(
    serve: Callable[..., tuple[str, int]], certificate: Certificate, record: ExchangeRecorder, clock: TrialClock
) -> None:
    """As without TLS, the end included; the server's choice of a protocol is known."""
    transport = Transport(
        serve(answering(certificate)), record, clock=clock, tls=certificate.context(["http/1.1", "other"])
    )
    with Connection(transport, host="localhost") as connection:
        connection.send(ASKED)
        assert connection.receive(end=True, deadline_s=10)
    assert transport.chosen == "http/1.1"
    exchange = record.exchange()
    assert (exchange.bytes("sent"), exchange.bytes("received")) == (ASKED, PLAIN)
    assert exchange.heard == Heard.of((200, b"done"), then=Ended.BY_SERVER)


def test_a_client_says_the_end(
    serve: Callable[..., tuple[str, int]], certificate: Certificate, record: ExchangeRecorder, clock: TrialClock
) -> None:
    """A server that takes the end of TLS for a truncation sees none."""
    ends: list[object] = []

    def behave(accepted: socket.socket) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)
        with context.wrap_socket(accepted.dup(), server_side=True, suppress_ragged_eofs=False) as secret:
            try:
                ends.append(secret.recv(10))
            except OSError as error:
                ends.append(error)

    address = serve(behave)
    with Connection(Transport(address, record, clock=clock, tls=certificate.context()), host="localhost"):
        pass
    end = time.monotonic() + 10
    while not ends and time.monotonic() < end:
        time.sleep(0.01)
    assert ends == [b""]


def test_a_certificate_that_is_not_trusted_is_a_failure_in_words(
    serve: Callable[..., tuple[str, int]],
    certificate: Certificate,
    other: Certificate,
    record: ExchangeRecorder,
    clock: TrialClock,
) -> None:
    """The client trusts one authority alone; every later call does nothing."""
    with Connection(
        Transport(serve(answering(other)), record, clock=clock, tls=certificate.context()), host="localhost"
    ) as connection:
        assert not connection.is_open
        connection.send(ASKED)
    exchange = record.exchange()
    assert (exchange.ended, exchange.frames) == (Ended.FAILED, ())
    assert "certificate verify failed" in exchange.failure


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 70_000],
    ids=["HTTP", "a record that is too long"],
)
def test_a_server_without_tls_is_a_failure_in_words(
    said: bytes,
    serve: Callable[..., tuple[str, int]],
    certificate: Certificate,
    record: ExchangeRecorder,
    clock: TrialClock,
) -> None:
    """It speaks something else, or imitates the beginning of a handshake."""

    def behave(accepted: socket.socket) -> None:
        with contextlib.suppress(OSError):
            accepted.sendall(said)
            while accepted.recv(65536):
                pass

    Connection(Transport(serve(behave), record, clock=clock, tls=certificate.context()), host="localhost")
    exchange = record.exchange()
    assert exchange.ended is Ended.FAILED
    assert exchange.failure.startswith("SSLError: ")


def test_a_handshake_that_drips_does_not_outlast_the_deadline(
    serve: Callable[..., tuple[str, int]], certificate: Certificate, record: ExchangeRecorder, clock: TrialClock
) -> None:
    """A handshake's record without end, byte by byte."""
    over = threading.Event()

    def behave(accepted: socket.socket) -> None:
        accepted.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
        while not over.wait(0.01):
            accepted.sendall(b"x")

    began = time.monotonic()
    Connection(
        Transport(serve(behave), record, clock=clock, tls=certificate.context(), connect_s=0.4), host="localhost"
    )
    over.set()
    assert time.monotonic() - began < 5
    assert record.exchange().ended is Ended.DEADLINE


def test_tls_has_no_half_close(
    serve: Callable[..., tuple[str, int]], certificate: Certificate, record: ExchangeRecorder, clock: TrialClock
) -> None:
    """The scenario is told, rather than the connection broken."""
    address = serve(answering(certificate))
    with Connection(Transport(address, record, clock=clock, tls=certificate.context()), host="localhost") as connection:
        with pytest.raises(ValueError, match="half_close: a TLS connection"):
            connection.half_close()
        connection.send(ASKED)


def test_both_sides_may_send_at_once(
    serve: Callable[..., tuple[str, int]], certificate: Certificate, record: ExchangeRecorder, clock: TrialClock
) -> None:
    """Over TLS as without: a server that sends back what it gets is heard meanwhile."""
    size = 8_000_000

    def behave(accepted: socket.socket) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)
        with context.wrap_socket(accepted.dup(), server_side=True) as secret:
            left = size
            while left and (data := secret.recv(65536)):
                secret.sendall(data)
                left -= len(data)
            secret.unwrap()

    transport = Transport(serve(behave), record, clock=clock, tls=certificate.context())
    with Connection(transport, host="localhost") as connection:
        connection.send(b"x" * size, deadline_s=20)
        assert connection.receive(end=True, deadline_s=20)
    exchange = record.exchange()
    assert len(exchange.bytes("sent")) + len(exchange.bytes("received")) + exchange.cut == 2 * size


@pytest.fixture
def listening() -> Iterator[tuple[str, socket.socket]]:
    """Listen at a Unix socket; its path is short, as the system demands."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = str(Path(folder) / "s")
        listener.bind(path)
        listener.listen()
        yield path, listener


@POSIX
def test_a_unix_socket_is_reached(
    listening: tuple[str, socket.socket], record: ExchangeRecorder, clock: TrialClock
) -> None:
    """As a TCP port is, with a half-close; there is no reset."""
    path, listener = listening

    def behave() -> None:
        accepted, _ = listener.accept()
        with accepted:
            while accepted.recv(100):
                pass
            accepted.sendall(PLAIN)

    thread = threading.Thread(target=behave)
    thread.start()
    with Connection(Transport(path, record, clock=clock), host="localhost") as connection:
        connection.send(ASKED)
        connection.half_close()
        assert connection.receive(end=True, deadline_s=10)
        with pytest.raises(ValueError, match="reset: a Unix socket"):
            connection.reset()
    thread.join()
    assert record.exchange().heard == Heard.of((200, b"done"), then=Ended.BY_SERVER)


def test_reset_that_would_not_arrive_is_refused(record: ExchangeRecorder, clock: TrialClock) -> None:
    """What stands between would pass on a close, and a failure that a reset brings about would seem absent."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Connection(
            Transport(listener.getsockname(), record, clock=clock, may_reset=False), host="localhost"
        ) as connection,
    ):
        with pytest.raises(HarnessError, match="a reset does not reach the server"):
            connection.reset()
        assert connection.is_open
    assert not any(frame.act for frame in record.exchange().frames)


@POSIX
@pytest.mark.parametrize("is_there", [True, False])
def test_a_unix_socket_at_which_nobody_listens(
    is_there: bool,  # noqa: FBT001
    record: ExchangeRecorder,
    clock: TrialClock,
) -> None:
    """Left behind by a server that has ended, or not there at all: both refuse."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "s")
        if is_there:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
        Connection(Transport(path, record, clock=clock), host="localhost")
    assert record.exchange().heard == Heard.of(then=Ended.REFUSED)


@pytest.mark.skipif(sys.platform != "win32", reason="Python has Unix sockets here")
def test_there_is_no_unix_socket_on_windows(record: ExchangeRecorder, clock: TrialClock) -> None:
    """The scenario is told."""
    with pytest.raises(HarnessError, match="Unix socket"):
        Transport("socket", record, clock=clock)


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_an_address_of_ipv6_is_reached(record: ExchangeRecorder, clock: TrialClock) -> None:
    """Where the machine has one."""
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no loopback address of IPv6")
    with (
        listener,
        Connection(Transport(("::1", listener.getsockname()[1]), record, clock=clock), host="localhost") as connection,
    ):
        accepted, _ = listener.accept()
        accepted.sendall(PLAIN)
        accepted.close()
        assert connection.receive(answers=1, deadline_s=10)
    assert record.exchange().heard == Heard.of((200, b"done"))
