"""Evidence: everything captured from one trial, as frozen values that go to disk and come back unchanged.

Times are seconds since the trial began. Bytes are kept as they were (base64 in JSON). Everything in here that
came from a server is hostile: whoever shows it escapes it.
"""

from __future__ import annotations

import enum
import functools
from typing import Literal

import msgspec

from harness.model.answers import Answer, Reply, asked_in, reply, reply_of
from harness.model.coordinates import Coordinates
from harness.model.names import CellId, TrialNumber

_SIGKILL = 9  # on any platform
Direction = Literal["sent", "received"]
Bytes = bytes  # `Exchange` has a method of that name


def writable(text: str) -> str:
    """Return a text as JSON can hold it: lone surrogates, as of bytes that are not UTF-8, become escapes."""
    return text.encode(errors="backslashreplace").decode()


class Ended(enum.StrEnum):
    """How an exchange ended.

    ``BY_CLIENT``: the driver had what it waited for, or left. ``NOT_HTTP``: what came back is no answer.
    ``FAILED``: any other failure of the connection; the exchange has it in words.
    """

    BY_CLIENT = "closed by client"
    BY_SERVER = "closed by server"
    RESET = "reset by server"
    DEADLINE = "deadline"
    REFUSED = "refused"
    NOT_HTTP = "not HTTP"
    FAILED = "failed"


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bytes that crossed a connection in one call, ``at_s`` seconds into the trial; in a flood of many calls."""

    at_s: float
    direction: Direction
    data: bytes


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came back in an exchange, as a value that checks compare.

    ``torn`` are bytes behind the last whole answer. ``then`` says how it ended where the driver did not end it, None
    also where the end of the connection is what completed the last answer. ``reached`` is False where the exchange
    never took place.
    """

    replies: tuple[Reply, ...] = ()
    torn: bytes = b""
    then: Ended | None = None
    reached: bool = True

    @classmethod
    def of(cls, *replies: tuple[int, Bytes], then: Ended | None = None) -> Heard:
        """Return what is heard of these answers, each a status and a whole body."""
        return cls(replies=tuple(reply(status, body) for status, body in replies), then=then)

    def __str__(self) -> str:
        """Say it in a few words: ``200 b'done', 200 b'done', then closed by server``."""
        if not self.reached:
            return "it was never reached"
        parts = [str(one) for one in self.replies]
        parts += [f"{len(self.torn)} bytes of no whole answer"] if self.torn else []
        parts += [f"then {self.then}"] if self.then else []
        return ", ".join(parts) or "nothing"


NEVER_REACHED = Heard(reached=False)


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One connection's bytes, both ways, under a name that the scenario gave it.

    Only so many bytes are kept (`harness.client.wire.KEPT_OF_EXCHANGE`): ``cut`` counts the others, and ``beyond``
    has the answers that the driver read to their end and that are not wholly in the frames, with hardly any of their
    bodies. ``failure`` says in words what `Ended.FAILED` and `Ended.NOT_HTTP` mean.
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

    def bytes(self, direction: Direction) -> bytes:
        """Return all bytes of one direction that are kept, in order."""
        return b"".join(frame.data for frame in self.frames if frame.direction == direction)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The whole answers received, in order; what is torn or is not HTTP ends the list."""
        return self._read[0]

    @property
    def only(self) -> Answer | None:
        """The one whole answer, where that and nothing else came back."""
        return self.answers[0] if len(self.heard.replies) == 1 and not (self.heard.torn or self.heard.then) else None

    @property
    def heard(self) -> Heard:
        """What came back, to be compared."""
        answers, torn, completed_by_end = self._read
        quiet = self.ended == Ended.BY_CLIENT or (self.ended == Ended.BY_SERVER and completed_by_end)
        return Heard(
            replies=tuple(reply_of(answer) for answer in answers), torn=torn, then=None if quiet else self.ended
        )

    @property
    def _read(self) -> tuple[tuple[Answer, ...], Bytes, bool]:
        """The answers, what is torn, and whether the end of the connection completed the last answer."""
        at_end = self.ended == Ended.BY_SERVER and not self.cut
        answers, torn, by_end = read_answers(self.bytes("received"), self.bytes("sent"), at_end=at_end)
        return (*answers, *self.beyond), b"" if self.beyond else torn, by_end


@functools.lru_cache(maxsize=16)  # a judge looks at an exchange several times, and so does who shows it
def read_answers(received: bytes, sent: bytes, *, at_end: bool) -> tuple[tuple[Answer, ...], bytes, bool]:
    """Read the whole answers at the head of received bytes; return them, the rest, and whether the end made the last.

    Args:
        received: from the server.
        sent: to it, which says what the answers answer.
        at_end: nothing can follow, which completes an answer without a length.

    """
    from harness.model.reader import Reader  # noqa: PLC0415 - h11, which stored verdicts are told without

    reader = Reader(asked_in(sent))
    answers = reader.feed(received)
    last = reader.feed(b"", at_end=True) if at_end else ()
    return (*answers, *last), reader.torn, bool(last)


class ServerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One server of a trial, from start to end.

    ``ready_s`` is None where it never answered; ``exit_status`` is negative for the signal that ended it;
    ``stopped_by`` is ``itself``, ``SIGTERM`` or ``SIGKILL``; ``survivors`` counts processes of its own that
    were still there after it had ended and had to be ended too. ``log`` is what it had printed when it was told to
    stop, which is what judges read; ``log_stopping`` the rest; ``log_dropped`` counts bytes of both beyond the bound.
    ``out_of_memory``: something of it was ended because its container may use no more. ``signals`` are those that the
    scenario itself sent it, by number.
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

    @property
    def was_killed(self) -> bool:
        """Whether it was ended by a signal that no program sends itself, and neither harness nor scenario did."""
        return self.stopped_by == "itself" and self.exit_status == -_SIGKILL and _SIGKILL not in self.signals

    def line_with(self, *needles: str) -> str | None:
        """Return the first line of the log that holds all the needles, stripped, or None."""
        for line in self.log.splitlines():
            if all(needle in line for needle in needles):
                return line.strip()
        return None


class Evidence(Coordinates, frozen=True, kw_only=True):
    """One trial of one cell.

    ``facts`` are what the scenario measured itself, by name; ``error`` is set where the harness could not
    carry the trial to its end, with ``error_verdict`` saying what that makes of it. ``silent`` names the server whose
    silence ended the observation; ``dropped`` counts exchanges beyond the bound.
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

    def server(self, name: str) -> ServerRecord | None:
        """Return the record of the server of this name, or None where it was never started."""
        return next((record for record in self.servers if record.name == name), None)

    def exchange(self, name: str) -> Exchange | None:
        """Return the last exchange of this name, or None where it never took place."""
        return next(reversed(self.all_exchanges(name)), None)

    def all_exchanges(self, name: str) -> tuple[Exchange, ...]:
        """Return every exchange of this name, in the order in which they ended."""
        return tuple(one for one in self.exchanges if one.name == name)

    def heard(self, name: str) -> Heard:
        """Return what came back in the exchange of this name, for the ``actual`` of a check."""
        found = self.exchange(name)
        return found.heard if found else NEVER_REACHED
