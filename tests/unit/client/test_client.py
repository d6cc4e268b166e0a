"""A client talks to one server, at the place that each call names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.client.certificate import issued
from harness.client.client import Client
from harness.model.addresses import Tcp, Unix
from harness.model.evidence import Ended, Exchange, Heard

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from harness.client.clock import TrialClock
    from harness.model.addresses import Address, SocketAddress

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"


def answering(sent: bytes = PLAIN) -> Callable[[socket.socket], None]:
    """Be a server that answers so."""

    def behave(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(sent)
        accepted.recv(1)

    return behave


class Places:
    """Reaches each address at a server of its own, and remembers which addresses were asked for."""

    def __init__(self, **places: SocketAddress) -> None:
        """Know the places by the text of their addresses."""
        self.places = places
        self.asked: list[Address] = []

    def __call__(self, at: Address) -> SocketAddress:
        """Return the place."""
        self.asked.append(at)
        return self.places[at.host if isinstance(at, Tcp) else at.name]


@pytest.fixture
def exchanges() -> list[Exchange]:
    """Return where a client's exchanges are kept."""
    return []


def test_every_call_may_name_a_place(
    serve: Callable[..., tuple[str, int]], exchanges: list[Exchange], clock: TrialClock
) -> None:
    """Else it is the server's own; the evidence says where, and the request is for that host."""
    places = Places(localhost=serve(answering()), other=serve(answering()), socket=serve(answering(SWITCHED)))
    client = Client("s", 80, reach=places, clock=clock, record=exchanges.append, at=Tcp(host="localhost"))
    assert client.get("/", name="own")
    with client.connect("raw", at=Tcp(host="other", port=7)) as connection:
        connection.send(b"GET / HTTP/1.1\r\n\r\n")
        assert connection.receive(answers=1, deadline_s=10)
    with client.websocket("ws", "/path", at=Unix()) as opened:
        assert opened.status == 101
    assert places.asked == [Tcp(host="localhost"), Tcp(host="other", port=7), Unix()]
    assert [one.address for one in exchanges] == ["localhost:80", "other:7", "unix:socket"]
    assert [one.protocol for one in exchanges] == ["HTTP/1.1", "HTTP/1.1", "WebSocket"]
    hosts = [one.bytes("sent").partition(b"Host: ")[2].partition(b"\r\n")[0] for one in exchanges]
    assert hosts == [b"localhost:80", b"", b"localhost"]


def test_the_leased_port_needs_no_address(
    serve: Callable[..., tuple[str, int]], exchanges: list[Exchange], clock: TrialClock
) -> None:
    """Kept evidence has none either."""
    place = serve(answering())
    client = Client("s", place[1], reach=lambda _: place, clock=clock, record=exchanges.append)
    assert client.request("PUT", "/", name="put", body=b"x", headers=[("x", "1"), (b"x", b"\xff")])
    assert exchanges[0].address == ""
    assert f"Host: 127.0.0.1:{place[1]}\r\n".encode() in exchanges[0].bytes("sent")
    assert b"x: 1\r\nx: \xff\r\n" in exchanges[0].bytes("sent")


def test_an_exchange_is_kept_however_it_ends(
    serve: Callable[..., tuple[str, int]], exchanges: list[Exchange], clock: TrialClock
) -> None:
    """Also where the scenario raises, and where a header cannot be sent."""
    client = Client("s", 80, reach=lambda _: serve(answering()), clock=clock, record=exchanges.append)
    with pytest.raises(ZeroDivisionError), client.connect("raw"):
        _ = 1 / 0
    with pytest.raises(ValueError, match="Latin-1"):
        client.get("/\u20ac", name="get")
    assert [(one.name, one.heard) for one in exchanges] == [("raw", Heard()), ("get", Heard())]


def test_a_server_with_a_certificate_is_spoken_to_by_tls(
    serve: Callable[..., tuple[str, int]], exchanges: list[Exchange], clock: TrialClock, tmp_path: Path
) -> None:
    """By every call; the files lie where the scenario names them."""
    certificate = issued(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"authority.pem", "certificate.pem", "key.pem"}
    client = Client("s", 80, reach=lambda _: serve(answering()), clock=clock, record=exchanges.append, tls=certificate)
    assert client.get("/", name="get", deadline_s=5) is None
    with client.websocket("ws", deadline_s=5) as opened:
        assert opened.status is None
    assert [one.ended for one in exchanges] == [Ended.FAILED] * 2
    assert all(one.failure.startswith("SSLError: ") for one in exchanges)
