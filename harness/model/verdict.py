"""Verdicts and the one law by which evidence becomes one.

The law, in `conclude`: an observed signature is ``reproduced``; otherwise a control that failed is
``unhealthy``; otherwise a trigger that was not applied is ``inconclusive``; only what is left is ``absent``.
A `Judgement` cannot be built in breach of it: ``absent`` without a passed control raises.
"""

from __future__ import annotations

import collections
import enum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    """One control, judged: what a server that does its ordinary work shows, and what this one showed."""

    name: str
    expected: str
    actual: str

    @property
    def passed(self) -> bool:
        """Whether the server did what was expected, to the letter."""
        return self.expected == self.actual


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with what backs it.

    ``signature`` quotes the evidence of the failure (``reproduced`` only); ``reason`` is one line a person
    can act on (every verdict but ``reproduced`` and ``absent``); ``controls`` are the checks that were made.

    Raises:
        ValueError: the verdict is not backed as the law demands.

    """

    verdict: Verdict
    reason: str | None = None
    signature: str | None = None
    controls: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what nothing observed backs."""
        if self.verdict is Verdict.REPRODUCED and not self.signature:
            message = "'reproduced' needs the signature that was observed"
            raise ValueError(message)
        if self.verdict is Verdict.ABSENT and not (self.controls and all(check.passed for check in self.controls)):
            message = "'absent' needs at least one control, and every control passed"
            raise ValueError(message)
        if not self.verdict.is_judged and not self.reason:
            message = f"'{self.verdict}' needs a reason"
            raise ValueError(message)


def conclude(*, signature: str | None, controls: Sequence[Check], triggered: bool = True) -> Judgement:
    """Apply the law to what a scenario found in its evidence.

    Args:
        signature: the words or bytes that show the failure, or None where they are not in the evidence.
        controls: every control of the cell, judged; at least one.
        triggered: whether the trigger reached the server in full.

    """
    checks = tuple(controls)
    if signature is not None:
        return Judgement(verdict=Verdict.REPRODUCED, signature=signature, controls=checks)
    for check in checks:
        if not check.passed:
            reason = f"control '{check.name}' failed: expected {check.expected}, got {check.actual}"
            return Judgement(verdict=Verdict.UNHEALTHY, reason=reason, controls=checks)
    if not triggered:
        reason = "the trigger could not be applied in full, so its harmlessness shows nothing"
        return Judgement(verdict=Verdict.INCONCLUSIVE, reason=reason, controls=checks)
    return Judgement(verdict=Verdict.ABSENT, controls=checks)


def combine(judgements: Sequence[Judgement]) -> Judgement:
    """Reduce the judgements of a cell's trials, at least one, to the cell's: all alike, or ``inconclusive``."""
    first = judgements[0]
    tally = collections.Counter(judgement.verdict for judgement in judgements)
    if len(tally) == 1:
        return first
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(tally.items()))
    return Judgement(
        verdict=Verdict.INCONCLUSIVE,
        reason=f"the trials disagree: {counts}",
        controls=first.controls,
    )
