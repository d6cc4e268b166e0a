"""Evidence that is changed by hand into what a judge must not be fooled by, or must see through: the words for it.

Unlike a mutation, such a change may add what a server would have sent. As the process of an answer ``{NAME}`` stands
for the process that gave the first answer in the exchange of that name: ``{blocked: before}``.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from typing import TYPE_CHECKING, Any

import msgspec

from harness.model.answers import PROCESS
from harness.model.evidence import Frame
from harness.model.verdict import Verdict
from tests.kept import everything

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.evidence import Ended, Evidence, Exchange
    from tests.kept import Kept

    Edit = Callable[[Evidence], Evidence]

REPRODUCED, ABSENT, UNHEALTHY, INCONCLUSIVE = (
    Verdict.REPRODUCED,
    Verdict.ABSENT,
    Verdict.UNHEALTHY,
    Verdict.INCONCLUSIVE,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer to be put into an exchange: of its bytes only the first ``size``, or all but the last ``less``.

    ``process`` is what the answer names as its process; where it is empty, the answer names none.
    """

    body: str
    status: int = 200
    process: str = ""
    size: int | None = None
    less: int = 0
    times: int = 1

    def in_bytes(self, evidence: Evidence) -> bytes:
        """Return the bytes of it."""
        process = re.sub(r"\{(.+?)\}", lambda named: _first_process(evidence, named[1]), self.process)
        named = f"{PROCESS}: {process}\r\n" if process else ""
        head = f"HTTP/1.1 {self.status} Words\r\n{named}content-length: {len(self.body)}"
        whole = f"{head}\r\n\r\n{self.body}".encode()
        return whole[: len(whole) - self.less if self.size is None else self.size] * self.times


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """Kept evidence, by a glob of file names, what becomes of it, and the verdict that it then gets."""

    name: str
    scenario: str
    kept: str
    edits: tuple[Edit, ...]
    verdict: Verdict
    says: str = ""  # in the reason or the signature

    def __str__(self) -> str:
        """Name it in the id of a test."""
        return f"{self.scenario}: {self.name}"

    @property
    def trials(self) -> tuple[Kept, ...]:
        """The kept trials that the case is about, at least one."""
        found = tuple(
            one
            for one in everything()
            if fnmatch.fnmatchcase(one.scenario.id, self.scenario) and fnmatch.fnmatchcase(one.path.stem, self.kept)
        )
        assert found, f"no kept evidence of {self.scenario} is called {self.kept}"
        return found

    def changed(self, evidence: Evidence) -> Evidence:
        """Return the evidence after every edit."""
        for edit in self.edits:
            evidence = edit(evidence)
        return evidence


def case(scenario: str, name: str, pattern: str, *edits: Edit, verdict: Verdict, says: str = "") -> Case:
    """Return a case, in one line of a table."""
    return Case(name=name, scenario=scenario, kept=pattern, edits=edits, verdict=verdict, says=says)


def _first_process(evidence: Evidence, name: str) -> str:
    exchange = evidence.exchange(name)
    assert exchange, f"the kept evidence has no exchange '{name}'"
    return exchange.answers[0].process


def _each(name: str, change: Callable[[Evidence, Exchange], Exchange]) -> Edit:
    """Return an edit of every exchange of a name, at least one."""

    def edit(evidence: Evidence) -> Evidence:
        assert evidence.exchange(name), f"the kept evidence has no exchange '{name}'"
        changed = tuple(change(evidence, one) if one.name == name else one for one in evidence.exchanges)
        return msgspec.structs.replace(evidence, exchanges=changed)

    return edit


def hears(name: str, *answers: Answer, then: Ended | None = None) -> Edit:
    """Put these answers and nothing else into every exchange of a name; let it end otherwise, where that is said."""

    def change(evidence: Evidence, one: Exchange) -> Exchange:
        received = b"".join(answer.in_bytes(evidence) for answer in answers)
        sent = tuple(frame for frame in one.frames if frame.direction == "sent")
        back = Frame(at_s=one.ended_s, direction="received", data=received)
        ended = then or one.ended
        return msgspec.structs.replace(one, frames=(*sent, back), ended=ended)

    return _each(name, change)


def ends(name: str, then: Ended) -> Edit:
    """Let every exchange of a name end in another way."""
    return _each(name, lambda _, one: msgspec.structs.replace(one, ended=then))


def ends_at_once(name: str) -> Edit:
    """Let every exchange of a name end just after its last byte."""
    return _each(name, lambda _, one: msgspec.structs.replace(one, ended_s=one.frames[-1].at_s + 0.01))


def later(name: str, other: str) -> Edit:
    """Let every exchange of a name begin a second after another one has ended."""

    def change(evidence: Evidence, one: Exchange) -> Exchange:
        before = evidence.exchange(other)
        assert before
        frames = tuple(msgspec.structs.replace(frame, at_s=before.ended_s + 1.1) for frame in one.frames)
        return msgspec.structs.replace(one, opened_s=before.ended_s + 1, ended_s=before.ended_s + 1.2, frames=frames)

    return _each(name, change)


def without(name: str) -> Edit:
    """Take every exchange of a name away, at least one."""

    def edit(evidence: Evidence) -> Evidence:
        assert evidence.exchange(name), f"the kept evidence has no exchange '{name}'"
        rest = tuple(one for one in evidence.exchanges if one.name != name)
        return msgspec.structs.replace(evidence, exchanges=rest)

    return edit


def again(*edits: Edit, names: tuple[str, ...]) -> Edit:
    """Add a further round of the exchanges of these names, edited."""

    def edit(evidence: Evidence) -> Evidence:
        changed = evidence
        for one in edits:
            changed = one(changed)
        further = tuple(one for one in changed.exchanges if one.name in names)
        return msgspec.structs.replace(evidence, exchanges=(*evidence.exchanges, *further))

    return edit


def logs(old: str, new: str) -> Edit:
    """Replace words in the log of every server; they must be there."""

    def edit(evidence: Evidence) -> Evidence:
        assert any(old in server.log for server in evidence.servers), f"no kept log has '{old}'"
        servers = tuple(msgspec.structs.replace(one, log=one.log.replace(old, new)) for one in evidence.servers)
        return msgspec.structs.replace(evidence, servers=servers)

    return edit


def logs_like(pattern: str, new: str) -> Edit:
    """Replace what matches in the log of every server; something must."""

    def edit(evidence: Evidence) -> Evidence:
        assert any(re.search(pattern, server.log) for server in evidence.servers), f"no kept log has '{pattern}'"
        servers = tuple(msgspec.structs.replace(one, log=re.sub(pattern, new, one.log)) for one in evidence.servers)
        return msgspec.structs.replace(evidence, servers=servers)

    return edit


def logs_too(*, before: str = "", after: str = "") -> Edit:
    """Put words before or behind the log of every server."""

    def edit(evidence: Evidence) -> Evidence:
        servers = tuple(msgspec.structs.replace(one, log=before + one.log + after) for one in evidence.servers)
        return msgspec.structs.replace(evidence, servers=servers)

    return edit


def records(**fields: Any) -> Edit:  # noqa: ANN401 - whatever the fields of a record are
    """Replace fields in the record of every server."""

    def edit(evidence: Evidence) -> Evidence:
        servers = tuple(msgspec.structs.replace(one, **fields) for one in evidence.servers)
        return msgspec.structs.replace(evidence, servers=servers)

    return edit


def without_servers(evidence: Evidence) -> Evidence:
    """Take the record of every server away."""
    return msgspec.structs.replace(evidence, servers=())


def facts(measured: dict[str, str | int | float | bool]) -> Edit:
    """Replace all facts."""
    return lambda evidence: msgspec.structs.replace(evidence, facts=measured)
