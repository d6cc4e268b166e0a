"""Connections that record every byte with its time: raw ones, and a transport for httpx.

Both keep what crossed the wire in a `Recorder`, which becomes an `Exchange` of the evidence.
"""

from __future__ import annotations

import contextlib
import socket
import ssl  # noqa: TC003 - part of the interface of httpcore's streams
import time
from typing import TYPE_CHECKING, Any, Self

import httpcore
import httpx

from harness.model.evidence import Exchange, Frame, read_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from harness.model.evidence import Direction

KEPT_OF_EXCHANGE = 1024 * 1024  # bytes
_CHUNK = 64 * 1024


class Recorder:
    """Collects the frames of one exchange; ``clock`` gives seconds since the trial began."""

    def __init__(self, name: str, *, server: str, clock: Callable[[], float]) -> None:
        """Open the record now."""
        self._name = name
        self._server = server
        self._clock = clock
        self._opened_s = clock()
        self._frames: list[Frame] = []
        self._kept = 0
        self.ended = "closed by client"

    def add(self, direction: Direction, data: bytes) -> None:
        """Record bytes; beyond `KEPT_OF_EXCHANGE` only that they came."""
        room = max(0, KEPT_OF_EXCHANGE - self._kept)
        if room and data:
            self._frames.append(Frame(at_s=round(self._clock(), 4), direction=direction, data=data[:room]))
            self._kept += len(data[:room])

    def exchange(self) -> Exchange:
        """Close the record."""
        return Exchange(
            name=self._name,
            server=self._server,
            opened_s=round(self._opened_s, 4),
            ended_s=round(self._clock(), 4),
            ended=self.ended,
            frames=tuple(self._frames),
        )


class Connection:
    """A raw TCP connection to a server under test, for crafted bytes."""

    def __init__(self, address: tuple[str, int], recorder: Recorder, *, connect_s: float = 10.0) -> None:
        """Connect; a failure to do so is recorded and makes every later call do nothing."""
        self._recorder = recorder
        self._unread = b""
        self._answers = 0
        self._socket: socket.socket | None = None
        try:
            self._socket = socket.create_connection(address, timeout=connect_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            recorder.ended = _how(error)

    def __enter__(self) -> Self:
        """Use as a context; leaving it closes the connection."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        if self._socket:
            self._socket.close()

    def send(self, data: bytes) -> None:
        """Send the bytes in one call."""
        if self._socket:
            try:
                self._socket.sendall(data)
                self._recorder.add("sent", data)
            except OSError as error:
                self._close(_how(error))

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended the connection yet."""
        return self._socket is not None

    def receive(self, *, answers: int, deadline_s: float) -> bool:
        """Receive until so many answers, counted from the connection's beginning, are complete.

        ``deadline_s`` is counted from this call. False where the server or the deadline ended it first; no more
        is received then.
        """
        end = time.monotonic() + deadline_s
        while self._socket and self._answers < answers:
            self._socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self._socket.recv(_CHUNK)
            except OSError as error:
                self._close(_how(error))
                break
            if not data:
                self._close("closed by server")
                break
            self._recorder.add("received", data)
            complete, self._unread = read_answers(self._unread + data)
            self._answers += len(complete)
        return self._answers >= answers

    def _close(self, ended: str) -> None:
        """Note how the connection ended, and let it go."""
        self._recorder.ended = ended
        if self._socket:
            self._socket.close()
            self._socket = None


def _how(error: Exception) -> str:
    """Name a transport failure as the evidence does."""
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return "deadline"
    if isinstance(error, ConnectionRefusedError | httpcore.ConnectError):
        return "refused"
    if isinstance(error, ConnectionError | httpcore.ReadError | httpcore.WriteError):
        return "reset by server"
    if isinstance(error, httpcore.RemoteProtocolError):
        closed = "disconnected" in str(error) or "closed connection" in str(error)
        return "closed by server" if closed else f"not HTTP: {error}"
    return f"{type(error).__name__}: {error}"


class _RecordingStream(httpcore.NetworkStream):
    """httpcore's own stream, with a record of what crosses it."""

    def __init__(self, stream: httpcore.NetworkStream, recorder: Recorder) -> None:
        self._stream = stream
        self._recorder = recorder

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, timeout)
        self._recorder.add("received", data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        self._recorder.add("sent", buffer)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        raise NotImplementedError

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own signature
        return self._stream.get_extra_info(info)


class _RecordingBackend(httpcore.SyncBackend):
    """Opens recording streams."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _RecordingStream(stream, self._recorder)


class RecordingTransport(httpx.BaseTransport):
    """A transport for httpx whose every byte is recorded."""

    def __init__(self, recorder: Recorder) -> None:
        """Record into this."""
        self._pool = httpcore.ConnectionPool(network_backend=_RecordingBackend(recorder))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=str(request.url),
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, content=answer.read())

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


def request(
    method: str, url: str, recorder: Recorder, *, headers: dict[str, str] | None = None, deadline_s: float
) -> httpx.Response | None:
    """Make one ordinary request; None, and the recorder says how it ended, where no whole answer came."""
    client = httpx.Client(transport=RecordingTransport(recorder), timeout=deadline_s, trust_env=False)
    with contextlib.closing(client):
        try:
            return client.request(method, url, headers=headers)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            recorder.ended = _how(error)
            return None
