"""Every judge, on every kept trial of its scenario, and on all that may have become of it.

A new scenario is tested by what it keeps: this file names none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.model.judge import judge
from harness.model.verdict import Verdict
from tests.kept import Kept, everything, folder_of, scenarios
from tests.mutations import NEVER_READY, mutations

if TYPE_CHECKING:
    from harness.model.evidence import Evidence

KEPT = everything()
JUDGED = frozenset({Verdict.REPRODUCED, Verdict.ABSENT})


def others_of(kept: Kept) -> list[Evidence]:
    """Return the kept evidence of the same scenario that was judged in another way."""
    verdicts = JUDGED - {kept.verdict}
    return [one.evidence for one in KEPT if one.scenario is kept.scenario and one.verdict in verdicts]


@pytest.mark.parametrize("kept", KEPT, ids=str)
def test_kept_evidence_gets_its_verdict(kept: Kept) -> None:
    """A correction of a judge that changes what real servers showed is seen here."""
    judgement = judge(kept.scenario, kept.evidence)
    assert judgement.verdict is kept.verdict, judgement


@pytest.mark.parametrize("verdict", sorted(JUDGED))
@pytest.mark.parametrize("scenario", sorted(scenarios()))
def test_every_scenario_keeps_an_affected_and_an_unaffected_release(scenario: str, verdict: Verdict) -> None:
    """A judge that can only ever say one thing is not tested by one kind of evidence."""
    if not any((kept.scenario.id, kept.verdict) == (scenario, verdict) for kept in KEPT):
        loaded = scenarios()[scenario]
        place = "--server " + loaded.scenario.subject + "==VERSION --results RESULTS"
        pytest.fail(
            f"no kept evidence of '{scenario}' is '{verdict}': run 'harness run {scenario} {place}' on a release that "
            f"is, then 'python -m tests.keep RESULTS CELL', which puts it into {folder_of(loaded)}",
            pytrace=False,
        )


@pytest.mark.parametrize("kept", KEPT, ids=str)
def test_no_mutation_turns_one_verdict_into_the_other(kept: Kept) -> None:
    """What is taken away or contradicts itself is not evidence of the contrary, and no judge stumbles over it."""
    turned = []
    for mutation in mutations(kept.evidence, others_of(kept)):
        kept.scenario.judge(mutation.evidence)  # raises nothing
        forbidden = JUDGED if mutation.is_void else JUDGED - {kept.verdict}
        verdict = judge(kept.scenario, mutation.evidence).verdict
        if verdict in forbidden:
            turned.append(f"{mutation.name}: {verdict}")
    assert turned == []


@pytest.mark.parametrize("kept", [one for one in KEPT if one.verdict in JUDGED], ids=str)
def test_servers_that_never_answered_are_unhealthy(kept: Kept) -> None:
    """Nothing was shown."""
    silent = next(one.evidence for one in mutations(kept.evidence) if one.name == NEVER_READY)
    assert judge(kept.scenario, silent).verdict is Verdict.UNHEALTHY


def test_verdicts_of_measured_releases_are_the_expected_ones() -> None:
    """What a scenario foretells agrees with what was kept, wherever it was judged."""
    reached = 0
    for kept in KEPT:
        one = kept.evidence
        if kept.verdict.is_judged:
            expected = kept.scenario.expects(
                variant=one.variant, version=one.version, python=one.python, platform=one.platform
            )
            assert expected in {kept.verdict, None}, kept
            reached += expected is kept.verdict
    assert reached > 15, "of few of them anything is expected"
