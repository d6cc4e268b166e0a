"""Verdicts, and the one law by which evidence becomes a verdict.

The law, in `conclude`; the first line that applies decides:

1. A precondition does not hold, so that something else was on trial: ``inconclusive``.
2. The signature was observed: ``reproduced``.
3. A control failed: ``unhealthy``.
4. The requirement was not met under the trigger, in another way than the failure's: ``inconclusive``.
5. None of these: ``absent``.

A `Judgement` cannot be built in breach of the law: ``absent`` without passed controls and a met requirement raises, and
so does one observation that is both a control and the requirement.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Verdict(enum.StrEnum):
    """What the evidence of a cell shows; the words and meanings of the public contract."""

    REPRODUCED = "reproduced"
    ABSENT = "absent"
    UNHEALTHY = "unhealthy"
    UNSUPPORTED = "unsupported"
    INCONCLUSIVE = "inconclusive"
    ENVIRONMENT_FAILED = "environment-failed"
    NOT_RUN = "not-run"

    @property
    def is_judged(self) -> bool:
        """Whether the failure was seen, or seen not to be there."""
        return self in {Verdict.REPRODUCED, Verdict.ABSENT}


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation, judged: what a server that does its work shows, and what this server showed.

    Both sides are whole values of one type, which are compared; their text is for showing.
    """

    name: str
    expected: object
    actual: object

    @property
    def passed(self) -> bool:
        """Whether both sides are of one type and equal."""
        return type(self.expected) is type(self.actual) and self.expected == self.actual

    def __str__(self) -> str:
        """Return both sides in words."""
        return f"expected {self.expected}, got {self.actual}"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with what backs it.

    ``signature`` quotes the evidence of the failure (``reproduced`` only). ``reason`` is one line that a person can act
    on (every verdict but ``reproduced`` and ``absent``). ``preconditions`` check that the server is what is on trial,
    ``controls`` check its ordinary work, ``requirement`` checks what it owes under the trigger.

    Raises:
        ValueError: the verdict is not backed as the law demands.

    """

    verdict: Verdict
    reason: str | None = None
    signature: str | None = None
    controls: tuple[Check, ...] = ()
    requirement: Check | None = None
    preconditions: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a verdict that no observation backs."""
        if self.verdict is Verdict.REPRODUCED and not self.signature:
            message = "'reproduced' needs the signature that was observed"
            raise ValueError(message)
        if self.verdict is Verdict.ABSENT and not (self.controls and all(check.passed for check in self.controls)):
            message = "'absent' needs at least one control, and every control passed"
            raise ValueError(message)
        if self.verdict is Verdict.ABSENT and not (self.requirement and self.requirement.passed):
            message = "'absent' needs the requirement to be met under the trigger"
            raise ValueError(message)
        if self.verdict.is_judged and not all(check.passed for check in self.preconditions):
            message = f"'{self.verdict}' needs every precondition to hold"
            raise ValueError(message)
        if self.requirement and self.requirement.name in {check.name for check in self.controls}:
            message = f"'{self.requirement.name}' is a control and the requirement: one observation cannot be both"
            raise ValueError(message)
        if not self.verdict.is_judged and not self.reason:
            message = f"'{self.verdict}' needs a reason"
            raise ValueError(message)


def conclude(
    *, signature: str | None, controls: Sequence[Check], requirement: Check, preconditions: Sequence[Check] = ()
) -> Judgement:
    """Apply the law to what a scenario found in its evidence.

    Args:
        signature: the words or bytes that show the failure, or None where they are not in the evidence.
        controls: every control of the cell, judged; at least one.
        requirement: what the server owes under the trigger, judged; met where the failure is absent.
        preconditions: that the server is what is on trial, judged: this parser runs, this loop.

    Raises:
        ValueError: the requirement is also one of the controls.

    """
    checks, firsts = tuple(controls), tuple(preconditions)
    reason: str | None
    if other := next((check for check in firsts if not check.passed), None):
        verdict, reason = Verdict.INCONCLUSIVE, f"this is not what is on trial: '{other.name}': {other}"
    elif signature is not None:
        verdict, reason = Verdict.REPRODUCED, None
    elif failed := next((check for check in checks if not check.passed), None):
        verdict, reason = Verdict.UNHEALTHY, f"control '{failed.name}' failed: {failed}"
    elif not requirement.passed:
        verdict = Verdict.INCONCLUSIVE
        reason = f"neither the failure nor ordinary work: '{requirement.name}': {requirement}"
    else:
        verdict, reason = Verdict.ABSENT, None
    return Judgement(
        verdict=verdict,
        reason=reason,
        signature=signature,
        controls=checks,
        requirement=requirement,
        preconditions=firsts,
    )


def tally_of(judgements: Iterable[Judgement]) -> dict[Verdict, int]:
    """Count the verdicts, sorted by their words."""
    return dict(sorted(collections.Counter(judgement.verdict for judgement in judgements).items()))


def combine(judgements: Sequence[Judgement]) -> Judgement:
    """Reduce the judgements of a cell's trials, at least one, to the cell's: ``inconclusive`` where they disagree."""
    first = judgements[0]
    tally = tally_of(judgements)
    if len(tally) == 1:
        return first
    counts = ", ".join(f"{count} {verdict}" for verdict, count in tally.items())
    return Judgement(
        verdict=Verdict.INCONCLUSIVE,
        reason=f"the trials disagree: {counts}",
        controls=first.controls,
    )


@dataclasses.dataclass(frozen=True)
class AnyReproduces:
    """The rule of a failure that shows only now and then; see `any_reproduces`."""

    trials: int

    def __call__(self, judgements: Sequence[Judgement]) -> Judgement:
        """Reduce the judgements of a cell's trials, at least one, to the cell's."""
        if shown := next((one for one in judgements if one.verdict is Verdict.REPRODUCED), None):
            return shown
        together = combine(judgements)
        if together.verdict is Verdict.ABSENT and len(judgements) < self.trials:
            reason = f"it shows only now and then: {len(judgements)} of {self.trials} trials without it prove nothing"
            return Judgement(verdict=Verdict.INCONCLUSIVE, reason=reason, controls=together.controls)
        return together


def any_reproduces(trials: int) -> AnyReproduces:
    """Return the rule of a failure that shows only now and then.

    One trial that shows the failure is enough. The failure is absent where at least ``trials`` trials were run and all
    say so; a search runs ``trials`` trials.
    """
    return AnyReproduces(trials)
