"""The law by which evidence becomes a verdict, over every combination of what a scenario can find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.verdict import Check, Judgement, Verdict, combine, conclude

if TYPE_CHECKING:
    from collections.abc import Sequence

PASSED = Check(name="works", expected="200", actual="200")
MET = Check(name="is owed", expected="200", actual="200")
FAILED = Check(name="is owed", expected="200", actual="500")
UNJUDGED = [verdict for verdict in Verdict if verdict not in {Verdict.REPRODUCED, Verdict.ABSENT}]

words = st.text(min_size=1, max_size=5)
checks = st.builds(Check, name=words, expected=st.sampled_from("ab"), actual=st.sampled_from("ab"))
requirements = checks.map(lambda check: msgspec.structs.replace(check, name=f"requirement {check.name}"))
signatures = st.none() | words


def judgement(verdict: Verdict) -> Judgement:
    """Return a judgement of this verdict with the least that backs it."""
    if verdict is Verdict.ABSENT:
        return Judgement(verdict=verdict, controls=(PASSED,), requirement=MET)
    return Judgement(verdict=verdict, reason="because", signature="seen" if verdict is Verdict.REPRODUCED else None)


@given(signature=signatures, controls=st.lists(checks, min_size=1), requirement=requirements)
def test_law(signature: str | None, controls: list[Check], requirement: Check) -> None:
    """Signature, then controls, then requirement; only what is left is absent."""
    verdict = conclude(signature=signature, controls=controls, requirement=requirement).verdict
    healthy = all(check.expected == check.actual for check in controls)
    met = requirement.expected == requirement.actual
    assert (verdict is Verdict.REPRODUCED) == (signature is not None)
    assert (verdict is Verdict.UNHEALTHY) == (signature is None and not healthy)
    assert (verdict is Verdict.INCONCLUSIVE) == (signature is None and healthy and not met)
    assert (verdict is Verdict.ABSENT) == (signature is None and healthy and met)


@given(signature=signatures, controls=st.lists(checks, min_size=1), requirement=requirements)
def test_conclusion_carries_what_backs_it(signature: str | None, controls: list[Check], requirement: Check) -> None:
    """Whoever reads a verdict can see what it rests on."""
    found = conclude(signature=signature, controls=controls, requirement=requirement)
    assert found.controls == tuple(controls)
    assert found.requirement == requirement
    assert found.signature == signature
    assert bool(found.reason) is not found.verdict.is_judged


@given(controls=st.lists(checks, min_size=1), requirement=requirements)
def test_reason_names_the_first_check_that_failed(controls: list[Check], requirement: Check) -> None:
    """The reason says what was expected and what came instead."""
    found = conclude(signature=None, controls=controls, requirement=requirement)
    failed = next((check for check in [*controls, requirement] if check.expected != check.actual), None)
    if failed:
        assert found.reason
        assert f"'{failed.name}'" in found.reason
        assert f"expected {failed.expected}, got {failed.actual}" in found.reason


def test_without_controls_nothing_is_absent() -> None:
    """A scenario that forgets its controls is stopped, not believed."""
    with pytest.raises(ValueError, match="at least one control"):
        conclude(signature=None, controls=[], requirement=MET)


def test_empty_signature_is_no_signature() -> None:
    """Nothing quoted is nothing seen."""
    with pytest.raises(ValueError, match="needs the signature"):
        conclude(signature="", controls=[PASSED], requirement=MET)


@pytest.mark.parametrize("signature", [None, ""])
def test_reproduced_without_a_signature_is_refused(signature: str | None) -> None:
    """Controls and reasons do not replace it."""
    with pytest.raises(ValueError, match="'reproduced' needs the signature"):
        Judgement(verdict=Verdict.REPRODUCED, signature=signature, reason="r", controls=(PASSED,), requirement=FAILED)


@pytest.mark.parametrize(
    ("controls", "requirement"),
    [
        ((), MET),
        ((msgspec.structs.replace(FAILED, name="works"),), MET),
        ((PASSED, msgspec.structs.replace(FAILED, name="works too")), MET),
        ((PASSED,), None),
        ((PASSED,), FAILED),
        ((), None),
    ],
)
def test_absent_without_positive_evidence_is_refused(controls: Sequence[Check], requirement: Check | None) -> None:
    """Controls and requirement are needed, all of them passed."""
    with pytest.raises(ValueError, match="'absent' needs"):
        Judgement(verdict=Verdict.ABSENT, controls=tuple(controls), requirement=requirement)


@pytest.mark.parametrize("verdict", UNJUDGED)
@pytest.mark.parametrize("reason", [None, ""])
def test_every_other_verdict_needs_a_reason(verdict: Verdict, reason: str | None) -> None:
    """Nobody is left with a word that they cannot act on."""
    with pytest.raises(ValueError, match=f"'{verdict}' needs a reason"):
        Judgement(verdict=verdict, reason=reason, controls=(PASSED,), requirement=MET)


def test_words_of_the_contract() -> None:
    """Programs script against these words; none may change."""
    expected = "reproduced absent unhealthy unsupported inconclusive environment-failed not-run"
    assert [str(verdict) for verdict in Verdict] == expected.split()
    assert {verdict for verdict in Verdict if verdict.is_judged} == {Verdict.REPRODUCED, Verdict.ABSENT}


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=6))
def test_trials_agree_or_are_inconclusive(verdicts: list[Verdict]) -> None:
    """One trial that differs is enough to doubt them all; the reason counts them."""
    combined = combine([judgement(verdict) for verdict in verdicts])
    if len(set(verdicts)) == 1:
        assert combined == judgement(verdicts[0])
        return
    assert combined.verdict is Verdict.INCONCLUSIVE
    assert combined.reason
    for verdict in set(verdicts):
        assert f"{verdicts.count(verdict)} {verdict}" in combined.reason


def test_trials_that_agree_keep_the_signature() -> None:
    """What was seen in the first of several trials is still quoted."""
    first = Judgement(verdict=Verdict.REPRODUCED, signature="first")
    second = Judgement(verdict=Verdict.REPRODUCED, signature="second")
    assert combine([first, second]).signature == "first"


@pytest.mark.parametrize(("expected", "actual"), [("200", "200 "), ("200", "20"), ("A", "a"), ("é", "e\u0301")])
def test_check_passes_to_the_letter_only(expected: str, actual: str) -> None:
    """Nearly is not."""
    assert not Check(name="c", expected=expected, actual=actual).passed
    assert Check(name="c", expected=expected, actual=expected).passed


def test_one_observation_is_not_two() -> None:
    """A control that is the requirement as well would make absence of itself."""
    for signature in (None, "seen"):
        with pytest.raises(ValueError, match="one observation cannot be both"):
            conclude(signature=signature, controls=[PASSED], requirement=PASSED)


@given(signature=signatures, controls=st.lists(checks, min_size=1), requirement=requirements)
def test_a_precondition_comes_first(signature: str | None, controls: list[Check], requirement: Check) -> None:
    """Of something else that was on trial neither the failure nor its absence is said."""
    other = Check(name="the parser that runs", expected="h11", actual="httptools")
    found = conclude(signature=signature, controls=controls, requirement=requirement, preconditions=[other])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason
    assert "not what is on trial" in found.reason
    holds = msgspec.structs.replace(other, actual="h11")
    assert (
        conclude(signature=signature, controls=controls, requirement=requirement, preconditions=[holds]).verdict
        is conclude(signature=signature, controls=controls, requirement=requirement).verdict
    )
    with pytest.raises(ValueError, match="every precondition"):
        Judgement(verdict=Verdict.REPRODUCED, signature="seen", preconditions=(other,))


@pytest.mark.parametrize(("expected", "actual"), [(True, 1), (1, 1.0), (None, False), ("1", 1), (b"x", "x")])
def test_values_of_two_types_are_not_equal(expected: object, actual: object) -> None:
    """What Python takes for equal may be two things on the wire."""
    assert not Check(name="c", expected=expected, actual=actual).passed
