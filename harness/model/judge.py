"""From the evidence of one trial to its judgement: the scenario's own judge, and what is true of every scenario."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from harness.errors import mistake
from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model.evidence import Evidence, ServerRecord
    from harness.model.scenario import Scenario

_TELLING = 160  # characters of the log's last line that a reason quotes
_ERROR = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)\b")


def judge(scenario: Scenario, evidence: Evidence) -> Judgement:
    """Return the judgement of a trial.

    A trial that the harness could not carry to its end is what the harness says. Otherwise the scenario's judge
    decides; where it finds the server unhealthy and the server never answered, the reason says how it failed to.
    A server that somebody else killed shows nothing but a failure that had been seen by then.
    """
    if evidence.error:
        verdict = Verdict(evidence.error_verdict or Verdict.ENVIRONMENT_FAILED)
        return Judgement(verdict=verdict, reason=" ".join(evidence.error.split()))
    judgement = scenario.judge(evidence)
    silent = next((server for server in evidence.servers if server.ready_s is None), None)
    killed = next((server for server in evidence.servers if server.was_killed), None)
    starved = next((server for server in evidence.servers if server.out_of_memory), None)
    if judgement.verdict is not Verdict.REPRODUCED and starved:
        reason = f"server '{starved.name}' was out of memory: its container's limit ended a process of it"
        return Judgement(verdict=Verdict.INCONCLUSIVE, reason=reason, controls=judgement.controls)
    if judgement.verdict is not Verdict.REPRODUCED and killed:
        reason = f"server '{killed.name}' was killed by somebody else (SIGKILL, as for want of memory); run it again"
        return Judgement(verdict=Verdict.INCONCLUSIVE, reason=reason, controls=judgement.controls)
    if judgement.verdict is Verdict.UNHEALTHY and silent:
        return msgspec.structs.replace(judgement, reason=_why_silent(silent))
    return judgement


def combined(scenario: Scenario, judgements: Sequence[Judgement]) -> Judgement:
    """Return the judgement of a cell from those of its trials, at least one, by the scenario's own rule.

    A rule that fails is the scenario's mistake, and shows nothing of the server.
    """
    try:
        judgement: object = scenario.combine(judgements)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the scenario's own code raises
        told = mistake(error)
    else:
        if isinstance(judgement, Judgement):
            return judgement
        told = f"it returned {type(judgement).__name__}, which is no Judgement"
    reason = f"the scenario's combine failed: {told}"
    return Judgement(verdict=Verdict.ENVIRONMENT_FAILED, reason=reason, controls=judgements[0].controls)


def _why_silent(server: ServerRecord) -> str:
    """Say how a server that never answered failed to, with the last line of its log that tells something."""
    lines = [line.strip() for line in server.log.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    last = f": {(errors or lines)[-1][:_TELLING]}" if lines else ", and printed nothing"
    waited = server.ended_s - server.started_s
    if server.stopped_by == "itself":
        return f"server '{server.name}' ended by itself, status {server.exit_status}, before it answered{last}"
    return f"server '{server.name}' ran for {waited:.0f} s without answering{last}"
