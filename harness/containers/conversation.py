"""Questions and orders to the first process of a container, over its standard input; its reports bring the answers."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import EngineError, HarnessError
from harness.model.observations import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.containers.engine import Engine

_ANSWER_S = 30.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One report of the first process: the server was started, or was not and why; how it ended; or an answer."""

    exit_status: int | None = None
    survivors: int = 0
    out_of_memory: bool = False
    started: int | None = None
    failed: int | None = None
    reason: str = ""
    lacks: str = ""
    answer: int | None = None
    error: str = ""
    processes: tuple[Process, ...] = ()
    ports: tuple[int, ...] = ()
    sent: bool = False
    accepted: bool = False
    exists: bool | None = None


class Conversation:
    """What is asked and answered, until the container ends. Safe for many threads."""

    def __init__(self, engine: Engine, container: str, *, is_over: Callable[[], bool]) -> None:
        """Prepare; ``is_over`` says whether the container's output has ended, after which nothing is answered."""
        self._engine = engine
        self._container = container
        self._is_over = is_over
        self._numbers = itertools.count(1)
        self._answered = threading.Condition()
        self._answers: dict[int, Report] = {}
        self._wanted = set[int]()
        self._stream: Any = None

    def open(self) -> None:
        """Connect to the container's standard input, before the container starts."""
        self._stream = self._engine.api.attach_socket(self._container, params={"stdin": 1, "stream": 1})

    def ask(self, do: str, **about: object) -> Report:
        """Ask the first process, and return its answer; an empty one where the container has ended.

        Raises:
            HarnessError: the first process refuses.
            EngineError: the engine is gone, or no answer comes.

        """
        with self._answered:
            number = next(self._numbers)
            self._wanted.add(number)
            self._send(json.dumps({"number": number, "do": do, **about}).encode() + b"\n")
            self._answered.wait_for(lambda: number in self._answers or self._is_over(), timeout=_ANSWER_S)
            self._wanted.discard(number)
            report = self._answers.pop(number, None)
        if report is None and not self._is_over():
            raise EngineError("the first process of a container does not answer")
        if report is not None and report.error:
            raise HarnessError(report.error)
        return report or Report()

    def _send(self, line: bytes) -> None:
        with self._engine.telling("pass on a question"), contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._stream._sock.sendall(line)  # noqa: SLF001 - the SDK gives no other way to write

    def hear(self, report: Report | None) -> None:
        """Take an answer; None where no more will come."""
        with self._answered:
            if report is not None and report.answer in self._wanted:
                self._answers[report.answer] = report
            self._answered.notify_all()

    def close(self) -> None:
        """Hang up."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream._sock.close()  # noqa: SLF001 - likewise
            self._stream.close()
            self._stream = None
