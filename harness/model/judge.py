"""From the evidence of one trial to its judgement: the scenario's own judge, and rules that hold for every judge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from harness.mistakes import mistake
from harness.model.evidence import Heard
from harness.model.unfinished import what_is_unfinished
from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.model.evidence import Evidence, ServerRecord
    from harness.model.scenario import Scenario

_TELLING = 160  # characters of the log's last line that a reason quotes
_READY = {  # what a server had to do to be ready, by what the trial awaited
    "answer": ("answered", "answering"),
    "connection": ("accepted a connection", "accepting a connection"),
    "log": ("printed the awaited line", "printing the awaited line"),
}
_ERROR = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)\b")


def judge(scenario: Scenario, evidence: Evidence) -> Judgement:
    """Return the judgement of a trial.

    Where the harness could not carry the trial to its end, the verdict is the one that the harness recorded. Otherwise
    the scenario's judge decides. Where somebody else killed a server, or the server was out of memory, only
    ``reproduced`` stands; everything else becomes ``inconclusive``. Where the judge says ``unhealthy`` because a server
    was never ready, the reason says how the server failed to be. Where the scenario is not finished, the judgement is
    ``inconclusive``, see `harness.model.unfinished`. A judge that raises is the scenario's mistake; the evidence stays
    as it is.
    """
    if evidence.error:
        verdict = Verdict(evidence.error_verdict or Verdict.ENVIRONMENT_FAILED)
        return Judgement(verdict=verdict, reason=" ".join(evidence.error.split()))
    judgement = _asked("judge", scenario.judge, evidence)
    if judgement.verdict is not Verdict.REPRODUCED and (reason := _why_nothing_counts(evidence)):
        return Judgement(verdict=Verdict.INCONCLUSIVE, reason=reason, controls=judgement.controls)
    silent = evidence.server(evidence.silent) if evidence.silent else None
    if judgement.verdict is Verdict.UNHEALTHY and silent and not _was_heard(judgement, evidence):
        judgement = msgspec.structs.replace(judgement, reason=_why_silent(silent))
    if reason := what_is_unfinished(scenario, judgement, evidence):
        return msgspec.structs.replace(judgement, verdict=Verdict.INCONCLUSIVE, reason=reason)
    return judgement


def combined(scenario: Scenario, judgements: Sequence[Judgement]) -> Judgement:
    """Return the judgement of a cell from those of its trials, at least one, by the scenario's own rule."""
    return _asked("combine", scenario.combine, judgements)


def _asked(part: str, code: Callable[[Any], object], argument: object) -> Judgement:
    """Return the judgement that the scenario's own code returns, or one that says what is wrong with that code."""
    try:
        said = code(argument)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a scenario's author got wrong
        told = mistake(error)
    else:
        if isinstance(said, Judgement):
            return said
        told = f"it returned {type(said).__name__}, which is no Judgement"
    return Judgement(verdict=Verdict.ENVIRONMENT_FAILED, reason=f"the scenario's {part} failed: {told}")


def _why_nothing_counts(evidence: Evidence) -> str | None:
    """Say why a missing signature shows nothing, whatever the scenario's judge found; None where it does count."""
    if starved := next((server for server in evidence.servers if server.out_of_memory), None):
        return f"server '{starved.name}' was out of memory: its container's limit ended a process of it"
    if killed := next((server for server in evidence.servers if server.was_killed), None):
        return f"server '{killed.name}' was killed by somebody else (SIGKILL, as for want of memory); run it again"
    return None


def _was_heard(judgement: Judgement, evidence: Evidence) -> bool:
    """Whether the exchange of the failed control took place, so that the control itself says what is wrong."""
    failed = next((check for check in judgement.controls if not check.passed), None)
    if failed is None:
        return False
    return (isinstance(failed.actual, Heard) and failed.actual.reached) or evidence.exchange(failed.name) is not None


def _why_silent(server: ServerRecord) -> str:
    """Say how a server failed to be ready, with the last line of its log that names an error, else the last line."""
    lines = [line.strip() for line in server.log.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    last = f": {(errors or lines)[-1][:_TELLING]}" if lines else ", and printed nothing"
    waited = server.ended_s - server.started_s
    done, doing = _READY[server.awaited or "answer"]
    if server.stopped_by == "itself":
        return f"server '{server.name}' ended by itself, status {server.exit_status}, before it {done}{last}"
    return f"server '{server.name}' ran for {waited:.0f} s without {doing}{last}"
