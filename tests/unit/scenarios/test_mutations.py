"""The mutations themselves: careless judges are found out by them, and none forges what it should take away."""

from __future__ import annotations

import collections

import msgspec
import pytest

from harness.model.evidence import Ended, Evidence, Heard
from harness.model.verdict import Check, Judgement, Verdict, conclude
from tests.kept import trial
from tests.mutations import mutations

BROKEN, FINE = trial("toy-failure", "reproduced-1.0-default"), trial("toy-failure", "absent-1.1-default")
WORKS = Check(name="works", expected="yes", actual="yes")


def silent_is_fine(evidence: Evidence) -> Judgement:
    """Take a failure that was not heard for one that is not there."""
    is_broken = evidence.heard("failure") == Heard.of((200, b"broken"))
    met = Check(name="is not broken", expected=False, actual=is_broken)
    return conclude(signature="broken" if is_broken else None, controls=[WORKS], requirement=met)


def quiet_is_fine(evidence: Evidence) -> Judgement:
    """Take a log without requests for a server without the failure."""
    asked = any("/failure" in server.log for server in evidence.servers)
    met = Check(name="is quiet", expected=False, actual=asked)
    return conclude(signature="asked" if asked else None, controls=[WORKS], requirement=met)


def other_is_broken(evidence: Evidence) -> Judgement:
    """Take everything but the right answer for the failure."""
    is_fine = evidence.heard("failure") == Heard.of((200, b"fine"))
    met = Check(name="is fine", expected=True, actual=is_fine)
    return conclude(signature=None if is_fine else "not fine", controls=[WORKS], requirement=met)


@pytest.mark.parametrize(
    ("careless", "evidence", "found_by"),
    [
        (silent_is_fine, BROKEN, {"no exchange", "'failure': torn before all", "'failure': first answer 500"}),
        (quiet_is_fine, BROKEN, {"no server", "server 'toyserver': its log blank"}),
        (other_is_broken, FINE, {"'failure': dropped", "'failure': deadline", "'failure': reset by server"}),
    ],
)
def test_careless_judge_is_found_out(careless: object, evidence: Evidence, found_by: set[str]) -> None:
    """Each says of the whole trial what is true."""
    assert callable(careless)
    right = careless(evidence).verdict
    wrong = ({Verdict.REPRODUCED, Verdict.ABSENT} - {right}).pop()
    assert {one.name for one in mutations(evidence) if careless(one.evidence).verdict is wrong} >= found_by


def test_names_are_of_one_mutation_each() -> None:
    """The one that fails is named in the id of the test."""
    counted = collections.Counter(one.name for one in mutations(BROKEN))
    assert max(counted.values()) == 1


def test_every_mutation_changes_something() -> None:
    """One that is the trial itself tests nothing."""
    assert all(one.evidence != BROKEN for one in mutations(BROKEN))


def test_what_would_be_the_other_verdict_is_left_out() -> None:
    """Where the end of a connection is all that tells the failure, that end is no mutation of an unaffected trial."""
    changed = tuple(msgspec.structs.replace(one, ended=Ended.DEADLINE) for one in FINE.exchanges)
    hanging = msgspec.structs.replace(FINE, exchanges=changed)
    all_names = {one.name for one in mutations(FINE)}
    names = {one.name for one in mutations(FINE, [hanging])}
    assert all_names - names == {"'hello': deadline", "'failure': deadline"}
