"""Both failures with error 87: what their judges must not be fooled by, in evidence changed from real trials."""

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
    from harness.model.verdict import Judgement

RELOAD, WORKERS = "winerror87-reload", "winerror87-workers"
CONTROLS = {RELOAD: "before the change", WORKERS: "one request"}
TRIGGERS = {
    RELOAD: ("after the change",),
    WORKERS: ("the request that holds its worker", "the request meanwhile"),
}
REPRODUCED = (
    (RELOAD, "reproduced-0.10.9-cli"),
    (WORKERS, "reproduced-0.10.9-run"),
    (WORKERS, "reproduced-0.17.6-cli"),
)
ABSENT = ((RELOAD, "absent-0.33.0-cli"), (WORKERS, "absent-0.18.0-run"), (WORKERS, "absent-0.33.0-cli"))
SEEN, WORDS = "[WinError 87]", "Invalid parameter"
# The same number for another reason: ending a process that has ended.
ELSEWHERE = """\
Traceback (most recent call last):
  File "Z:\\python\\3.8\\lib\\multiprocessing\\popen_spawn_win32.py", line 123, in terminate
    _winapi.TerminateProcess(int(self._handle), TERMINATE)
OSError: [WinError 87] Invalid parameter
"""


@pytest.fixture
def judged(bundled: Mapping[str, Scenario]) -> Callable[[Evidence], Judgement]:
    """Judge a trial as a run does, by the scenario that is named in it."""
    return lambda evidence: judge(bundled[evidence.scenario], evidence)


@pytest.fixture(params=REPRODUCED, ids=" ".join)
def reproduced(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which the failure was seen."""
    return kept(*request.param)


@pytest.fixture(params=ABSENT, ids=" ".join)
def absent(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which the server did what it owes."""
    return kept(*request.param)


@pytest.fixture(params=(*REPRODUCED, *ABSENT), ids=" ".join)
def evidence(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """Any judged trial."""
    return kept(*request.param)


@pytest.mark.parametrize(
    "words",
    [
        "The parameter is incorrect",
        "Le paramètre est incorrect",
        r"Le param\xe8tre est incorrect",
        "Falscher Parameter",
        "パラメーターが間違っています。",
        "Invalid parameter",
        "",
    ],
)
def test_failure_is_told_in_any_language(
    words: str,
    judged: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_log: Callable[..., Evidence],
) -> None:
    """Windows says it in its own language, Wine in other words than Windows; the signature quotes what was said."""
    judgement = judged(alter_log(reproduced, WORDS, words))
    assert judgement.verdict is Verdict.REPRODUCED
    assert judgement.signature
    assert judgement.signature.startswith(f"OSError: [WinError 87] {words}".strip())


@pytest.mark.parametrize(
    "other", ["[WinError 870]", "[WinError 187]", "[WinError 10038]", "[WinError 8]", "[Errno 87]"]
)
def test_other_error_in_the_same_frames_is_not_the_failure(
    other: str,
    judged: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_log: Callable[..., Evidence],
) -> None:
    """A socket that is none (10038) is registered in the same place."""
    assert judged(alter_log(reproduced, SEEN, other)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("frame", ["_register_with_iocp", "CreateIoCompletionPort"])
def test_error_87_elsewhere_is_not_the_failure(
    frame: str,
    judged: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_log: Callable[..., Evidence],
) -> None:
    """Many calls of Windows refuse a parameter."""
    assert judged(alter_log(reproduced, frame, "TerminateProcess")).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("first", [True, False])
def test_number_and_frames_of_two_errors_are_not_the_failure(
    first: bool,  # noqa: FBT001 - which of the two is logged first
    judged: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_log: Callable[..., Evidence],
) -> None:
    """One error came from there, with another number; another had the number, elsewhere."""
    evidence = alter_log(reproduced, SEEN, "[WinError 10038]")
    servers = tuple(
        msgspec.structs.replace(one, log=ELSEWHERE + one.log if first else one.log + ELSEWHERE)
        for one in evidence.servers
    )
    assert judged(msgspec.structs.replace(evidence, servers=servers)).verdict is not Verdict.REPRODUCED


def test_error_while_stopping_is_not_the_failure(judged: Callable[[Evidence], Judgement], reproduced: Evidence) -> None:
    """What is logged after the harness asked the server to stop is no evidence of the trigger."""
    servers = tuple(msgspec.structs.replace(one, log="", log_stopping=one.log) for one in reproduced.servers)
    assert judged(msgspec.structs.replace(reproduced, servers=servers)).verdict is Verdict.INCONCLUSIVE


def test_log_of_no_server_is_not_the_failure(judged: Callable[[Evidence], Judgement], reproduced: Evidence) -> None:
    """Without a record of the server nothing was logged by it."""
    assert judged(msgspec.structs.replace(reproduced, servers=())).verdict is not Verdict.REPRODUCED


@pytest.mark.parametrize(("body", "status"), [("one", 500), ("worker 7", 500), ("hello", 200), ("", 200)])
def test_control_answered_wrongly_is_never_absent(
    body: str,
    status: int,
    judged: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """A server that fails an ordinary request proves nothing."""
    control = CONTROLS[absent.scenario]
    judgement = judged(alter_exchange(absent, control, received=answer(body, status)))
    assert judgement.verdict is Verdict.UNHEALTHY
    assert judgement.reason
    assert control in judgement.reason


@pytest.mark.parametrize("ended", ["deadline", "refused", "reset by server", "closed by server"])
def test_control_without_an_answer_is_never_absent(
    ended: str, judged: Callable[[Evidence], Judgement], absent: Evidence, alter_exchange: Callable[..., Evidence]
) -> None:
    """Where nothing was served before, nothing can have been kept by the trigger."""
    silent = alter_exchange(absent, CONTROLS[absent.scenario], received=b"", ended=ended)
    assert judged(silent).verdict is Verdict.UNHEALTHY


@pytest.mark.parametrize("status", [500, None])
def test_error_of_a_server_that_fails_its_control_is_unhealthy(
    status: int | None,
    judged: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Where nothing was served before, nothing can have been broken by the trigger."""
    received, ended = (answer("one", status), "closed by client") if status else (b"", "deadline")
    broken = alter_exchange(reproduced, CONTROLS[reproduced.scenario], received=received, ended=ended)
    assert judged(broken).verdict is Verdict.UNHEALTHY


def test_error_without_the_control_is_unhealthy(
    judged: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    without_exchange: Callable[[Evidence, str], Evidence],
) -> None:
    """A control that was never made has not passed."""
    assert judged(without_exchange(reproduced, CONTROLS[reproduced.scenario])).verdict is Verdict.UNHEALTHY


def test_exchange_that_never_took_place_is_never_judged(
    judged: Callable[[Evidence], Judgement], absent: Evidence, without_exchange: Callable[[Evidence, str], Evidence]
) -> None:
    """No positive evidence, no verdict."""
    for missing in (CONTROLS[absent.scenario], *TRIGGERS[absent.scenario]):
        assert not judged(without_exchange(absent, missing)).verdict.is_judged


def test_server_that_never_answered_is_unhealthy(
    judged: Callable[[Evidence], Judgement], evidence: Evidence, never_ready: Callable[[Evidence], Evidence]
) -> None:
    """Nothing was shown."""
    assert judged(never_ready(evidence)).verdict is Verdict.UNHEALTHY


def test_server_that_somebody_else_killed_is_never_absent(
    judged: Callable[[Evidence], Judgement], absent: Evidence
) -> None:
    """Nor unhealthy: the machine's want of memory is not the release's fault."""
    killed = tuple(msgspec.structs.replace(one, exit_status=-9, stopped_by="itself") for one in absent.servers)
    judgement = judged(msgspec.structs.replace(absent, servers=killed))
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason
    assert "killed" in judgement.reason


def test_trial_that_the_harness_lost_is_never_judged(
    judged: Callable[[Evidence], Judgement], evidence: Evidence
) -> None:
    """No Wine, no verdict, whatever is left in the evidence."""
    lost = msgspec.structs.replace(evidence, error="no Wine on this machine")
    assert judged(lost).verdict is Verdict.ENVIRONMENT_FAILED
