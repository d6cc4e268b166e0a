"""Evidence: everything captured from one trial, as frozen values that go to disk and come back unchanged.

Times are seconds since the trial began. Bytes are kept as they were (base64 in JSON). Everything in here that
came from a server is hostile: whoever shows it escapes it.
"""

from __future__ import annotations

import functools
from typing import Literal

import h11
import msgspec

from harness.model.names import (
    CellId,
    PlatformName,
    PythonVersion,
    ScenarioId,
    SubjectName,
    TrialNumber,
    VariantName,
    VersionText,
)

Direction = Literal["sent", "received"]


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bytes that crossed a connection in one call, ``at_s`` seconds into the trial."""

    at_s: float
    direction: Direction
    data: bytes


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One complete HTTP answer, read from the bytes on the wire."""

    status: int
    body: bytes


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One connection's bytes, both ways, under a name that the scenario gave it.

    ``ended`` says how it ended: ``closed by client`` (the driver had what it waited for), ``closed by server``,
    ``reset by server``, ``deadline``, ``refused`` or another transport failure in words.
    """

    name: str
    server: str
    opened_s: float
    ended_s: float
    ended: str
    frames: tuple[Frame, ...] = ()

    def bytes(self, direction: Direction) -> bytes:
        """Return all bytes of one direction, in order."""
        return b"".join(frame.data for frame in self.frames if frame.direction == direction)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The complete answers received, in order; what is torn or is not HTTP ends the list."""
        return read_answers(self.bytes("received"), at_end=self.ended == "closed by server")[0]

    def brief(self) -> str:
        """Say in a few words what came back: ``200 b'done', 200 b'done', then closed by server``."""
        answers, torn = read_answers(self.bytes("received"), at_end=self.ended == "closed by server")
        parts = [f"{answer.status} {answer.body[:40]!r}" for answer in answers]
        parts += [f"{len(torn)} bytes of no whole answer"] if torn else []
        parts += [] if self.ended == "closed by client" else [f"then {self.ended}"]
        return ", ".join(parts) or "nothing"


@functools.lru_cache(maxsize=16)  # a judge looks at an exchange several times, and so does who shows it
def read_answers(data: bytes, *, at_end: bool = False) -> tuple[tuple[Answer, ...], bytes]:
    """Read the complete HTTP/1.1 answers at the head of the bytes; return them and what is left.

    ``at_end`` says that nothing can follow, which completes an answer without a length.
    """
    answers: list[Answer] = []
    while data and (found := _first_answer(data, at_end=at_end)):
        answer, data = found
        answers.append(answer)
    return tuple(answers), data


def _first_answer(data: bytes, *, at_end: bool) -> tuple[Answer, bytes] | None:
    """Return the first answer and the bytes behind it; None where it is torn or is not HTTP."""
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="GET", target="/", headers=[("Host", "localhost")]))
    reader.receive_data(data)
    if at_end:
        reader.receive_data(b"")
    status, body = 0, b""
    try:
        while not isinstance(event := reader.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                return None
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
    except h11.RemoteProtocolError:
        return None
    return Answer(status=status, body=body), reader.trailing_data[0]


class ServerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One server of a trial, from start to end.

    ``ready_s`` is None where it never answered; ``exit_status`` is negative for the signal that ended it;
    ``stopped_by`` is ``itself``, ``SIGTERM`` or ``SIGKILL``; ``survivors`` counts processes of its own that
    were still there after it had ended and had to be ended too. ``log`` is what it printed until it was told to
    stop, which is what judges read; ``log_stopping`` the rest; ``log_dropped`` counts bytes beyond the bound.
    ``out_of_memory``: something of it was ended because its container may use no more.
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

    @property
    def was_killed(self) -> bool:
        """Whether it was ended by a signal that no program sends itself, and not by the harness."""
        return self.stopped_by == "itself" and self.exit_status == -9  # noqa: PLR2004 - SIGKILL, on any platform

    def line_with(self, *needles: str) -> str | None:
        """Return the first line of the log that holds all the needles, stripped, or None."""
        for line in self.log.splitlines():
            if all(needle in line for needle in needles):
                return line.strip()
        return None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One trial of one cell.

    ``facts`` are what the scenario measured itself, by name; ``error`` is set where the harness could not
    carry the trial to its end, with ``error_verdict`` saying what that makes of it.
    """

    cell: CellId
    trial: TrialNumber
    scenario: ScenarioId
    variant: VariantName
    subject: SubjectName
    version: VersionText
    python: PythonVersion
    platform: PlatformName
    began_at: str
    duration_s: float
    servers: tuple[ServerRecord, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    facts: dict[str, str | int | float | bool] = {}
    error: str | None = None
    error_verdict: str | None = None

    def server(self, name: str) -> ServerRecord | None:
        """Return the record of the server of this name, or None where it was never started."""
        return next((record for record in self.servers if record.name == name), None)

    def exchange(self, name: str) -> Exchange | None:
        """Return the last exchange of this name, or None where it never took place."""
        return next(reversed(self.all_exchanges(name)), None)

    def all_exchanges(self, name: str) -> tuple[Exchange, ...]:
        """Return every exchange of this name, in the order in which they ended."""
        return tuple(one for one in self.exchanges if one.name == name)

    def heard(self, name: str) -> str:
        """Say what came back in the exchange of this name, for the ``actual`` of a control."""
        found = self.exchange(name)
        return found.brief() if found else "it was never reached"
