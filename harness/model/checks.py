"""Declared checks: what is sent, what is owed, what the failure looks like. The judge follows from them.

A check is of one observation, which it names: an exchange, an exit, a fact, a snapshot of processes. It compares the
text of what was observed (`Evidence.said`), which differs wherever two observations differ. A check with steps makes
its exchange too; one without steps judges what the scenario's own ``observe`` has made. Where the text depends on
several observations, a pure function of the scenario's reads it from the evidence (``read=``).

The judge (`Judged`) is `conclude` and adds three rules. The failure counts only where every control passed. A failure
in an exchange counts only where the server lived on: how a server ended is a failure of its own, judged by its exit. A
trigger that holds ``...`` is to be written: nothing fits it, so that nothing is reproduced and nothing is absent.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from harness.errors import nearest
from harness.model.declared import check_text, refuse
from harness.model.steps import check_steps
from harness.model.verdict import Check, conclude

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import EllipsisType

    from harness.model.evidence import Evidence, ServerRecord
    from harness.model.steps import Step
    from harness.model.verdict import Judgement

_MOST_TIMES = 1000
_SILENT = "a log without the failure"


@dataclasses.dataclass(frozen=True)
class Bound:
    """A number that is owed, or that shows the failure, with its limit; see `at_most` and `at_least`."""

    limit: float
    above: bool

    def __str__(self) -> str:
        """Return the bound in words."""
        return f"{self.limit:g} or {'more' if self.above else 'less'}"


def at_most(limit: float) -> Bound:
    """Expect a number that is not greater than the limit."""
    return Bound(limit, above=False)


def at_least(limit: float) -> Bound:
    """Expect a number that is not less than the limit."""
    return Bound(limit, above=True)


Expected = str | re.Pattern[str] | Bound
"""What an observation is expected to say: this very text, a text that the pattern matches as a whole, or a number."""

_EXPECTED = (str, re.Pattern, Bound)
_LOGGED = (str, tuple, re.Pattern)

Logged = str | tuple[str, ...] | re.Pattern[str]
"""What the log holds: a line with this text, a line with all of these texts, or a match of the pattern anywhere.

Of a match the first group is shown, where the pattern has groups.
"""

Read = Callable[["Evidence"], str]
"""Says in words, from the whole evidence of a trial, what was observed; pure, and raises nothing."""

_ARE = {
    "failure": "it is a text, a pattern, at_most(N) or at_least(N)",
    "log": "it is a text, a tuple of texts in one line, or a pattern",
}

ByVariant = Mapping[str, Any]
"""A value for each variant, by the variant's name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Control:
    """Ordinary work that a server does whether or not it has the failure; see `control`."""

    name: str
    owed: Expected | ByVariant
    steps: tuple[Step, ...] = ()
    times: int = 1
    read: Read | None = None

    def __post_init__(self) -> None:
        """Refuse values that would fail only later."""
        _check_common(self, "control")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trigger:
    """What brings the failure about; see `trigger`."""

    name: str
    owed: Expected | ByVariant | EllipsisType
    failure: Expected | ByVariant | EllipsisType | None = None
    log: Logged | ByVariant | EllipsisType | None = None
    after_s: float = 0.0
    whatever_controls: bool = False
    steps: tuple[Step, ...] = ()
    times: int = 1
    read: Read | None = None

    def __post_init__(self) -> None:
        """Refuse values that would fail only later."""
        _check_common(self, "trigger")
        for field, kinds in (("failure", _EXPECTED), ("log", _LOGGED)):
            for value in _values(getattr(self, field)):
                if value is not None and value is not ... and not isinstance(value, kinds):
                    refuse(f"the trigger '{self.name}' has {value!r} as its {field}; {_ARE[field]}")
        if self.failure is None and self.log is None:
            refuse(f"the trigger '{self.name}' says neither what the failure looks like nor what it logs")
        if self.read is not None and self.after_s:
            refuse(f"the trigger '{self.name}' has after_s, which is of an exchange, beside read=")
        for variant in _variants(self.owed, self.failure) or [""]:
            owed, failure = of(self.owed, variant), of(self.failure, variant)
            if failure not in (None, ...) and (owed == failure or (isinstance(owed, str) and fits(failure, owed))):
                refuse(f"the trigger '{self.name}' takes what is owed for the failure: {shown(owed)}")


def control(name: str, *steps: Step, owed: Expected | ByVariant, times: int = 1, read: Read | None = None) -> Control:
    """Declare ordinary work: a server that does not do it is ``unhealthy``.

    Args:
        name: the observation's name in the evidence.
        steps: of the exchange, see `harness.model.steps`; none where the scenario's ``observe`` makes the observation.
        owed: what is observed of a server that does its work.
        times: how often the exchange is made; each time it owes the same.
        read: says what was observed, where that is not the text of the observation of this name.

    """
    return Control(name=name, steps=steps, owed=owed, times=times, read=read)


def trigger(
    name: str,
    *steps: Step,
    owed: Expected | ByVariant | EllipsisType,
    failure: Expected | ByVariant | EllipsisType | None = None,
    log: Logged | ByVariant | EllipsisType | None = None,
    after_s: float = 0.0,
    whatever_controls: bool = False,
    times: int = 1,
    read: Read | None = None,
) -> Trigger:
    """Declare what brings the failure about. A part that is ``...`` is to be written, and no cell is judged till then.

    Args:
        name: the observation's name in the evidence.
        steps: of the exchange, see `harness.model.steps`; none where the scenario's ``observe`` makes the observation.
        owed: what is observed where the failure is absent.
        failure: what is observed where the failure is there; None where the log alone shows it.
        log: what the server logs where the failure is there, before it is told to stop. Where ``failure`` is given as
            well, both are needed; where it is not, a server without the failure owes a log without this, all of which
            was kept: an empty log decides nothing.
        after_s: the failure counts only in an exchange that had lasted this many seconds.
        whatever_controls: the failure counts also where a control failed, because the failure can spoil the control.
        times: how often the exchange is made. The failure is there where it shows once; it is absent where each time
            gave what is owed.
        read: says what was observed, where that is not the text of the observation of this name.

    """
    return Trigger(
        name=name,
        steps=steps,
        owed=owed,
        failure=failure,
        log=log,
        after_s=after_s,
        whatever_controls=whatever_controls,
        times=times,
        read=read,
    )


def of(value: Any, variant: str) -> Any:  # noqa: ANN401 - a value of any kind, or one for each variant
    """Return a declared value, or the value for the variant where there is one for each; None where it has none."""
    return value.get(variant) if isinstance(value, Mapping) else value


def fits(expected: Expected | EllipsisType, said: str) -> bool:
    """Whether an observation says what is expected; nothing says what is to be written."""
    if expected is ...:
        return False
    if isinstance(expected, str):
        return said == expected
    if isinstance(expected, re.Pattern):
        return expected.fullmatch(said) is not None
    try:
        number = float(said)
    except ValueError:
        return False
    return number >= expected.limit if expected.above else number <= expected.limit


def shown(expected: Expected | EllipsisType) -> str:
    """Return what is expected in words."""
    if expected is ...:
        return "what is to be written"
    return f"a text like /{expected.pattern}/" if isinstance(expected, re.Pattern) else str(expected)


def logged(log: Logged, text: str) -> str | None:
    """Return the first line of a log, or the first match in it, that shows what is looked for; None where none does."""
    if isinstance(log, re.Pattern):
        found = log.search(text)
        return " ".join(found[min(1, log.groups)].split()) if found else None
    needles = (log,) if isinstance(log, str) else log
    return next((line.strip() for line in text.splitlines() if all(one in line for one in needles)), None)


@dataclasses.dataclass(frozen=True)
class Judged:
    """The judge that follows from declared checks: at least one control, and one trigger.

    ``module`` says where the checks stand, as ``SUBJECT/NAME/scenario.py``; loading the module adds it.
    """

    checks: tuple[Control | Trigger, ...]
    module: str = ""

    def __post_init__(self) -> None:
        """Refuse checks that no verdict can follow from."""
        names = [one.name for one in self.checks]
        for name in names:
            if names.count(name) > 1:
                refuse(f"two checks are called '{name}': one observation cannot be both a control and the trigger")
        if sum(isinstance(one, Trigger) for one in self.checks) != 1:
            refuse("the checks need one trigger, and no more: what brings the failure about")
        if not any(isinstance(one, Control) for one in self.checks):
            refuse("the checks need a control: nothing else shows that a server without the failure does its work")

    def __call__(self, evidence: Evidence) -> Judgement:
        """Judge the evidence of one trial."""
        what = self._trigger
        controls = [_checked(one, evidence) for one in self.checks if isinstance(one, Control)]
        log = of(what.log, evidence.variant)
        server = evidence.server_of(what.name)
        line = logged(log, server.log) if log not in (None, ...) and server else None
        is_ordinary = what.whatever_controls or all(check.passed for check in controls)
        signature = _signature(what, line, evidence) if is_ordinary else None
        return conclude(signature=signature, controls=controls, requirement=_required(what, line, evidence))

    @property
    def _trigger(self) -> Trigger:
        return next(one for one in self.checks if isinstance(one, Trigger))

    def unwritten(self, variant: str) -> str | None:
        """Say what of the trigger is to be written, and where; None where all of it is."""
        lacking = _unwritten(self._trigger, variant)
        where = f" in {self.module}" if self.module else ""
        parts = " and ".join(f"{name}=..." for name in lacking)
        return f"the trigger '{self._trigger.name}' is to be written{where}: it says {parts}" if lacking else None


def check_names(checks: Iterable[Control | Trigger], variants: Iterable[str]) -> None:
    """Refuse checks that hold a value for a variant that there is not.

    Raises:
        ValueError: the message has the nearest variant.

    """
    known = tuple(variants)
    for one in checks:
        for field in ("owed", "failure", "log"):
            for name in _variants(getattr(one, field, None)):
                if name not in known:
                    where = f"{field} of the {type(one).__name__.lower()} '{one.name}'"
                    refuse(f"{where} names no variant of the scenario by {name!r}; {nearest(str(name), known)}")


def check_variant(checks: Iterable[Control | Trigger], variant: str) -> None:
    """Refuse checks that say nothing of a variant.

    Raises:
        ValueError: a check owes nothing there, or a trigger shows the failure by nothing.

    """
    for one in checks:
        if of(one.owed, variant) is None:
            refuse(f"the check '{one.name}' does not say what is owed of the variant '{variant}'")
        if isinstance(one, Trigger) and of(one.failure, variant) is None and of(one.log, variant) is None:
            refuse(f"the trigger '{one.name}' does not say what the failure looks like in the variant '{variant}'")


def _signature(what: Trigger, line: str | None, evidence: Evidence) -> str | None:
    """Return the words of the failure, or None where it did not show."""
    failure, log = of(what.failure, evidence.variant), of(what.log, evidence.variant)
    if _unwritten(what, evidence.variant) or (log is not None and line is None):
        return None
    if failure is None:
        return line
    for number, said in enumerate(_sayings(what, evidence)):
        if fits(failure, said) and _counts(what, number, evidence):
            return f"{what.name}: {said}" + (f"; {line}" if line else "")
    return None


def _counts(what: Trigger, number: int, evidence: Evidence) -> bool:
    """Whether what was observed can be the failure: the server lived on, and the exchange had lasted long enough."""
    exchanges = evidence.all_exchanges(what.name)
    if what.read or not exchanges:
        return True
    server = evidence.server(exchanges[number].server)
    lasted = exchanges[number].ended_s - exchanges[number].opened_s
    return server is not None and server.lived_on and lasted >= what.after_s


def _sayings(one: Control | Trigger, evidence: Evidence) -> tuple[str, ...]:
    """Return, as text, what a check is of."""
    return (one.read(evidence),) if one.read else evidence.all_said(one.name)


def _checked(one: Control | Trigger, evidence: Evidence) -> Check:
    """Return the check of what was observed: of the first time that was not as it should be, where there is one."""
    owed, sayings = of(one.owed, evidence.variant), _sayings(one, evidence)
    wrong = next((said for said in sayings if not fits(owed, said)), None)
    if wrong is not None:
        return Check(name=one.name, expected=shown(owed), actual=wrong)
    if len(sayings) < one.times:
        made = f"{len(sayings)} of {one.times} times"
        return Check(name=one.name, expected=shown(owed), actual=evidence.said(one.name) if one.times == 1 else made)
    return Check(name=one.name, expected=sayings[-1], actual=sayings[-1])


def _required(what: Trigger, line: str | None, evidence: Evidence) -> Check:
    """Return the requirement: what is owed, and, where the log alone shows the failure, a log without it."""
    check = _checked(what, evidence)
    if _unwritten(what, evidence.variant):
        return Check(name=what.name, expected=shown(...), actual=check.actual)
    if of(what.failure, evidence.variant) is not None or of(what.log, evidence.variant) is None:
        return check
    log = f"in the log: {line}" if line else _silence(evidence.server_of(what.name))
    return Check(name=check.name, expected=f"{check.expected}, and {_SILENT}", actual=f"{check.actual}, and {log}")


def _silence(server: ServerRecord | None) -> str:
    """Say what a log without the failure is worth: a log that was lost does not show that the server was silent."""
    if server is None or not server.log.strip():
        return "no log at all"
    return f"a log of which {server.log_dropped} bytes were not kept" if server.log_dropped else _SILENT


def _unwritten(what: Trigger, variant: str) -> list[str]:
    """Return the fields of a trigger that are ``...`` for a variant."""
    return [name for name in ("owed", "failure", "log") if of(getattr(what, name), variant) is ...]


def _values(value: object) -> tuple[object, ...]:
    return tuple(value.values()) if isinstance(value, Mapping) else (value,)


def _variants(*values: object) -> list[str]:
    return list(dict.fromkeys(name for value in values if isinstance(value, Mapping) for name in value))


def _check_common(one: Control | Trigger, kind: str) -> None:
    check_text(one.name, f"a {kind}'s name")
    for value in _values(one.owed):
        if not isinstance(value, _EXPECTED) and not (value is ... and isinstance(one, Trigger)):
            refuse(f"the {kind} '{one.name}' owes {value!r}; {_ARE['failure']}")
    if one.times not in range(1, _MOST_TIMES + 1):
        refuse(f"the {kind} '{one.name}' is made {one.times!r} times; it is a number from 1 to {_MOST_TIMES}")
    if one.read is not None and (one.times > 1 or not callable(one.read)):
        refuse(f"the {kind} '{one.name}' is read by {one.read!r}; give a function of the evidence, and no times=")
    try:
        check_steps(one.steps)
    except ValueError as error:
        refuse(f"the {kind} '{one.name}': {error}")
