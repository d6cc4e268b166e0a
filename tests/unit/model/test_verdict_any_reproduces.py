"""A failure that shows only now and then: one trial that shows it is enough, its absence takes many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.verdict import Check, Judgement, Verdict, any_reproduces, combine, tally_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.scenario import Scenario

PASSED = Check(name="works", expected="200", actual="200")
MET = Check(name="is owed", expected="200", actual="200")
KINDS = (Verdict.REPRODUCED, Verdict.ABSENT, Verdict.UNHEALTHY, Verdict.INCONCLUSIVE, Verdict.ENVIRONMENT_FAILED)
trials = st.lists(st.sampled_from(KINDS), min_size=1, max_size=8)


def judgement(verdict: Verdict, number: int = 0) -> Judgement:
    """Return a judgement of this verdict with the least that backs it."""
    if verdict is Verdict.ABSENT:
        return Judgement(verdict=verdict, controls=(PASSED,), requirement=MET)
    signature = f"seen in {number}" if verdict is Verdict.REPRODUCED else None
    return Judgement(verdict=verdict, reason="because", signature=signature)


@given(verdicts=trials, wanted=st.integers(min_value=1, max_value=8))
def test_rule(verdicts: list[Verdict], wanted: int) -> None:
    """Shown by one, or absent in enough of them that all say so, or else as for any other scenario."""
    judgements = [judgement(verdict, number) for number, verdict in enumerate(verdicts)]
    found = any_reproduces(wanted)(judgements)
    if Verdict.REPRODUCED in verdicts:
        assert found == judgements[verdicts.index(Verdict.REPRODUCED)]
    elif set(verdicts) == {Verdict.ABSENT}:
        assert found.verdict is (Verdict.ABSENT if len(verdicts) >= wanted else Verdict.INCONCLUSIVE)
    else:
        assert found == combine(judgements)
        assert not found.verdict.is_judged


@pytest.mark.parametrize(("count", "verdict"), [(2, "inconclusive"), (3, "absent"), (4, "absent")])
def test_absence_takes_so_many_trials(count: int, verdict: str) -> None:
    """Not one less, and more are as good."""
    assert any_reproduces(3)([judgement(Verdict.ABSENT)] * count).verdict == verdict


def test_reason_says_how_many_trials_are_missing() -> None:
    """A person can act on it."""
    found = any_reproduces(5)([judgement(Verdict.ABSENT)] * 3)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "it shows only now and then: 3 of 5 trials without it prove nothing"
    assert found.controls == (PASSED,)


def test_other_scenarios_are_inconclusive_where_trials_disagree() -> None:
    """A scenario has to declare itself probabilistic."""
    found = combine([judgement(Verdict.REPRODUCED), judgement(Verdict.ABSENT)])
    assert (found.verdict, found.reason) == (Verdict.INCONCLUSIVE, "the trials disagree: 1 absent, 1 reproduced")


@pytest.mark.parametrize("declared", [True, False])
def test_scenario_declares_its_rule(make_scenario: Callable[..., Scenario], *, declared: bool) -> None:
    """The usual one where it says nothing."""
    scenario = make_scenario(combine=any_reproduces(3)) if declared else make_scenario()
    found = scenario.combine([judgement(Verdict.ABSENT), judgement(Verdict.REPRODUCED)])
    assert found.verdict is (Verdict.REPRODUCED if declared else Verdict.INCONCLUSIVE)


@given(trials)
def test_tally_counts_every_trial(verdicts: list[Verdict]) -> None:
    """Each verdict that occurs, in the same order whatever the trials' order."""
    tally = tally_of(judgement(verdict) for verdict in verdicts)
    assert tally == {verdict: verdicts.count(verdict) for verdict in verdicts}
    assert list(tally) == sorted(tally)


def test_tally_of_nothing() -> None:
    """No trial, no count."""
    assert tally_of([]) == {}
