"""What may become of the evidence of a trial without becoming evidence of something else.

A mutation takes evidence away or makes it contradict itself; it never adds what would show a failure or ordinary work.
So no mutation turns ``absent`` into ``reproduced`` or the other way, nor what could not be judged into either, and a
judge that lets it is wrong. What a mutation would have forged is left out: an exchange, an end of a server, an awaited
end or a fact that is just as in kept evidence of another verdict.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import TYPE_CHECKING

import msgspec

from harness.model.evidence import Ended, Frame
from harness.model.observations import ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model.evidence import Evidence, Exchange, ServerRecord

NEVER_READY = "no server was ever ready"
_STATUSES = (b"200", b"204", b"404", b"500")
_EXIT_STATUSES = (None, 0, 1, -9, -11)
_NOBODY = "nobody"  # the name of a server that there never was
_STATUS = re.compile(rb"\A(HTTP/1\.[01] )(\d{3})")
_HEADER = re.compile(rb"\A(HTTP/1\.[01] [^\r\n]*\r\n)[^\r\n]+\r\n")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mutation:
    """Changed evidence; ``is_void`` says that nothing at all may be judged by it any more."""

    name: str
    evidence: Evidence
    is_void: bool = False


def mutations(evidence: Evidence, others: Sequence[Evidence] = ()) -> Iterator[Mutation]:
    """Yield every mutation of a trial; ``others`` is kept evidence of the same scenario with another verdict."""
    known = frozenset(_shown(evidence))
    foreign = frozenset(part for other in others for part in _shown(other))
    of_parts = (_of_exchanges, _of_servers, _of_exits, _of_facts)
    for name, mutated in (one for of_part in of_parts for one in of_part(evidence)):
        if mutated != evidence and not foreign.intersection(_added(evidence, mutated) - known):
            yield Mutation(name=name, evidence=mutated)
    yield from _of_the_trial(evidence)


def _of_exchanges(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    yield "no exchange", msgspec.structs.replace(evidence, exchanges=())
    for name in dict.fromkeys(one.name for one in evidence.exchanges):
        rest = tuple(one for one in evidence.exchanges if one.name != name)
        yield f"no '{name}'", msgspec.structs.replace(evidence, exchanges=rest)
    for place, one in enumerate(evidence.exchanges):
        alike = evidence.all_exchanges(one.name)
        if one is not alike[0] and one is not alike[-1]:
            continue
        label = f"'{one.name}'" if len(alike) == 1 else f"{'last' if one is alike[-1] else 'first'} '{one.name}'"
        for how, changed in _of_exchange(one):
            exchanges = (*evidence.exchanges[:place], *changed, *evidence.exchanges[place + 1 :])
            yield f"{label}: {how}", msgspec.structs.replace(evidence, exchanges=exchanges)


def _of_exchange(exchange: Exchange) -> Iterator[tuple[str, tuple[Exchange, ...]]]:
    """Yield what one exchange may become: nothing, or one that is torn, ends or is answered in another way."""
    yield "dropped", ()
    for end in Ended:
        yield end, (msgspec.structs.replace(exchange, ended=end),)
    received = exchange.bytes("received")
    for where, size in _tears(received):
        yield f"torn {where}", (_with_received(exchange, received[:size]),)
    starts = _starts(received)
    for number, start in (("first", starts[0]), ("last", starts[-1])) if starts else ():
        head, answer = received[:start], received[start:]
        for status in _STATUSES:
            changed = _STATUS.sub(rb"\g<1>" + status, answer)
            yield f"{number} answer {status.decode()}", (_with_received(exchange, head + changed),)
        yield f"{number} answer without a header", (_with_received(exchange, head + _HEADER.sub(rb"\1", answer)),)


def _starts(received: bytes) -> list[int]:
    """Return where answers begin."""
    return [match.start() for match in re.finditer(rb"HTTP/1\.[01] \d{3}", received)]


def _tears(received: bytes) -> Iterator[tuple[str, int]]:
    """Yield where received bytes are cut: how the place is called, and how many bytes are left."""
    starts = _starts(received)
    if not starts:
        return
    yield "before all", 0
    yield "in the first head", starts[0] + 12
    for name, start in {"first": starts[0], "last": starts[-1]}.items():
        body = received.find(b"\r\n\r\n", start) + 4
        end = next((later for later in starts if later > start), len(received))
        yield f"before the {name} body", body
        yield f"in the middle of the {name} body", (body + end) // 2
        yield f"at the end of the {name} body", end - 1
    if len(starts) > 1:
        yield "behind the first answer", starts[1]
        yield "before the last answer", starts[-1]
        yield "in the last head", starts[-1] + 12


def _with_received(exchange: Exchange, received: bytes) -> Exchange:
    """Return the exchange with other bytes from the server."""
    sent = tuple(frame for frame in exchange.frames if frame.direction == "sent")
    back = (Frame(at_s=exchange.ended_s, direction="received", data=received),) if received else ()
    return msgspec.structs.replace(exchange, frames=(*sent, *back))


def _of_servers(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    yield "no server", msgspec.structs.replace(evidence, servers=())
    for place, server in enumerate(evidence.servers):
        for how, changed in _of_server(server):
            servers = (*evidence.servers[:place], *changed, *evidence.servers[place + 1 :])
            yield f"server '{server.name}': {how}", msgspec.structs.replace(evidence, servers=servers)


def _of_server(server: ServerRecord) -> Iterator[tuple[str, tuple[ServerRecord, ...]]]:
    """Yield what the record of one server may become."""
    yield "dropped", ()
    yield "its log blank", (msgspec.structs.replace(server, log=""),)
    swapped = msgspec.structs.replace(server, log=server.log_stopping, log_stopping=server.log)
    yield "its log of before and after the stop swapped", (swapped,)
    for status in _EXIT_STATUSES:
        yield f"its exit status {status}", (msgspec.structs.replace(server, exit_status=status),)
    yield "never ready", (msgspec.structs.replace(server, ready_s=None),)
    gone = msgspec.structs.replace(server, exit_status=-9, stopped_by="itself")
    yield "killed by somebody", (gone,)
    yield "out of memory", (msgspec.structs.replace(server, out_of_memory=True),)


def _of_exits(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    for place, one in enumerate(evidence.exits):
        statuses = {ending(status): (msgspec.structs.replace(one, status=status),) for status in _EXIT_STATUSES}
        for how, changed in {"dropped": (), **statuses}.items():
            exits = (*evidence.exits[:place], *changed, *evidence.exits[place + 1 :])
            yield f"awaited end '{one.name}': {how}", msgspec.structs.replace(evidence, exits=exits)


def _of_facts(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    if evidence.facts:
        yield "no fact", msgspec.structs.replace(evidence, facts={})
    for name in evidence.facts:
        rest = {known: value for known, value in evidence.facts.items() if known != name}
        yield f"no fact '{name}'", msgspec.structs.replace(evidence, facts=rest)
        for value in ("", math.nan):
            yield (
                f"fact '{name}' is {value!r}",
                msgspec.structs.replace(evidence, facts={**evidence.facts, name: value}),
            )


def _of_the_trial(evidence: Evidence) -> Iterator[Mutation]:
    for name in (*(server.name for server in evidence.servers), _NOBODY):
        yield Mutation(name=f"server '{name}' silent", evidence=msgspec.structs.replace(evidence, silent=name))
    yield Mutation(name="an exchange beyond the bound", evidence=msgspec.structs.replace(evidence, dropped=1))
    nothing = msgspec.structs.replace(evidence, servers=(), exchanges=(), facts={}, exits=(), looks=())
    yield Mutation(name="nothing is left", evidence=nothing, is_void=True)
    silent = tuple(msgspec.structs.replace(one, ready_s=None, log="", log_stopping="") for one in evidence.servers)
    never = msgspec.structs.replace(nothing, servers=silent, silent=silent[0].name if silent else None)
    yield Mutation(name=NEVER_READY, evidence=never, is_void=True)
    for verdict in (None, "inconclusive", "environment-failed"):
        lost = msgspec.structs.replace(evidence, error="no network", error_verdict=verdict)
        yield Mutation(name=f"the harness failed ({verdict})", evidence=lost, is_void=True)


def _added(evidence: Evidence, mutated: Evidence) -> frozenset[tuple[object, ...]]:
    """Return what the mutated parts of the evidence show."""
    whole = {id(part) for part in (*evidence.exchanges, *evidence.servers, *evidence.exits)}
    parts = {
        "exchanges": tuple(one for one in mutated.exchanges if id(one) not in whole),
        "servers": tuple(one for one in mutated.servers if id(one) not in whole),
        "exits": tuple(one for one in mutated.exits if id(one) not in whole),
    }
    return frozenset(_shown(msgspec.structs.replace(mutated, **parts)))


def _shown(evidence: Evidence) -> Iterator[tuple[object, ...]]:
    """Yield what a judge may look at by itself, as values that are compared."""
    for exchange in evidence.exchanges:
        yield ("exchange", exchange.name, exchange.heard)
    for server in evidence.servers:
        yield ("server", server.name, server.exit_status, server.stopped_by)
        yield ("ready", server.name, server.ready_s is None)
    for one in evidence.exits:
        yield ("exit", one.name, one.status)
    for name, value in evidence.facts.items():
        yield ("fact", name, type(value), value)
