"""starved-heartbeat: what its judge must not be fooled by, in evidence changed from real trials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.evidence import Evidence
    from harness.model.scenario import Scenario

ID = "starved-heartbeat"
KILLED = ("reproduced-0.3.32-gunicorn", "reproduced-0.7.1-gunicorn", "reproduced-0.11.4-gunicorn")
LIVING = ("absent-0.7.2-gunicorn", "absent-0.54.0-gunicorn")


@pytest.fixture
def judge(bundled: Mapping[str, Scenario]) -> Callable[[Evidence], Judgement]:
    """The scenario's own judge."""
    return bundled[ID].judge


@pytest.fixture(params=KILLED)
def reproduced(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which the working worker was killed."""
    return kept(ID, request.param)


@pytest.fixture(params=LIVING)
def absent(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which it lived."""
    return kept(ID, request.param)


def worker(evidence: Evidence, server: str = "blocked") -> str:
    """Return the id of the worker that answered first."""
    match = re.search(r"worker (\d+)", str(evidence.heard(f"{server}: before")))
    assert match
    return match[1]


def test_signature_quotes_the_kill_and_counts_the_answers(
    judge: Callable[[Evidence], Judgement], reproduced: Evidence
) -> None:
    """A reader sees which worker was killed and that it worked."""
    signature = judge(reproduced).signature
    assert signature
    assert f"WORKER TIMEOUT (pid:{worker(reproduced)})" in signature
    counted = re.search(r"it had answered (\d+) requests", signature)
    assert counted
    assert int(counted[1]) >= 10


@pytest.mark.parametrize("other", ["1", "9{0}", "{0}9"])
def test_kill_of_another_worker_is_not_the_failure(
    other: str, judge: Callable[[Evidence], Judgement], reproduced: Evidence, alter_log: Callable[..., Evidence]
) -> None:
    """Only the worker that answered counts, not one whose number looks like it."""
    pid = worker(reproduced)
    changed = alter_log(reproduced, f"WORKER TIMEOUT (pid:{pid})", f"WORKER TIMEOUT (pid:{other.format(pid)})")
    assert not judge(changed).verdict.is_judged


def test_kill_that_was_never_logged_is_not_the_failure(
    judge: Callable[[Evidence], Judgement], reproduced: Evidence, alter_log: Callable[..., Evidence]
) -> None:
    """A worker may be gone for many reasons."""
    assert not judge(alter_log(reproduced, "WORKER TIMEOUT", "worker gone")).verdict.is_judged


@pytest.mark.parametrize("count", [0, 1, 9])
def test_worker_that_hardly_answered_is_not_the_failure(
    count: int,
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """A worker that hangs is rightly killed."""
    received = answer(f"worker {worker(reproduced)}") * count
    assert not judge(alter_exchange(reproduced, "blocked: load", received=received)).verdict.is_judged


def test_ten_answers_suffice(
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """The bound is the one that the scenario states."""
    received = answer(f"worker {worker(reproduced)}") * 10
    assert judge(alter_exchange(reproduced, "blocked: load", received=received)).verdict is Verdict.REPRODUCED


@pytest.mark.parametrize(("body", "status"), [("worker 1", 200), ("Internal Server Error", 500), ("", 200)])
def test_answers_of_others_do_not_count(
    body: str,
    status: int,
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Errors and another worker's answers do not show that this one worked."""
    changed = alter_exchange(reproduced, "blocked: load", received=answer(body, status) * 40)
    assert judge(changed).verdict is not Verdict.REPRODUCED


def test_failed_requests_of_the_worker_do_not_count(
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """A worker that answers every request with an error does not do its work, whoever it says it is."""
    for evidence in (reproduced, absent):
        failing = answer(f"worker {worker(evidence)}", 500) * 40
        assert not judge(alter_exchange(evidence, "blocked: load", received=failing)).verdict.is_judged


@pytest.mark.parametrize("server", ["idle", "waiting"])
@pytest.mark.parametrize(("body", "status"), [("worker 1", 200), ("worker {0}", 503), ("", 200)])
def test_control_answered_wrongly_afterwards_is_unhealthy(
    server: str,
    body: str,
    status: int,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """A control's worker that was replaced or fails says that something else is wrong."""
    received = answer(body.format(worker(absent, server)), status)
    judgement = judge(alter_exchange(absent, f"{server}: after", received=received))
    assert judgement.verdict is Verdict.UNHEALTHY
    assert judgement.reason
    assert server in judgement.reason


@pytest.mark.parametrize("server", ["idle", "waiting", "blocked"])
def test_server_that_only_ever_fails_is_never_absent(
    server: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """The same error before and after is not a worker that lives and works."""
    received = answer(f"worker {worker(absent, server)}", 503)
    broken = alter_exchange(absent, f"{server}: before", received=received)
    broken = alter_exchange(broken, f"{server}: after", received=received)
    assert not judge(broken).verdict.is_judged


@pytest.mark.parametrize("ended", ["deadline", "closed by server", "reset by server", "refused"])
def test_blocked_server_gone_without_a_kill_is_inconclusive(
    ended: str, judge: Callable[[Evidence], Judgement], absent: Evidence, alter_exchange: Callable[..., Evidence]
) -> None:
    """Neither the failure nor its absence was seen."""
    gone = alter_exchange(absent, "blocked: after", received=b"", ended=ended)
    assert judge(gone).verdict is Verdict.INCONCLUSIVE


def test_worker_replaced_without_a_kill_is_inconclusive(
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """A worker that crashed and was replaced was not starved."""
    replaced = alter_exchange(absent, "blocked: after", received=answer("worker 1"))
    assert judge(replaced).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("server", ["idle", "waiting", "blocked"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_exchange_that_never_took_place_is_never_absent(
    server: str,
    when: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    without_exchange: Callable[[Evidence, str], Evidence],
) -> None:
    """No positive evidence, no verdict."""
    assert not judge(without_exchange(absent, f"{server}: {when}")).verdict.is_judged


@pytest.mark.parametrize(
    "server",
    [
        "blocked",
        "waiting",
    ],
)
def test_load_that_was_never_applied_is_never_absent(
    server: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    without_exchange: Callable[[Evidence, str], Evidence],
) -> None:
    """Without the trigger, or without the same load on its control, survival proves nothing."""
    assert not judge(without_exchange(absent, f"{server}: load")).verdict.is_judged


def test_load_that_broke_off_early_is_never_absent(
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Ten blocked requests in half a minute do not starve anything: the trigger was not applied."""
    few = answer(f"worker {worker(absent)}") * 10
    assert not judge(alter_exchange(absent, "blocked: load", received=few)).verdict.is_judged


def test_servers_that_never_answered_are_unhealthy(
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    reproduced: Evidence,
    never_ready: Callable[[Evidence], Evidence],
) -> None:
    """Nothing was shown."""
    for evidence in (absent, reproduced):
        assert judge(never_ready(evidence)).verdict is Verdict.UNHEALTHY
