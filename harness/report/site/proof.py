"""The page of one cell, as values: its evidence, the signature in the evidence, and the calls that show both again."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from harness.report.table import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from harness.model.evidence import Evidence, Exchange, ServerRecord
    from harness.model.result import CellResult
    from harness.model.verdict import Judgement

LINES = 400  # of a log; what is beyond lies in the evidence folder
FRAME = 2000  # bytes of a frame, likewise
FRAMES = 10  # of each end of an exchange
FEW_ALIKE = 3  # from this many on, exchanges that are like the one before them are counted, not shown
WAIT_S = 0.5  # silence on the wire that is worth a line
_TELLING = 12  # characters: a shorter part of a signature may stand anywhere


@dataclasses.dataclass(frozen=True, kw_only=True)
class LogLine:
    """A line of a log, and whether it shows the signature."""

    text: str
    marked: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checked:
    """A check as it is shown: ``precondition``, ``control`` or ``requirement``, and both sides as text."""

    kind: str
    name: str
    passed: bool
    expected: str
    actual: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Moment:
    """Something on the wire: bytes, or (``kind`` is ``wait`` or ``end``) a remark."""

    at_s: float
    kind: str
    lines: tuple[str, ...]
    size: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wire:
    """One exchange as a timeline; ``marked`` where it shows the signature.

    A ``telling`` exchange is shown at once: one that is marked, or that the requirement or a failed check is about.
    ``alike`` counts the exchanges that follow it with the same name, end and sizes, and are not shown.
    """

    name: str
    heard: str
    marked: bool
    telling: bool
    moments: tuple[Moment, ...]
    alike: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerPart:
    """One server: how it was started and ended, and what it printed until it was asked to stop, and after."""

    name: str
    command: str
    story: str
    lines: tuple[LogLine, ...]
    left_out: int
    stopping: tuple[LogLine, ...]
    stopping_left_out: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrialPart:
    """One trial."""

    number: int
    began_at: str
    duration_s: float
    symbol: str
    verdict: str
    checks: tuple[Checked, ...]
    facts: tuple[tuple[str, str], ...]
    error: tuple[str, ...]
    servers: tuple[ServerPart, ...]
    wires: tuple[Wire, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proof:
    """A cell with its trials; ``commands`` are pairs of a purpose and a call, by which a reader sees the cell again."""

    result: CellResult
    symbol: str
    pins: tuple[tuple[str, str], ...]
    interpreter: str | None
    trials: tuple[TrialPart, ...]
    commands: tuple[tuple[str, str], ...]


def proof_of(result: CellResult, trials: Sequence[tuple[Evidence, Judgement | None]]) -> Proof:
    """Return the page of a result; each trial has its judgement, or None where the scenario is not at hand."""
    environment = result.environment
    return Proof(
        result=result,
        symbol=SYMBOLS[result.verdict],
        pins=tuple(environment.pins.items()) if environment else (),
        interpreter=_portable(environment.interpreter) if environment else None,
        trials=tuple(_trial(evidence, judgement) for evidence, judgement in trials),
        commands=tuple(_commands(result)),
    )


def _commands(result: CellResult) -> Iterator[tuple[str, str]]:
    call = ["harness", "run", result.scenario, "--server", f"{result.subject}=={result.version}"]
    call += ["--python", result.python, "--platform", result.platform, "--cell", result.base, "--rerun"]
    yield "run this cell again", shlex.join(call)
    yield "print its evidence", shlex.join(["harness", "show", result.base])
    if result.environment and result.platform == "linux":
        pins = [f"{name}=={version}" for name, version in result.environment.pins.items()]
        make = ["uv", "venv", "--python", result.python_full or result.python, "trial"]
        install = ["uv", "pip", "install", "--python", "trial", *pins]
        yield "make the same environment by hand", f"{shlex.join(make)} && {shlex.join(install)}"


def _trial(evidence: Evidence, judgement: Judgement | None) -> TrialPart:
    checks = list(_checks(judgement)) if judgement else []
    parts = _parts(judgement.signature if judgement else None)
    telling = {check.name for check in checks if check.kind == "requirement" or not check.passed}
    return TrialPart(
        number=evidence.trial,
        began_at=evidence.began_at,
        duration_s=evidence.duration_s,
        symbol=SYMBOLS[judgement.verdict] if judgement else "",
        verdict=str(judgement.verdict) if judgement else "not judged: its scenario is not at hand",
        checks=tuple(checks),
        facts=(
            *((name, str(value)) for name, value in evidence.facts.items()),
            *((one.name, str(one)) for one in evidence.exits),
            *((one.name, str(one)) for one in evidence.looks),
        ),
        error=tuple((evidence.error or "").splitlines()),
        servers=tuple(_server(server, parts) for server in evidence.servers),
        wires=tuple(_wires(evidence.exchanges, parts, telling)),
    )


def _checks(judgement: Judgement) -> Iterator[Checked]:
    groups = {"precondition": judgement.preconditions, "control": judgement.controls}
    groups["requirement"] = (judgement.requirement,) if judgement.requirement else ()
    for kind, checks in groups.items():
        for check in checks:
            yield Checked(
                kind=kind,
                name=check.name,
                passed=check.passed,
                expected=str(check.expected),
                actual=str(check.actual),
            )


def _parts(signature: str | None) -> tuple[str, ...]:
    """Return the quotations in a signature, which scenarios join by a semicolon."""
    return tuple(part for part in (signature or "").split("; ") if len(part) >= _TELLING)


def _server(server: ServerRecord, parts: Sequence[str]) -> ServerPart:
    lines, left_out = _log(server.log, parts)
    stopping, stopping_left_out = _log(server.log_stopping, ())
    return ServerPart(
        name=server.name,
        command=_portable(shlex.join(server.argv)),
        story=_story(server),
        lines=lines,
        left_out=left_out,
        stopping=stopping,
        stopping_left_out=stopping_left_out,
    )


def _log(text: str, parts: Sequence[str]) -> tuple[tuple[LogLine, ...], int]:
    """Return the first lines of a log, and how many more it has."""
    lines = text.splitlines()
    kept = (LogLine(text=_portable(one), marked=any(part in one for part in parts)) for one in lines[:LINES])
    return tuple(kept), max(0, len(lines) - LINES)


def _story(server: ServerRecord) -> str:
    ended = "ended by itself" if server.stopped_by == "itself" else f"was ended by {server.stopped_by}"
    survivors = f"; {server.survivors} of its processes outlived it" if server.survivors else ""
    ended += f" at {server.ended_s:.2f} s with status {server.exit_status}"
    return f"port {server.port}, {server.readiness}, {ended}{survivors}"


def _wires(exchanges: Sequence[Exchange], parts: Sequence[str], telling: Collection[str]) -> Iterator[Wire]:
    """Yield the exchanges; of hundreds of equal exchanges, as a load makes, one with the count of the others."""
    for _, group in itertools.groupby(exchanges, key=_shape):
        first, *others = group
        if len(others) < FEW_ALIKE:
            yield from (_wire(exchange, parts, telling) for exchange in (first, *others))
        else:
            yield _wire(first, parts, telling, alike=len(others))


def _shape(exchange: Exchange) -> tuple[str, str, tuple[tuple[str, int], ...]]:
    return exchange.name, exchange.ended, tuple((frame.direction, len(frame.data)) for frame in exchange.frames)


def _wire(exchange: Exchange, parts: Sequence[str], telling: Collection[str], *, alike: int = 0) -> Wire:
    many = len(exchange.frames) > 2 * FRAMES  # reading hundreds of answers takes long and says nothing
    heard = f"{len(exchange.frames)} frames, then {exchange.ended}" if many else str(exchange.heard)
    marked = any(part in heard or part == f"{exchange.name}: {heard}" for part in parts)
    return Wire(
        name=exchange.name,
        heard=heard,
        marked=marked,
        telling=marked or exchange.name in telling,
        moments=tuple(_moments(exchange)),
        alike=alike,
    )


def _moments(exchange: Exchange) -> Iterator[Moment]:
    last = exchange.opened_s
    left_out = range(FRAMES, len(exchange.frames) - FRAMES)
    for place, frame in enumerate(exchange.frames):
        if place in left_out:
            if place == left_out[-1]:
                yield Moment(at_s=frame.at_s, kind="wait", lines=(f"{len(left_out)} frames, in the evidence folder",))
        else:
            yield from _wait(last, frame.at_s)
            lines = (f"({frame.act})",) if frame.act else tuple(_lines(frame.data))
            yield Moment(at_s=frame.at_s, kind=frame.direction, lines=lines, size=len(frame.data))
        last = frame.at_s
    yield from _wait(last, exchange.ended_s)
    yield Moment(at_s=exchange.ended_s, kind="end", lines=(exchange.ended,))


def _wait(since: float, until: float) -> Iterator[Moment]:
    if until - since >= WAIT_S:
        yield Moment(at_s=since, kind="wait", lines=(f"{until - since:.1f} s of silence",))


def _lines(data: bytes) -> list[str]:
    r"""Return bytes as Python writes them, line by line; the end of each line stays visible: ``\r\n``."""
    short = data[:FRAME]
    lines = [repr(line)[2:-1] for line in short.splitlines(keepends=True)]
    return [*lines, f"… {len(data) - FRAME} more bytes"] if len(data) > FRAME else lines


def _portable(text: str) -> str:
    """Write the user's home folder as ``~``, so that the page may be published."""
    return text.replace(_home(), "~")


@functools.cache
def _home() -> str:
    return str(Path.home())
