"""The socket below every protocol: what crosses it is recorded, every call has a deadline, and each end has a name.

Over TLS the recorded bytes are those inside; a handshake that fails is a failed connection, which says why in words.
What a server sends is heard while the client sends, too: a server that answers before it has read everything is neither
blocked nor missed. After the end of the connection every call does nothing, so that an observation goes on and the
evidence says why nothing came.
"""

from __future__ import annotations

import contextlib
import math
import selectors
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, cast

from harness.client.certificate import NAME
from harness.errors import HarnessError
from harness.model.evidence import Ended

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from harness.client.clock import TrialClock
    from harness.client.recorder import ExchangeRecorder
    from harness.model.addresses import SocketAddress

SEND_S = 10.0
CONNECT_S = 10.0
_CHUNK = 64 * 1024
_REST = 64  # pieces of `_CHUNK` that are received of a connection which can no longer be sent on
_NO_LINGER = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)  # closing resets


class Transport:
    """A connection to a server, without a protocol.

    Attributes:
        recorder: the record of the exchange.
        clock: the trial's.
        chosen: the protocol that the server chose by ALPN; None where it chose none.
        hear: takes what is received, as soon as it is; no bytes mean that the server ended the connection. It sends
            nothing, for something may be half sent.

    """

    def __init__(
        self,
        address: SocketAddress,
        recorder: ExchangeRecorder,
        *,
        clock: TrialClock,
        connect_s: float = CONNECT_S,
        tls: ssl.SSLContext | None = None,
        may_reset: bool = True,
    ) -> None:
        """Connect; a failure to do so is recorded.

        Args:
            address: what to connect to.
            recorder: takes what crosses the connection.
            clock: the trial's.
            connect_s: seconds to connect, the handshake of TLS included.
            tls: how to speak TLS; None: not at all.
            may_reset: whether a reset reaches the server; where something stands between, it arrives as a close.

        Raises:
            HarnessError: the address is a Unix socket, and Python has none on this platform.
            TrialOverError: the trial's time is over.

        """
        self.recorder = recorder
        self.chosen: str | None = None
        self.hear: Callable[[bytes], None] = lambda _: None
        self._is_unix = isinstance(address, str)
        self.clock = clock
        self._is_secret = tls is not None
        self._may_reset = may_reset
        self._socket: socket.socket | None = None
        end = time.monotonic() + connect_s
        try:
            self._socket = _connected(address, clock.bounded(connect_s))
            if tls:
                self._socket = self._secret(self._socket, tls, end)
        except OSError as error:
            self._fail(error)

    def _secret(self, plain: socket.socket, tls: ssl.SSLContext, end: float) -> socket.socket:
        """Make the handshake of TLS, whose deadline is one for all of its bytes."""
        plain.settimeout(self.clock.bounded(max(0.001, end - time.monotonic())))
        secret = tls.wrap_socket(plain, server_hostname=NAME)
        self.chosen = secret.selected_alpn_protocol()
        return secret

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended the connection yet."""
        return self._socket is not None

    def send(self, data: bytes, *, deadline_s: float = SEND_S) -> None:
        """Send the bytes, in one system call where the system takes all of them at once."""
        end = time.monotonic() + deadline_s
        left, is_heard = memoryview(data), True
        while self._socket and left:
            count = self._sent(self._socket, left)
            left = left[count:]
            if not count:
                is_heard = self._wait_to_send(end, is_heard=is_heard)

    def _sent(self, connected: socket.socket, data: memoryview) -> int:
        """Send what the system takes at once; return how many bytes that is."""
        connected.settimeout(0)
        try:
            count = connected.send(data)
        except OSError as error:
            if not _would_wait(error):
                self._hear_the_rest(connected)
            if not _would_wait(error) and self.is_open:
                self._fail(error)
            return 0
        self.recorder.add("sent", bytes(data[:count]))
        return count

    def _wait_to_send(self, end: float, *, is_heard: bool) -> bool:
        """Wait until bytes can be sent, and hear what comes meanwhile; return whether more may come."""
        if (connected := self._socket) is None:
            return False
        left = end - time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(connected, selectors.EVENT_WRITE | (selectors.EVENT_READ if is_heard else 0))
            ready = selector.select(self.clock.bounded(left)) if left > 0 else []
        if not ready:
            self.clock.check()
            self.end(Ended.DEADLINE)
        is_readable = any(events & selectors.EVENT_READ for _, events in ready)
        return self._heard_now(connected) if is_readable else is_heard

    def _heard_now(self, connected: socket.socket) -> bool:
        """Receive what is there, without waiting; return whether more may come."""
        connected.settimeout(0)
        try:
            data = connected.recv(_CHUNK)
        except OSError as error:
            if not _would_wait(error):
                self._fail(error)
            return True
        if data:
            self._take(data)
        return bool(data)  # an end is received again, by `receive`

    def _hear_the_rest(self, connected: socket.socket) -> None:
        """Receive what the server sent before it ended the connection; a flood is no end."""
        for _ in range(_REST):
            try:
                data = connected.recv(_CHUNK)
            except OSError:
                return
            if not data or not self.is_open:
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        self.recorder.add("received", data)
        self.hear(data)

    def receive(self, end: float, *, quiet_end: float = math.inf) -> bytes | None:
        """Receive the next bytes.

        Args:
            end: when this call's deadline passes, which ends the connection, by `time.monotonic`.
            quiet_end: when to return without bytes, the connection left open; where this is before ``end``.

        Returns:
            The bytes; no bytes where ``quiet_end`` passed; None where the connection has ended.

        """
        left = min(end, quiet_end) - time.monotonic()
        data = self._received(self._socket, left) if self._socket and left > 0 else None
        if data is not None or not self.is_open:
            return data
        if quiet_end < end:
            return b""
        self.end(Ended.DEADLINE)
        return None

    def _received(self, connected: socket.socket, left: float) -> bytes | None:
        """Receive once; None where the connection ended, or, the connection open, where no byte came in time."""
        connected.settimeout(self.clock.bounded(left))
        try:
            data = connected.recv(_CHUNK)
        except TimeoutError:
            self.clock.check()  # the trial's time may have been shorter than the call's
            return None
        except OSError as error:
            self._fail(error)
            return None
        if not data:
            self.end(Ended.BY_SERVER)
            self.hear(b"")
            return None
        self._take(data)
        return data

    def half_close(self) -> None:
        """Tell the server that nothing more will be sent; what the server sends is still received.

        Raises:
            ValueError: the connection speaks TLS.

        """
        if self._is_secret:
            raise ValueError("half_close: a TLS connection is closed for both sides at once")
        if self._socket:
            try:
                self._socket.shutdown(socket.SHUT_WR)
            except OSError as error:
                self._fail(error)
            else:
                self.recorder.add_act("half-close")

    def reset(self) -> None:
        """End the connection with a reset instead of an orderly close.

        Raises:
            ValueError: the connection is a Unix socket's, which knows no reset.
            HarnessError: no reset reaches the server on this platform.

        """
        if self._is_unix:
            raise ValueError("reset: a Unix socket cannot be reset, it can only be closed")
        if not self._may_reset:
            message = "a reset does not reach the server on this platform, where it would arrive as an orderly close"
            raise HarnessError(message)
        if self._socket:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.recorder.add_act("reset")
            self._socket.close()
            self._socket = None

    def end(self, ended: Ended, failure: str = "") -> None:
        """Note how the connection ended, and close it."""
        self.recorder.ended, self.recorder.failure = ended, failure
        self.close()

    def close(self) -> None:
        """Close the connection; without `end` before, the client ended it."""
        if self._socket:
            if self._is_secret:
                self._say_the_end(cast("ssl.SSLSocket", self._socket))
            self._socket.close()
            self._socket = None

    def _say_the_end(self, secret: ssl.SSLSocket) -> None:
        """Send what an ordinary client of TLS ends with, and wait for nothing; the connection may be broken."""
        with contextlib.suppress(OSError, ValueError):
            secret.settimeout(0)
            secret.unwrap()

    def _fail(self, error: OSError) -> None:
        self.clock.check()
        if isinstance(error, TimeoutError):
            self.end(Ended.DEADLINE)
        elif isinstance(error, ConnectionRefusedError | FileNotFoundError):  # a Unix socket that is not there, too
            self.end(Ended.REFUSED)
        elif isinstance(error, ConnectionError):
            self.end(Ended.RESET)
        else:
            self.end(Ended.FAILED, f"{type(error).__name__}: {error}")


def _would_wait(error: OSError) -> bool:
    """Whether a call that does not wait failed only because it would have had to."""
    return isinstance(error, BlockingIOError) or type(error).__name__ in {"SSLWantReadError", "SSLWantWriteError"}


def _connected(address: SocketAddress, timeout: float) -> socket.socket:
    """Return a socket that is connected to the address."""
    if not isinstance(address, str):
        connected = socket.create_connection(address, timeout=timeout)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected
    if sys.platform == "win32":
        raise HarnessError("a Unix socket cannot be reached on Windows: Python has no AF_UNIX there")
    connected = socket.socket(socket.AF_UNIX)
    try:
        connected.settimeout(timeout)
        connected.connect(address)
    except BaseException:
        connected.close()
        raise
    return connected
