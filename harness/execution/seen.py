"""What a trial has seen so far, within bounds. Safe for many threads."""

from __future__ import annotations

import dataclasses
import math
import threading
from typing import TYPE_CHECKING, TypeVar

from harness.model.evidence import Exchange, ServerRecord, writable
from harness.model.observations import Exit, Look

if TYPE_CHECKING:
    from harness.model.answers import Answer

KEPT_OF_TRIAL = 5000  # exchanges
KEPT_OF_OBSERVATIONS = 1000  # exits, and as many looks; a look has up to a thousand processes
_KEPT_OF_LOOKS = 20_000  # processes, of all looks
KEPT_OF_FACT = 64 * 1024  # characters of a text

_Kept = TypeVar("_Kept")
Fact = str | int | float | bool
Observation = Exchange | Exit | Look | ServerRecord


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """What a trial has seen: see `harness.model.evidence.Evidence`."""

    servers: tuple[ServerRecord, ...]
    exchanges: tuple[Exchange, ...]
    exits: tuple[Exit, ...]
    looks: tuple[Look, ...]
    facts: dict[str, Fact]
    dropped: int


class Notes:
    """Takes what is observed; beyond the bounds, observations are only counted."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._guard = threading.RLock()
        self._servers: list[ServerRecord] = []
        self._exchanges: list[Exchange] = []
        self._exits: list[Exit] = []
        self._looks: list[Look] = []
        self._facts: dict[str, Fact] = {}
        self._processes = 0
        self._dropped = 0

    def keep(self, observation: Observation) -> None:
        """Keep an observation as evidence."""
        with self._guard:
            if isinstance(observation, ServerRecord):
                self._servers.append(observation)
            elif isinstance(observation, Exchange):
                self._add(self._exchanges, observation, most=KEPT_OF_TRIAL)
            elif isinstance(observation, Exit):
                self._add(self._exits, observation, most=KEPT_OF_OBSERVATIONS)
            elif self._processes + len(observation.processes) > _KEPT_OF_LOOKS:
                self._dropped += 1
            else:
                self._processes += len(observation.processes)
                self._add(self._looks, observation, most=KEPT_OF_OBSERVATIONS)

    def _add(self, kept: list[_Kept], observation: _Kept, *, most: int) -> None:
        if len(kept) < most:
            kept.append(observation)
        else:
            self._dropped += 1

    def record(self, name: str, value: object) -> None:
        """Keep a fact; raises `TypeError` for a value that is neither a text nor a number."""
        with self._guard:
            self._facts[writable(name)] = _fact(value)

    def answers(self, name: str) -> tuple[Answer, ...]:
        """Return all whole answers of the exchanges of this name so far, in order."""
        with self._guard:
            return tuple(answer for one in self._exchanges if one.name == name for answer in one.answers)

    def last(self, name: str) -> Exchange | None:
        """Return the last exchange of this name so far; None where there is none."""
        with self._guard:
            return next((one for one in reversed(self._exchanges) if one.name == name), None)

    def seen(self) -> Seen:
        """Return what was seen by now."""
        with self._guard:
            return Seen(
                servers=tuple(self._servers),
                exchanges=tuple(self._exchanges),
                exits=tuple(self._exits),
                looks=tuple(self._looks),
                facts=dict(self._facts),
                dropped=self._dropped,
            )


def _fact(value: object) -> Fact:
    """Return a fact as evidence can hold it: a finite number, or a text that is not too long."""
    if isinstance(value, str):
        left_out = len(value) - KEPT_OF_FACT
        return writable(value[:KEPT_OF_FACT]) + (f"… {left_out} characters left out" if left_out > 0 else "")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bool | int | float):
        return value
    message = f"a fact is a text or a number, not {type(value).__name__}"
    raise TypeError(message)
