"""A scenario that its author has not finished says nothing of a server: the judgement becomes ``inconclusive``.

Two things show that. The trigger still holds ``...`` where it is to say what is owed, or what the failure looks like.
Or a check names an observation that was never made, while another one of nearly that name was made: that name is
misspelt, and the server did not fail to do anything.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from harness.model.checks import Judged
from harness.model.evidence import NEVER_REACHED
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from harness.model.evidence import Evidence, Exchange
    from harness.model.observations import Exit, Look
    from harness.model.scenario import Scenario
    from harness.model.verdict import Judgement

_DIGITS = re.compile(r"\d+")
_LENGTH = 2  # characters that a misspelt name may be longer or shorter
_NEAR = 0.8  # the similarity (`difflib`) from which on one name is taken for a misspelling of the other
_OWN = "ready"  # the name of the exchange that the harness itself makes with each server


def what_is_unfinished(scenario: Scenario, judgement: Judgement, evidence: Evidence) -> str | None:
    """Return the reason why a judgement shows the author's work, not the server's; None for every other judgement.

    Args:
        scenario: the scenario that gave the judgement.
        judgement: what its judge says of the evidence.
        evidence: of one trial, which the harness carried to its end.

    """
    unwritten = scenario.judge.unwritten(evidence.variant) if isinstance(scenario.judge, Judged) else None
    if unwritten:
        return f"{unwritten}; {judgement.reason}" if judgement.verdict is Verdict.UNHEALTHY else unwritten
    return _misspelt(judgement, evidence)


def _misspelt(judgement: Judgement, evidence: Evidence) -> str | None:
    """Say which observation a check asks for in vain, and which one it may mean."""
    if judgement.verdict not in {Verdict.UNHEALTHY, Verdict.INCONCLUSIVE} or evidence.silent:
        return None
    checks = (*judgement.preconditions, *judgement.controls, *filter(None, (judgement.requirement,)))
    observed: tuple[Exchange | Exit | Look, ...] = (*evidence.exchanges, *evidence.exits, *evidence.looks)
    made = {*(one.name for one in observed), *evidence.facts, *(one.name for one in evidence.servers)} - {_OWN}
    unasked = sorted(made - {check.name for check in checks})
    for check in checks:
        if check.name not in made and str(check.actual).startswith(str(NEVER_REACHED)):
            near = next((name for name in unasked if _is_near(check.name, name)), None)
            if near:
                return f"no observation '{check.name}' was made; did you mean '{near}'?"
    return None


def _is_near(name: str, other: str) -> bool:
    """Whether one name is the other one misspelt; names that differ much in length, or in a number, are not."""
    is_alike = abs(len(name) - len(other)) <= _LENGTH and _DIGITS.findall(name) == _DIGITS.findall(other)
    return is_alike and difflib.SequenceMatcher(a=name, b=other).ratio() >= _NEAR
