"""What holds of every judgement, whatever the scenario's own judge says: errors, silence, servers that were killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.model.judge import judge
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.evidence import Evidence
    from harness.model.scenario import Scenario

PIPELINED, RELOAD = "pipelined-keep-alive", "winerror87-reload"


def test_silent_server_is_told_with_its_last_words(
    bundled: Mapping[str, Scenario], kept: Callable[[str, str], Evidence]
) -> None:
    """The reason of an unhealthy cell says how the server failed to answer, in its own words."""
    judgement = judge(bundled[PIPELINED], kept(PIPELINED, "unhealthy-0.18.0-h11"))
    assert judgement.reason
    assert judgement.reason.startswith("server 'uvicorn' ran for 30 s without answering: ")
    assert judgement.reason.endswith("TypeError: '>' not supported between instances of 'int' and 'NoneType'")


@pytest.mark.parametrize("name", ["reproduced-0.27.0-h11", "absent-0.27.1-h11"])
def test_trial_that_the_harness_lost_is_never_judged(
    name: str, bundled: Mapping[str, Scenario], kept: Callable[[str, str], Evidence]
) -> None:
    """An error of the harness outweighs whatever the evidence seems to show."""
    lost = msgspec.structs.replace(kept(PIPELINED, name), error="no\nnetwork", error_verdict=None)
    judgement = judge(bundled[PIPELINED], lost)
    assert judgement.verdict is Verdict.ENVIRONMENT_FAILED
    assert judgement.reason == "no network"


def test_passed_deadline_of_a_trial_is_inconclusive(
    bundled: Mapping[str, Scenario], kept: Callable[[str, str], Evidence]
) -> None:
    """A trial that had to be ended is not a sign of the failure."""
    evidence = kept(PIPELINED, "reproduced-0.27.0-h11")
    late = msgspec.structs.replace(evidence, error="too late", error_verdict="inconclusive")
    assert judge(bundled[PIPELINED], late).verdict is Verdict.INCONCLUSIVE


def test_server_that_somebody_else_killed_is_never_absent(
    bundled: Mapping[str, Scenario], kept: Callable[[str, str], Evidence]
) -> None:
    """Nor unhealthy: the machine's want of memory is not the release's fault."""
    evidence = kept(RELOAD, "absent-0.33.0-cli")
    killed = tuple(msgspec.structs.replace(one, exit_status=-9, stopped_by="itself") for one in evidence.servers)
    judgement = judge(bundled[RELOAD], msgspec.structs.replace(evidence, servers=killed))
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason
    assert "killed" in judgement.reason
