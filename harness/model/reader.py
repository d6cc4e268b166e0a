"""HTTP/1.1 answers, read from the bytes on the wire: in the same way during a trial and from kept evidence.

An answer is whole when its framing says so: by its length, by its last chunk, by having no body (HEAD, 204, 304), or,
where it has no length, by the end of the connection.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import h11

from harness.model.answers import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Iterable

_SWITCHING = 101


class Reader:
    """Reads answers from bytes as they come; ``torn`` holds the bytes that make no whole answer, or not yet.

    After bytes that are not HTTP no further answer is read; ``fault`` says what was wrong with them. After an answer
    that switches protocols nothing is HTTP any more; ``switched`` says that such an answer has come, and ``behind`` has
    all the bytes that came behind it in the same piece.
    """

    def __init__(self, asked: Iterable[Asked] = (), *, most: int | None = None) -> None:
        """Expect answers to ``asked``, then to GET; keep at most ``most`` bytes of a body, and of what is torn."""
        self._asked = tuple(asked)
        self._most = most
        self._count = 0
        self.fault: str | None = None
        self.switched = False
        self.behind = b""
        self._begin()

    def expect(self, asked: Iterable[Asked]) -> None:
        """Replace the requests by all that the connection has sent so far, from its beginning."""
        self._asked = tuple(asked)

    def _begin(self) -> None:
        self._torn = bytearray()
        self._head: h11.Response | h11.InformationalResponse | None = None
        self._body = bytearray()
        self._digest = hashlib.sha256()
        self._size = 0
        self._connection: h11.Connection | None = None

    @property
    def torn(self) -> bytes:
        """The kept bytes after the last whole answer."""
        return bytes(self._torn)

    def feed(self, data: bytes, *, at_end: bool = False) -> tuple[Answer, ...]:
        """Take the next bytes; return the answers that they complete. ``at_end`` says that nothing can follow."""
        if self.fault is not None or self.switched:
            self._remember(data)
            return ()
        answers: list[Answer] = []
        left = data
        while left or at_end:
            self._remember(left)
            answer, left = self._read(left, at_end=at_end)
            if answer is None:
                break
            answers.append(answer)
            self._begin()
            self._count += 1
            at_end = at_end and bool(left)
            if answer.status == _SWITCHING:
                self.switched, self.behind = True, left
                self._remember(left)
                break
        return tuple(answers)

    def _remember(self, data: bytes) -> None:
        room = len(data) if self._most is None else max(0, self._most - len(self._torn))
        self._torn += data[:room]

    def _read(self, data: bytes, *, at_end: bool) -> tuple[Answer | None, bytes]:
        """Read on; return the answer once it is whole, with the bytes after it."""
        try:
            if self._connection is None:
                self._connection = self._expecting()
            if data:
                self._connection.receive_data(data)
            if at_end:
                self._connection.receive_data(b"")
            return self._events(self._connection)
        except h11.RemoteProtocolError as error:
            self.fault = str(error)
            return None, b""

    def _expecting(self) -> h11.Connection:
        """Return a connection that has sent the request of the next answer."""
        asked = self._asked[self._count] if self._count < len(self._asked) else Asked()
        connection = h11.Connection(h11.CLIENT)
        offer = [("Connection", "Upgrade"), ("Upgrade", "any")] if asked.upgrade else []
        connection.send(h11.Request(method=asked.method, target="/", headers=[("Host", "localhost"), *offer]))
        connection.send(h11.EndOfMessage())
        return connection

    def _events(self, connection: h11.Connection) -> tuple[Answer | None, bytes]:
        while True:
            event = connection.next_event()
            if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
                return None, b""
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == _SWITCHING:
                    self._head = event
                    return self._answer(connection)
            elif isinstance(event, h11.Response):
                self._head = event
            elif isinstance(event, h11.Data):
                self._take(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return self._answer(connection)

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        self._digest.update(data)
        room = len(data) if self._most is None else max(0, self._most - len(self._body))
        self._body += data[:room]

    def _answer(self, connection: h11.Connection) -> tuple[Answer, bytes]:
        head = self._head
        assert head is not None  # noqa: S101 - h11 yields a head before the end of a message
        answer = Answer(
            status=head.status_code,
            headers=tuple((bytes(name), bytes(value)) for name, value in head.headers.raw_items()),
            body=bytes(self._body),
            size=self._size,
            sha256=self._digest.hexdigest(),
        )
        return answer, bytes(connection.trailing_data[0])
