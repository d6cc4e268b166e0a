"""The evidence of one cell as text in readable order: verdict, environment, then each trial step by step."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from harness import escaping
from harness.model.release import is_local
from harness.report.table import UNJUDGED_HERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.model.evidence import Evidence, Exchange, ServerRecord
    from harness.model.observations import Exit, Look
    from harness.model.result import CellResult, EnvironmentResult
    from harness.model.verdict import Check, Judgement

_LOG_LINES = 200  # of each server; the whole log lies in the evidence folder
NOT_JUDGED = "not judged, its scenario is not at hand; name the folder that has it by --scenarios"
_FRAME = 300  # characters of each frame
_HEARD = 3000  # characters of what was heard in an exchange
_PROCESSES = 20  # of each look


def render(result: CellResult, trials: Sequence[tuple[Evidence, Judgement | None]], *, folder: Path) -> str:
    """Return the text; nothing in it can act on a terminal.

    Args:
        result: the stored result.
        trials: its evidence, each trial with its judgement, or None where the scenario is not at hand.
        folder: the results folder, to say where the evidence lies.

    """
    return "\n".join(_lines(result, trials, folder)) + "\n"


def _lines(result: CellResult, trials: Sequence[tuple[Evidence, Judgement | None]], folder: Path) -> Iterator[str]:
    yield result.id
    yield f"  verdict      {result.verdict}" + (f" (expected {result.expected})" if result.expected else "")
    if result.unjudged_here:
        yield f"  judged       {UNJUDGED_HERE}"
    if result.reason:
        yield f"  reason       {escaping.line(result.reason)}"
    if result.signature:
        yield f"  signature    {escaping.line(result.signature)}"
    if result.environment:
        pins = ", ".join(f"{name} {version}" for name, version in result.environment.pins.items())
        runtime = f", in {result.environment.runtime}" if result.environment.runtime else ""
        yield escaping.line(f"  python       {result.python_full} at {result.environment.interpreter}{runtime}")
        yield escaping.line(f"  installed    {pins}")
        yield from _files(result.environment.files)
        yield escaping.line(f"  resolved     {_resolved(result, result.environment)}")
        for name, why in result.environment.not_exchanged.items():
            yield escaping.line(f"  not changed  {name}: {why}")
    if result.evidence:
        yield f"  evidence     {folder / result.evidence}"
    for evidence, judgement in trials:
        yield ""
        yield from _trial(evidence, judgement)


def _resolved(result: CellResult, environment: EnvironmentResult) -> str:
    """Say as of when the environment was resolved."""
    is_its_own = result.key.is_usual and not is_local(result.version)
    said = f"as of {environment.resolved_as_of}" + (", a day after its upload" if is_its_own else "")
    return said + "".join(f"; {name} as of {moment}" for name, moment in environment.moments.items())


def _files(files: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that are not pure wheels: only these can differ between two environments of the same pins."""
    odd = [f"{name} {told}" for name, told in files.items() if not told.endswith("-none-any")]
    if odd:
        yield f"  files        {escaping.line('; '.join(odd))}; all others are pure wheels"


def _trial(evidence: Evidence, judgement: Judgement | None) -> Iterator[str]:
    verdict = judgement.verdict if judgement else NOT_JUDGED
    yield f"trial {evidence.trial}: {verdict}, began {escaping.line(evidence.began_at)}, took {evidence.duration_s} s"
    for check in judgement.preconditions if judgement else ():
        yield from _check("precondition holds" if check.passed else "precondition DOES NOT HOLD", check)
    for check in judgement.controls if judgement else ():
        yield from _check("control passed" if check.passed else "control FAILED", check)
    if judgement and (requirement := judgement.requirement):
        yield from _check("requirement met" if requirement.passed else "requirement NOT MET", requirement)
    for name, value in evidence.facts.items():
        yield escaping.line(f"  measured {name}: {value}")
    for server in evidence.servers:
        yield from _server(server)
    for exchange in evidence.exchanges:
        yield from _exchange(exchange)
    yield from map(_exit, evidence.exits)
    yield from itertools.chain.from_iterable(map(_look, evidence.looks))
    if evidence.dropped:
        yield f"  {evidence.dropped} observations more were not kept"
    for line in escaping.lines(evidence.error or ""):
        yield f"  error: {line}"


def _check(word: str, check: Check) -> Iterator[str]:
    yield f"  {word}: {escaping.line(check.name)}"
    yield f"      expected {escaping.line(str(check.expected))}"
    yield f"      actual   {escaping.line(str(check.actual))}"


def _server(server: ServerRecord) -> Iterator[str]:
    survivors = f", {server.survivors} processes outlived it and were ended" if server.survivors else ""
    memory = ", out of its container's memory" if server.out_of_memory else ""
    yield f"  server '{escaping.line(server.name)}' on port {server.port}: {server.readiness}"
    yield f"      command  {escaping.line(' '.join(server.argv))}"
    yield f"      ended    by {escaping.line(server.stopped_by)}, status {server.exit_status}{survivors}{memory}"
    if server.variables:
        variables = " ".join(f"{name}={value}" for name, value in server.variables.items())
        yield f"      with     {escaping.line(variables)}"
    if server.signals:
        yield f"      signals  {', '.join(map(str, server.signals))}, by the scenario"
    for one in server.signals_to_children:
        yield f"      signal   {one.number} to process {one.pid} at {one.at_s:.3f} s, by the scenario"
    for label, text in (("log", server.log), ("stopping", server.log_stopping)):
        lines = escaping.lines(text)
        for line in lines[:_LOG_LINES]:
            yield f"      {label:<8} {line}"
        if len(lines) > _LOG_LINES:
            yield f"      {label:<8} … {len(lines) - _LOG_LINES} more lines in the evidence folder"
    if server.log_dropped:
        yield f"      {server.log_dropped} bytes of its output were not kept"


def _exit(one: Exit) -> str:
    awaited = f"end '{escaping.line(one.name)}' of '{escaping.line(one.server)}'"
    return f"  {awaited}: {one} at {one.at_s:.3f} s, after {one.waited_s:.2f} s of waiting"


def _look(look: Look) -> Iterator[str]:
    yield f"  look '{escaping.line(look.name)}' at '{escaping.line(look.server)}': {look}"
    for one in look.processes[:_PROCESSES]:
        used = f"{one.memory} bytes, {one.descriptors} descriptors, {one.threads} threads, {one.processor_s:.2f} s"
        yield f"      {one.pid:<8} {used}: {escaping.line(one.command, limit=_FRAME)}"
    if len(look.processes) > _PROCESSES:
        yield f"      {len(look.processes) - _PROCESSES} more processes in the evidence folder"


def _exchange(exchange: Exchange) -> Iterator[str]:
    took = exchange.ended_s - exchange.opened_s
    how = f"{exchange.ended} ({escaping.line(exchange.failure)})" if exchange.failure else str(exchange.ended)
    what = f"exchange '{escaping.line(exchange.name)}' with '{escaping.line(exchange.server)}'"
    where = f" at {escaping.line(exchange.address)}" if exchange.address else ""
    is_plain = exchange.protocol == "HTTP/1.1"
    yield f"  {what}{where}{'' if is_plain else f' over {exchange.protocol}'}: {how} after {took:.2f} s"
    if not is_plain:  # of these bytes nobody reads what they say
        yield f"      heard    {escaping.line(str(exchange.heard), limit=_HEARD)}"
    for frame in exchange.frames:
        arrow = "->" if frame.direction == "sent" else "<-"
        shown = f"({frame.act})" if frame.act else escaping.line(repr(frame.data)[2:-1], limit=_FRAME)
        yield f"      {frame.at_s:8.3f} s {arrow} {shown}"
    if exchange.cut:
        yield f"      {exchange.cut} bytes more were not kept; {len(exchange.beyond)} answers among them were whole"
