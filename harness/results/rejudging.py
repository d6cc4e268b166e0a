"""A result that came with its evidence is judged again by the scenario at hand: the evidence counts, not the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_name

from harness.errors import ResultsError
from harness.model.judge import combined, judge
from harness.model.names import shortened
from harness.model.verdict import Verdict, tally_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.catalog.loading import LoadedScenario
    from harness.model.evidence import Evidence
    from harness.model.result import CellResult
    from harness.model.verdict import Judgement


def judged_again(result: CellResult, trials: Iterable[Evidence], loaded: LoadedScenario | None) -> CellResult:
    """Return the result as the judge at hand gives it, or marked as judged by nobody here.

    Args:
        result: the result as somebody else says it.
        trials: its evidence, which is read in any case.
        loaded: its scenario, None where it is not at hand.

    Raises:
        ResultsError: the judge that is said to have given the verdict gives another one, or the subject is another one.

    """
    if loaded and canonicalize_name(loaded.scenario.subject) != canonicalize_name(result.subject):
        raise ResultsError(f"it is of {result.subject}, its scenario of {loaded.scenario.subject}")
    judgements = [_judgement(trial, loaded) for trial in trials]
    given = [one for one in judgements if one]
    unjudged = msgspec.structs.replace(result, unjudged_here=True)
    if loaded is None or len(given) < len(judgements):
        return unjudged
    whole, tally = combined(loaded.scenario, given), tally_of(given)
    if (whole.verdict, tally) == (result.verdict, result.tally):
        return msgspec.structs.replace(
            result,
            reason=shortened(whole.reason),
            signature=shortened(whole.signature),
            judged_by=loaded.closure.judgement,
            unjudged_here=False,
        )
    if result.judged_by not in (None, loaded.closure.judgement):
        return unjudged  # the judge at hand is not the one that gave the verdict
    counts = ", ".join(f"{count} {verdict}" for verdict, count in tally.items())
    raise ResultsError(f"it says {result.verdict}, its own evidence says {whole.verdict} (trials: {counts})")


def _judgement(trial: Evidence, loaded: LoadedScenario | None) -> Judgement | None:
    """Return the judgement of a trial; None where there is no judge at hand, or the judge itself fails."""
    if loaded is None:
        return None
    found = judge(loaded.scenario, trial)
    mistaken = found.verdict is Verdict.ENVIRONMENT_FAILED and not trial.error
    return None if mistaken else found
