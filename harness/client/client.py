"""What a scenario says to one server: requests and connections, each of which becomes an exchange of the evidence."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import msgspec

from harness.client.recorder import ExchangeRecorder
from harness.client.transport import CONNECT_S, Transport
from harness.client.wire import Connection
from harness.model.addresses import Tcp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harness.client.certificate import Certificate
    from harness.client.clock import TrialClock
    from harness.client.http2 import Http2
    from harness.client.requests import Text
    from harness.client.websocket import WebSocket
    from harness.model.addresses import Address, SocketAddress
    from harness.model.answers import Answer
    from harness.model.evidence import Exchange

LOOPBACK = "127.0.0.1"


class Client:
    """Talks to one server. Every method raises `harness.client.clock.TrialOverError` once the trial's time is over.

    A server that is reached at several places is reached at one of them by ``at``, which each call takes.

    Attributes:
        name: the server's name in the evidence.
        port: the TCP port that was leased for the server.

    """

    def __init__(
        self,
        name: str,
        port: int,
        *,
        reach: Callable[[Address], SocketAddress],
        clock: TrialClock,
        record: Callable[[Exchange], None],
        at: Address | None = None,
        tls: Certificate | None = None,
        may_reset: bool = True,
    ) -> None:
        """Talk to the server of this name.

        Args:
            name: the server's name in the evidence.
            port: the leased port.
            reach: returns what a socket connects to for an address.
            clock: the trial's.
            record: takes each exchange when it is over.
            at: where the server is reached unless a call says otherwise; the leased port of 127.0.0.1 by default.
            tls: the certificate of a server that speaks TLS; None: it does not.
            may_reset: whether a reset of the client's reaches the server.

        """
        self.name = name
        self.port = port
        self._reach = reach
        self._clock = clock
        self._record = record
        self._tls = tls
        self._may_reset = may_reset
        self._at = at or Tcp(host=LOOPBACK)

    def get(
        self,
        path: Text,
        *,
        name: str,
        headers: Iterable[tuple[Text, Text]] = (),
        deadline_s: float = 10.0,
        at: Address | None = None,
    ) -> Answer | None:
        """Make an ordinary GET request; see `request`."""
        return self.request("GET", path, name=name, headers=headers, deadline_s=deadline_s, at=at)

    def request(
        self,
        method: Text,
        path: Text,
        *,
        name: str,
        headers: Iterable[tuple[Text, Text]] = (),
        body: bytes = b"",
        deadline_s: float = 10.0,
        at: Address | None = None,
    ) -> Answer | None:
        """Make an ordinary request on a connection of its own, which becomes the exchange ``name``.

        Args:
            method: such as ``GET``.
            path: the path as the request line has it.
            name: the name of the exchange in the evidence.
            headers: further headers, in this order, repeats allowed; each replaces the harness's own of its name.
                A text is sent in Latin-1; bytes are sent as they are.
            body: the bytes after the headers; their length is sent unless a header says another framing.
            deadline_s: seconds to connect, to send and to receive the whole answer, all together.
            at: where the server is reached.

        Returns:
            The whole answer, or None where none came in time; the evidence says how the exchange ended.

        """
        with self._recorded(name, at) as recorder:
            return self._ask(recorder, method, path, headers=headers, body=body, deadline_s=deadline_s, at=at)

    def _ask(
        self,
        recorder: ExchangeRecorder,
        method: Text,
        path: Text,
        *,
        headers: Iterable[tuple[Text, Text]] = (),
        body: bytes = b"",
        deadline_s: float,
        at: Address | None = None,
    ) -> Answer | None:
        end = time.monotonic() + deadline_s
        transport = self._transport(recorder, at, connect_s=deadline_s)
        with Connection(transport, host=self._host(at)) as connection:
            left = max(0.001, end - time.monotonic())
            return connection.request(method, path, headers=headers, body=body, deadline_s=left)

    @contextlib.contextmanager
    def connect(self, name: str, *, at: Address | None = None) -> Iterator[Connection]:
        """Open a raw connection for crafted bytes, which becomes the exchange ``name``."""
        with (
            self._recorded(name, at) as recorder,
            Connection(self._transport(recorder, at), host=self._host(at)) as connection,
        ):
            yield connection

    @contextlib.contextmanager
    def websocket(
        self,
        name: str,
        path: Text = "/",
        *,
        headers: Iterable[tuple[Text, Text]] = (),
        deadline_s: float = 5.0,
        at: Address | None = None,
    ) -> Iterator[WebSocket]:
        """Open a WebSocket, which becomes the exchange ``name``; a refusal is an answer, see `WebSocket.status`.

        Args:
            name: the name of the exchange in the evidence.
            path: the path as the request line has it.
            headers: further headers of the handshake; each replaces the harness's own of its name, also those that a
                WebSocket needs.
            deadline_s: seconds to connect and to make the handshake, all together.
            at: where the server is reached.

        """
        from harness.client.websocket import WebSocket  # noqa: PLC0415 - few scenarios need one

        end = time.monotonic() + deadline_s
        with (
            self._recorded(name, at) as recorder,
            WebSocket(self._transport(recorder, at, connect_s=deadline_s)) as opened,
        ):
            left = max(0.001, end - time.monotonic())
            opened.open(path, host=self._host(at), headers=headers, deadline_s=left)
            yield opened

    @contextlib.contextmanager
    def http2(self, name: str, *, deadline_s: float = 5.0, at: Address | None = None) -> Iterator[Http2]:
        """Open a connection of HTTP/2, which becomes the exchange ``name``.

        Over TLS the server must choose `h2` by ALPN; without TLS the server is taken to speak HTTP/2 (prior knowledge).

        Args:
            name: the name of the exchange in the evidence.
            deadline_s: seconds to connect and to begin, all together.
            at: where the server is reached.

        """
        from harness.client.http2 import ALPN, Http2  # noqa: PLC0415 - few scenarios need one

        end = time.monotonic() + deadline_s
        with self._recorded(name, at) as recorder:
            transport = self._transport(recorder, at, connect_s=deadline_s, protocols=(ALPN,))
            with Http2(transport, host=self._host(at), is_secret=self._tls is not None) as opened:
                opened.begin(max(0.001, end - time.monotonic()))
                yield opened

    @contextlib.contextmanager
    def _recorded(self, name: str, at: Address | None) -> Iterator[ExchangeRecorder]:
        """Record one exchange."""
        place = at or self._at
        address = "" if place == Tcp(host=LOOPBACK) else str(self._placed(place))
        recorder = ExchangeRecorder(name, server=self.name, clock=self._clock, address=address)
        try:
            yield recorder
        finally:
            self._record(recorder.exchange())

    def _transport(
        self,
        recorder: ExchangeRecorder,
        at: Address | None,
        *,
        connect_s: float = CONNECT_S,
        protocols: tuple[str, ...] = (),
    ) -> Transport:
        tls = self._tls.context(protocols) if self._tls else None
        return Transport(
            self._reach(at or self._at),
            recorder,
            clock=self._clock,
            connect_s=connect_s,
            tls=tls,
            may_reset=self._may_reset,
        )

    @property
    def host(self) -> str:
        """What a request to the server's usual address says it is for."""
        return self._host(None)

    def _host(self, at: Address | None) -> str:
        """Return what a request says it is for."""
        place = self._placed(at or self._at)
        return str(place) if isinstance(place, Tcp) else "localhost"

    def _placed(self, at: Address) -> Address:
        """Return the address with its port."""
        return msgspec.structs.replace(at, port=self.port) if isinstance(at, Tcp) and at.port is None else at
