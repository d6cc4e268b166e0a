"""preload-closed-loop: what its judge must not be fooled by, in evidence changed from real trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.evidence import Evidence
    from harness.model.scenario import Scenario

ID = "preload-closed-loop"
BEFORE, IMPORTED, AFTER = "plain request before", "who imported", "plain request after"
TRIGGER = "use of the kept loop"
ERROR = "RuntimeError: Event loop is closed"
VARIANTS = ("preload", "no-preload")


@pytest.fixture
def judge(bundled: Mapping[str, Scenario]) -> Callable[[Evidence], Judgement]:
    """The scenario's own judge."""
    return bundled[ID].judge


@pytest.fixture(params=VARIANTS)
def reproduced(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which the failure was seen."""
    return kept(ID, f"reproduced-0.4.3-{request.param}")


@pytest.fixture(params=VARIANTS)
def absent(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which the loop could be used."""
    return kept(ID, f"absent-0.4.4-{request.param}")


def test_signature_quotes_log_and_answer(judge: Callable[[Evidence], Judgement], reproduced: Evidence) -> None:
    """A reader sees both halves of the failure."""
    signature = judge(reproduced).signature
    assert signature == f"{ERROR}; {TRIGGER}: 500 b'Internal Server Error'"


def test_error_without_the_log_line_is_not_the_failure(
    judge: Callable[[Evidence], Judgement], reproduced: Evidence, alter_log: Callable[..., Evidence]
) -> None:
    """An error 500 has many causes."""
    other = alter_log(reproduced, ERROR, "RuntimeError: something else")
    assert judge(other).verdict is Verdict.INCONCLUSIVE


def test_log_line_without_a_failed_request_is_not_the_failure(
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """A closed loop that harms no request, at shutdown for one, is not what the document describes."""
    evidence = alter_exchange(reproduced, TRIGGER, received=answer("kept"))
    assert judge(evidence).verdict is Verdict.ABSENT


def test_error_while_stopping_is_not_the_failure(
    judge: Callable[[Evidence], Judgement], absent: Evidence, alter_exchange: Callable[..., Evidence]
) -> None:
    """What is logged after the harness asked the server to stop is no evidence of the trigger."""
    servers = tuple(msgspec.structs.replace(one, log_stopping=ERROR) for one in absent.servers)
    stopping = msgspec.structs.replace(absent, servers=servers)
    evidence = alter_exchange(stopping, TRIGGER, received=b"", ended="closed by server")
    assert judge(evidence).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("ended", ["deadline", "closed by server", "reset by server"])
def test_no_answer_with_the_log_line_is_the_failure(
    ended: str, judge: Callable[[Evidence], Judgement], reproduced: Evidence, alter_exchange: Callable[..., Evidence]
) -> None:
    """Before 0.2 the request is not answered at all; the log still shows the error."""
    evidence = alter_exchange(reproduced, TRIGGER, received=b"", ended=ended)
    assert judge(evidence).verdict is Verdict.REPRODUCED


@pytest.mark.parametrize("ended", ["deadline", "closed by server", "reset by server", "refused"])
def test_no_answer_without_the_log_line_is_inconclusive(
    ended: str, judge: Callable[[Evidence], Judgement], absent: Evidence, alter_exchange: Callable[..., Evidence]
) -> None:
    """A slow or broken server is neither affected nor free of it."""
    evidence = alter_exchange(absent, TRIGGER, received=b"", ended=ended)
    assert judge(evidence).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("control", [BEFORE, AFTER, IMPORTED])
@pytest.mark.parametrize(("body", "status"), [("plain", 500), ("Plain", 200), ("", 200)])
def test_control_answered_wrongly_is_unhealthy(
    control: str,
    body: str,
    status: int,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """A server that fails ordinary requests proves nothing, whatever the trigger showed."""
    for evidence in (absent, reproduced):
        broken = alter_exchange(evidence, control, received=answer(body, status))
        judgement = judge(broken)
        assert judgement.verdict is Verdict.UNHEALTHY
        assert judgement.reason
        assert control in judgement.reason


def test_import_by_the_wrong_process_is_unhealthy(
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Where ``--preload`` did not preload, the variant was not on trial at all."""
    for evidence in (absent, reproduced):
        other = "worker" if evidence.variant == "preload" else "master"
        swapped = alter_exchange(evidence, IMPORTED, received=answer(f"imported by the {other}"))
        assert judge(swapped).verdict is Verdict.UNHEALTHY


@pytest.mark.parametrize("missing", [BEFORE, IMPORTED, TRIGGER, AFTER])
def test_exchange_that_never_took_place_is_never_absent(
    missing: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    without_exchange: Callable[[Evidence, str], Evidence],
) -> None:
    """No positive evidence, no verdict."""
    assert not judge(without_exchange(absent, missing)).verdict.is_judged


def test_trigger_that_was_never_pulled_is_not_the_failure(
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    without_exchange: Callable[[Evidence, str], Evidence],
) -> None:
    """The log line alone, without the request that it would have failed, shows something else."""
    assert judge(without_exchange(reproduced, TRIGGER)).verdict is not Verdict.REPRODUCED


def test_server_that_never_answered_is_unhealthy(
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    reproduced: Evidence,
    never_ready: Callable[[Evidence], Evidence],
) -> None:
    """Nothing was shown."""
    for evidence in (absent, reproduced):
        assert judge(never_ready(evidence)).verdict is Verdict.UNHEALTHY
