"""Evidence: everything captured from one trial, as frozen values that go to disk and come back unchanged.

Times are seconds since the trial began. Bytes are kept as they were (base64 in JSON). Everything that came from a
server is hostile: the code that shows it escapes it.
"""

from __future__ import annotations

import enum
import functools
from typing import Literal

import msgspec

from harness.model.answers import Answer, Reply, asked_in, brief, reply, reply_of
from harness.model.coordinates import Coordinates
from harness.model.messages import Message, Reading, Stream
from harness.model.names import CellId, TrialNumber
from harness.model.observations import Exit, Look, SignalToChild, ending

_SIGKILL = 9  # on any platform
Direction = Literal["sent", "received"]
Awaited = Literal["answer", "connection", "log"]
_READINESS = {
    "answer": ("answered", "never answered"),
    "connection": ("accepted a connection", "never accepted a connection"),
    "log": ("printed the awaited line", "never printed the awaited line"),
}
Act = Literal["", "half-close", "reset"]
Protocol = Literal["HTTP/1.1", "WebSocket", "HTTP/2"]
Bytes = bytes  # inside `Exchange`, whose method is called `bytes`


def writable(text: str) -> str:
    """Return a text that JSON can hold: lone surrogates, which stand for bytes that are not UTF-8, become escapes."""
    return text.encode(errors="backslashreplace").decode()


class Ended(enum.StrEnum):
    """How an exchange ended.

    ``BY_CLIENT``: the client had received what it waited for, or left. ``NOT_HTTP``: the bytes that came back are no
    HTTP answer. ``FAILED``: any other failure of the connection, which `Exchange.failure` has in words.
    """

    BY_CLIENT = "closed by client"
    BY_SERVER = "closed by server"
    RESET = "reset by server"
    DEADLINE = "deadline"
    REFUSED = "refused"
    NOT_HTTP = "not HTTP"
    FAILED = "failed"


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bytes that crossed a connection in one call, or in many calls of a flood; ``at_s`` is the time of the first.

    ``act`` names what the client did without sending a byte.
    """

    at_s: float
    direction: Direction
    data: bytes
    act: Act = ""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came back in an exchange, as a value that checks compare.

    ``replies`` are the answers of HTTP/1.1, over a WebSocket the answer to the handshake, which ``messages`` follow.
    ``streams`` say how those of HTTP/2 ended, in this order, and ``goaways`` which errors ended the connection.
    ``more`` counts messages and streams beyond the kept ones. ``torn`` holds the bytes after the last whole answer or
    frame. ``then`` says how the exchange ended; it is None where the client ended the exchange, and where the end of
    the connection completed the last answer. ``reached`` is False where the exchange never took place.
    """

    replies: tuple[Reply, ...] = ()
    torn: bytes = b""
    then: Ended | None = None
    reached: bool = True
    messages: tuple[Message, ...] = ()
    streams: tuple[Stream, ...] = ()
    goaways: tuple[str, ...] = ()
    more: int = 0

    @classmethod
    def of(
        cls,
        *replies: tuple[int, Bytes],
        messages: tuple[Message, ...] = (),
        streams: tuple[Stream, ...] = (),
        then: Ended | None = None,
    ) -> Heard:
        """Return the value for these answers, each given as a status and a whole body, and for what else came."""
        whole = tuple(reply(status, body) for status, body in replies)
        return cls(replies=whole, messages=messages, streams=streams, then=then)

    def __str__(self) -> str:
        """Return the value in a few words: ``200 b'done', 200 b'done', then closed by server``.

        The text is one-to-one: values that differ have different texts. Each part begins with a word, or with a number,
        that only parts of its kind begin with; what a server sent is written as Python writes it, between quotes; of
        many bytes the text has the beginning, the size and the whole digest.
        """
        parts = [] if self.reached else ["it was never reached"]
        parts += [str(one) for one in (*self.replies, *self.messages, *self.streams)]
        parts += [f"goaway {error}" for error in self.goaways]
        parts += [f"and {self.more} more"] if self.more else []
        parts += [f"torn {_brief_bytes(self.torn)}"] if self.torn else []
        parts += [f"then {self.then}"] if self.then else []
        return ", ".join(parts) or "nothing"


def _brief_bytes(data: bytes) -> str:
    """Return bytes as Python writes them; of many bytes the beginning, the size and the digest."""
    told = reply(0, data)
    return brief(repr(told.start), start=told.start, size=told.size, sha256=told.sha256)


NEVER_REACHED = Heard(reached=False)


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One connection's bytes, both ways, under a name that the scenario gave it.

    At most `harness.client.wire.KEPT_OF_EXCHANGE` bytes are kept; ``cut`` counts the others. ``beyond`` has the answers
    that the client read to their end and of which the frames lack a part, each with hardly any of its body.
    ``reading`` is all that the client had read over another protocol than HTTP/1.1, where the frames lack a part of it.
    ``failure`` describes an end of `Ended.FAILED` or `Ended.NOT_HTTP`. ``address`` is where the client reached the
    server, where that is not the leased port of 127.0.0.1.
    """

    name: str
    server: str
    opened_s: float
    ended_s: float
    ended: Ended
    frames: tuple[Frame, ...] = ()
    cut: int = 0
    beyond: tuple[Answer, ...] = ()
    failure: str = ""
    protocol: Protocol = "HTTP/1.1"
    address: str = ""
    reading: Reading | None = None

    def bytes(self, direction: Direction) -> bytes:
        """Return the kept bytes of one direction, in order."""
        return b"".join(frame.data for frame in self.frames if frame.direction == direction)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The whole answers received, in order, up to the first bytes that are torn or not HTTP."""
        return self._read.answers

    @property
    def only(self) -> Answer | None:
        """The one whole answer, where nothing else came back; None otherwise."""
        return self.answers[0] if self.answers and self.heard == Heard(replies=self.heard.replies[:1]) else None

    @property
    def heard(self) -> Heard:
        """What came back, as the value that checks compare."""
        read = self._read
        quiet = self.ended == Ended.BY_CLIENT or (self.ended == Ended.BY_SERVER and read.completed_by_end)
        return Heard(
            replies=() if self.protocol == "HTTP/2" else tuple(reply_of(answer) for answer in read.answers),
            messages=read.messages,
            streams=read.streams,
            goaways=read.goaways,
            more=read.more,
            torn=read.torn,
            then=None if quiet else self.ended,
        )

    @property
    def _read(self) -> Reading:
        """What the bytes say, kept or not."""
        if self.reading:
            return self.reading
        at_end = self.ended == Ended.BY_SERVER and not self.cut
        read = read_bytes(self.protocol, self.bytes("received"), self.bytes("sent"), at_end=at_end)
        if not self.beyond:
            return read
        return msgspec.structs.replace(read, answers=(*read.answers, *self.beyond), torn=b"")


@functools.lru_cache(maxsize=16)  # judges read an exchange several times, and so do reports
def read_bytes(protocol: Protocol, received: bytes, sent: bytes, *, at_end: bool) -> Reading:
    """Return what the bytes of an exchange say.

    Args:
        protocol: how the bytes are read.
        received: the bytes from the server.
        sent: the bytes to the server: the requests in them decide how answers of HTTP/1.1 are read.
        at_end: whether nothing can follow, which completes an answer without a length.

    """
    if protocol == "WebSocket":
        from harness.model import websocket  # noqa: PLC0415 - wsproto, which stored verdicts do not need

        return websocket.read(received, at_end=at_end)
    if protocol == "HTTP/2":
        from harness.model import http2  # noqa: PLC0415 - h2, likewise

        return http2.read(received)
    from harness.model.reader import Reader  # noqa: PLC0415 - h11, likewise

    reader = Reader(asked_in(sent))
    answers = reader.feed(received)
    last = reader.feed(b"", at_end=True) if at_end else ()
    return Reading(answers=(*answers, *last), torn=reader.torn, completed_by_end=bool(last))


class ServerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One server of a trial, from start to end.

    ``awaited`` is what the trial waited for at the start: an ``answer``, a ``connection``, a line of the ``log``, or
    nothing (None). ``ready_s`` is None where that never came. ``exit_status`` is negative for the signal that ended it.
    ``stopped_by`` is ``itself``, ``SIGTERM`` or ``SIGKILL``. ``survivors`` counts processes of the server that were
    still there after it had ended and had to be ended too. ``log`` is what the server had printed when it was told to
    stop, which is what judges read; ``log_stopping`` is what it printed after that; ``log_dropped`` counts the bytes of
    both beyond the bound. ``out_of_memory``: the memory limit of the container ended one of the server's processes.
    ``signals`` are the numbers of the signals that the scenario itself sent the program, ``signals_to_children`` those
    that it sent to processes below the program. ``variables`` are the environment variables that the scenario set.
    """

    name: str
    argv: tuple[str, ...]
    port: int
    started_s: float
    ready_s: float | None
    ended_s: float
    exit_status: int | None
    stopped_by: str
    survivors: int
    log: str
    log_stopping: str = ""
    log_dropped: int = 0
    out_of_memory: bool = False
    signals: tuple[int, ...] = ()
    signals_to_children: tuple[SignalToChild, ...] = ()
    variables: dict[str, str] = msgspec.field(default_factory=dict)
    awaited: Awaited | None = "answer"

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended the server, which no program sends itself and neither harness nor scenario sent."""
        return self.stopped_by == "itself" and self.exit_status == -_SIGKILL and _SIGKILL not in self.signals

    @property
    def readiness(self) -> str:
        """Whether the server did what the trial awaited, and how long that took: ``answered after 0.52 s``."""
        if self.awaited is None:
            return "not waited for"
        done, never = _READINESS[self.awaited]
        return never if self.ready_s is None else f"{done} after {self.ready_s - self.started_s:.2f} s"

    @property
    def lived_on(self) -> bool:
        """Whether the program still ran when it was told to stop, so that what it did before was not its end."""
        return self.stopped_by != "itself"

    def __str__(self) -> str:
        """Say how the program ended: ``exit 0`` or ``ended by SIGTERM``."""
        return ending(self.exit_status)

    def line_with(self, *needles: str) -> str | None:
        """Return the first line of the log that holds all the needles, stripped, or None."""
        for line in self.log.splitlines():
            if all(needle in line for needle in needles):
                return line.strip()
        return None


class Evidence(Coordinates, frozen=True, kw_only=True):
    """One trial of one cell.

    ``facts`` are the values that the scenario measured itself, by name. ``error`` is set where the harness could not
    carry the trial to its end; ``error_verdict`` is the verdict that follows. ``silent`` names the server whose silence
    ended the observation. ``dropped`` counts exchanges, exits and looks beyond the bound. ``exits`` are the awaited
    ends of programs, ``looks`` the looks at a server's processes, both in their order.
    """

    cell: CellId
    trial: TrialNumber
    began_at: str
    duration_s: float
    servers: tuple[ServerRecord, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    facts: dict[str, str | int | float | bool] = msgspec.field(default_factory=dict)
    error: str | None = None
    error_verdict: str | None = None
    silent: str | None = None
    dropped: int = 0
    exits: tuple[Exit, ...] = ()
    looks: tuple[Look, ...] = ()

    def server(self, name: str) -> ServerRecord | None:
        """Return the record of the server of this name, or None where it was never started."""
        return next((record for record in self.servers if record.name == name), None)

    def exchange(self, name: str) -> Exchange | None:
        """Return the last exchange of this name, or None where it never took place."""
        return next(reversed(self.all_exchanges(name)), None)

    def all_exchanges(self, name: str) -> tuple[Exchange, ...]:
        """Return every exchange of this name, in the order in which they ended."""
        return tuple(one for one in self.exchanges if one.name == name)

    def server_of(self, name: str) -> ServerRecord | None:
        """Return the record of the server that an observation was made of; the only server's where none is named."""
        if seen := self.exchange(name) or self.exit(name) or self.look(name):
            return self.server(seen.server)
        return self.server(name) or (self.servers[0] if len(self.servers) == 1 else None)

    def heard(self, name: str) -> Heard:
        """Return what came back in the exchange of this name, for the ``actual`` of a check."""
        found = self.exchange(name)
        return found.heard if found else NEVER_REACHED

    def answers(self, name: str) -> tuple[Answer, ...]:
        """Return every whole answer of the exchanges of this name, in order."""
        return tuple(answer for one in self.all_exchanges(name) for answer in one.answers)

    def exit(self, name: str) -> Exit | None:
        """Return the last awaited end of this name, or None where it never took place."""
        return next((one for one in reversed(self.exits) if one.name == name), None)

    def look(self, name: str) -> Look | None:
        """Return the last look of this name, or None where it never took place."""
        return next((one for one in reversed(self.looks) if one.name == name), None)

    def all_said(self, name: str) -> tuple[str, ...]:
        """Return, as text, what was observed under this name: of exchanges each, of anything else the last.

        The name is that of an exchange, an awaited end, a fact, a look or a server, looked for in this order.
        """
        if exchanges := self.all_exchanges(name):
            return tuple(str(one.heard) for one in exchanges)
        others = (self.exit(name), self.facts.get(name), self.look(name), self.server(name))
        return tuple(str(one) for one in others if one is not None)[:1]

    def said(self, name: str) -> str:
        """Return, as text, what was observed last under this name, see `all_said`; else ``it was never reached``."""
        return next(reversed(self.all_said(name)), str(NEVER_REACHED))
