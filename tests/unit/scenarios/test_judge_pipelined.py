"""pipelined-keep-alive: what its judge must not be fooled by, in evidence changed from real trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.evidence import Evidence
    from harness.model.scenario import Scenario

ID = "pipelined-keep-alive"
ONE_BY_ONE = "two requests, one after the other"
AT_ONCE = "two pipelined requests, answered at once"
TRIGGER = "two pipelined requests, the second answered late"
VARIANTS = ("h11", "httptools")


@pytest.fixture
def judge(bundled: Mapping[str, Scenario]) -> Callable[[Evidence], Judgement]:
    """The scenario's own judge."""
    return bundled[ID].judge


@pytest.fixture(params=VARIANTS)
def reproduced(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which the failure was seen."""
    return kept(ID, f"reproduced-0.27.0-{request.param}")


@pytest.fixture(params=VARIANTS)
def absent(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which both answers came."""
    return kept(ID, f"absent-0.27.1-{request.param}")


def test_signature_quotes_what_was_seen(
    judge: Callable[[Evidence], Judgement], kept: Callable[[str, str], Evidence]
) -> None:
    """A reader sees the log line and the lost answer, not only a word."""
    signature = judge(kept(ID, "reproduced-0.27.0-h11")).signature
    assert signature
    assert "Exception in callback H11Protocol.timeout_keep_alive_handler()" in signature
    assert "200 b'answer to /0', then closed by server" in signature


def test_lost_answer_without_the_traceback_is_not_the_failure(
    judge: Callable[[Evidence], Judgement], kept: Callable[[str, str], Evidence], alter_log: Callable[..., Evidence]
) -> None:
    """With h11 a closed connection alone may have another cause."""
    quiet = alter_log(kept(ID, "reproduced-0.27.0-h11"), "timeout_keep_alive_handler", "some_other_handler")
    assert judge(quiet).verdict is Verdict.INCONCLUSIVE


def test_traceback_without_a_lost_answer_is_not_the_failure(
    judge: Callable[[Evidence], Judgement],
    kept: Callable[[str, str], Evidence],
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """What the client got decides: both answers came."""
    both = answer("answer to /0") + answer("answer to /5")
    evidence = alter_exchange(kept(ID, "reproduced-0.27.0-h11"), TRIGGER, received=both, ended="closed by client")
    assert judge(evidence).verdict is Verdict.ABSENT


@pytest.mark.parametrize("ended", ["deadline", "reset by server", "refused", "closed by client"])
def test_other_end_of_the_connection_is_not_the_failure(
    ended: str, judge: Callable[[Evidence], Judgement], reproduced: Evidence, alter_exchange: Callable[..., Evidence]
) -> None:
    """A slow or broken server is neither affected nor free of it."""
    assert judge(alter_exchange(reproduced, TRIGGER, ended=ended)).verdict is Verdict.INCONCLUSIVE


def test_no_answer_at_all_is_not_the_failure(
    judge: Callable[[Evidence], Judgement], reproduced: Evidence, alter_exchange: Callable[..., Evidence]
) -> None:
    """The first answer must have come: the timer is armed by it."""
    assert judge(alter_exchange(reproduced, TRIGGER, received=b"")).verdict is Verdict.INCONCLUSIVE


def test_error_instead_of_the_second_answer_is_not_the_failure(
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """An application that fails late is another matter."""
    received = answer("answer to /0") + answer("Internal Server Error", 500)
    assert judge(alter_exchange(reproduced, TRIGGER, received=received)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("kept_bytes", [20, 40, 50])
def test_torn_second_answer_is_not_the_failure(
    kept_bytes: int,
    judge: Callable[[Evidence], Judgement],
    kept: Callable[[str, str], Evidence],
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """A server that dies while it answers has answered in part: the timer did not forestall it."""
    received = answer("answer to /0") + answer("answer to /5")[:kept_bytes]
    evidence = alter_exchange(kept(ID, "reproduced-0.27.0-httptools"), TRIGGER, received=received)
    assert judge(evidence).verdict is Verdict.INCONCLUSIVE


def test_server_that_died_at_the_trigger_is_not_the_failure(
    judge: Callable[[Evidence], Judgement], kept: Callable[[str, str], Evidence]
) -> None:
    """A crash closes connections as well; with httptools nothing but the bytes tells the failure."""
    evidence = kept(ID, "reproduced-0.27.0-httptools")
    crashed = tuple(
        msgspec.structs.replace(one, exit_status=-11, stopped_by="itself", ended_s=evidence.duration_s)
        for one in evidence.servers
    )
    assert judge(msgspec.structs.replace(evidence, servers=crashed)).verdict is not Verdict.REPRODUCED


def test_connection_closed_before_the_timer_is_due_is_not_the_failure(
    judge: Callable[[Evidence], Judgement], kept: Callable[[str, str], Evidence]
) -> None:
    """The keep-alive timer takes two seconds: what closes a connection at once is something else."""
    evidence = kept(ID, "reproduced-0.27.0-httptools")
    early = tuple(
        msgspec.structs.replace(one, ended_s=one.frames[-1].at_s + 0.01) if one.name == TRIGGER else one
        for one in evidence.exchanges
    )
    assert judge(msgspec.structs.replace(evidence, exchanges=early)).verdict is not Verdict.REPRODUCED


@pytest.mark.parametrize("control", [ONE_BY_ONE, AT_ONCE])
@pytest.mark.parametrize("ended", ["closed by server", "reset by server", "deadline", "refused"])
def test_control_that_ended_early_is_unhealthy(
    control: str,
    ended: str,
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Whatever the trigger showed: a server that fails ordinary requests proves nothing."""
    for evidence in (reproduced, absent):
        broken = alter_exchange(evidence, control, received=answer("answer to /0"), ended=ended)
        assert judge(broken).verdict is Verdict.UNHEALTHY


@pytest.mark.parametrize("control", [ONE_BY_ONE, AT_ONCE])
@pytest.mark.parametrize(("body", "status"), [("answer to /5", 200), ("answer to /0", 500), ("", 200)])
def test_control_answered_wrongly_is_unhealthy(
    control: str,
    body: str,
    status: int,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """A wrong answer is no answer."""
    received = answer("answer to /0") + answer(body, status)
    judgement = judge(alter_exchange(absent, control, received=received))
    assert judgement.verdict is Verdict.UNHEALTHY
    assert judgement.reason
    assert control in judgement.reason


@pytest.mark.parametrize("missing", [ONE_BY_ONE, AT_ONCE, TRIGGER])
def test_exchange_that_never_took_place_is_never_absent(
    missing: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    reproduced: Evidence,
    without_exchange: Callable[[Evidence, str], Evidence],
) -> None:
    """No positive evidence, no verdict."""
    for evidence in (absent, reproduced):
        assert not judge(without_exchange(evidence, missing)).verdict.is_judged


def test_server_that_never_answered_is_unhealthy(
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    reproduced: Evidence,
    never_ready: Callable[[Evidence], Evidence],
) -> None:
    """Nothing was shown."""
    for evidence in (absent, reproduced):
        assert judge(never_ready(evidence)).verdict is Verdict.UNHEALTHY


def test_answers_in_the_wrong_order_are_never_absent(
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Pipelined answers are owed in order."""
    swapped = answer("answer to /5") + answer("answer to /0")
    assert judge(alter_exchange(absent, TRIGGER, received=swapped)).verdict is Verdict.INCONCLUSIVE
