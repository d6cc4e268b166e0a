"""What happens in one exchange, collected within bounds of bytes and frames until the exchange is over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import msgspec

from harness.model.evidence import Act, Ended, Exchange, Frame, writable

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.client.clock import TrialClock
    from harness.model.answers import Answer
    from harness.model.evidence import Direction, Protocol
    from harness.model.messages import Reading

KEPT_OF_EXCHANGE = 1024 * 1024  # bytes, of both directions together
KEPT_BEYOND = 1000  # answers that are kept of an exchange that was cut
_KEPT_OF_BODY_BEYOND = 40  # bytes of the body of each such answer
_FRAMES = 4000  # of an exchange; further bytes of one direction extend the last frame


@dataclasses.dataclass(kw_only=True)
class _Piece:
    """A frame that may still grow."""

    at_s: float
    direction: Direction
    data: bytearray
    act: Act = ""

    def frame(self) -> Frame:
        return Frame(at_s=self.at_s, direction=self.direction, data=bytes(self.data), act=self.act)


class ExchangeRecorder:
    """Collects the frames of one exchange, and the answers that it cannot keep."""

    def __init__(self, name: str, *, server: str, clock: TrialClock, address: str = "") -> None:
        """Open the record now; ``address`` is as `harness.model.evidence.Exchange` has it."""
        self._name = writable(name)
        self._server = server
        self._address = writable(address)
        self._protocol: Protocol = "HTTP/1.1"
        self._reading: Callable[[], Reading] | None = None
        self._clock = clock
        self._opened_s = clock.now()
        self._pieces: list[_Piece] = []
        self._kept = 0
        self._cut = 0
        self._beyond: list[Answer] = []
        self.sent = bytearray()
        self.ended = Ended.BY_CLIENT
        self.failure = ""

    def add(self, direction: Direction, data: bytes) -> None:
        """Record bytes; beyond `KEPT_OF_EXCHANGE`, only count them."""
        kept = data[: max(0, KEPT_OF_EXCHANGE - self._kept)]
        self._kept += len(kept)
        self._cut += len(data) - len(kept)
        if direction == "sent":
            self.sent += kept
        if not kept:
            return
        last = self._pieces[-1] if len(self._pieces) >= _FRAMES else None
        if last and last.direction == direction and not last.act:
            last.data.extend(kept)
        else:
            self._pieces.append(_Piece(at_s=self._now(), direction=direction, data=bytearray(kept)))

    def add_act(self, act: Act) -> None:
        """Record what the client did without sending a byte."""
        self._pieces.append(_Piece(at_s=self._now(), direction="sent", data=bytearray(), act=act))

    def read(self, answer: Answer) -> None:
        """Take an answer that was read to its end; keep the answer itself where the frames do not hold it."""
        if self._cut and len(self._beyond) < KEPT_BEYOND:
            self._beyond.append(msgspec.structs.replace(answer, body=answer.body[:_KEPT_OF_BODY_BEYOND]))

    def read_by(self, protocol: Protocol, reading: Callable[[], Reading]) -> None:
        """Say that another protocol than HTTP/1.1 is spoken; ``reading`` returns what has come by now."""
        self._protocol, self._reading = protocol, reading

    def exchange(self) -> Exchange:
        """Close the record and return it."""
        return Exchange(
            name=self._name,
            server=self._server,
            opened_s=round(self._opened_s, 4),
            ended_s=self._now(),
            ended=self.ended,
            frames=tuple(piece.frame() for piece in self._pieces),
            cut=self._cut,
            beyond=tuple(self._beyond),
            failure=writable(self.failure),
            protocol=self._protocol,
            address=self._address,
            reading=self._reading() if self._reading and self._cut else None,
        )

    def _now(self) -> float:
        return round(self._clock.now(), 4)
