"""winerror87-workers: what its judge must not be fooled by, in evidence changed from real trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.evidence import Evidence, Exchange
    from harness.model.scenario import Scenario

ID = "winerror87-workers"
HELD, OTHER = "the request that holds its worker", "the request meanwhile"


@pytest.fixture
def judge(bundled: Mapping[str, Scenario]) -> Callable[[Evidence], Judgement]:
    """The scenario's own judge."""
    return bundled[ID].judge


@pytest.fixture(params=["0.10.9-run", "0.10.9-cli", "0.17.6-run", "0.17.6-cli"])
def reproduced(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which one worker served alone."""
    return kept(ID, f"reproduced-{request.param}")


@pytest.fixture(params=["0.11.0-run", "0.11.0-cli", "0.18.0-run", "0.33.0-run", "0.33.0-cli"])
def absent(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which two workers answered."""
    return kept(ID, f"absent-{request.param}")


def _worker(evidence: Evidence, name: str) -> str:
    """Return the body of the answer to a request."""
    exchange = evidence.exchange(name)
    assert exchange
    return exchange.answers[0].body.decode()


def test_signature_quotes_the_log(judge: Callable[[Evidence], Judgement], reproduced: Evidence) -> None:
    """Requests are answered all the same: the log has the whole failure."""
    assert judge(reproduced).signature == "OSError: [WinError 87] Invalid parameter"


def test_two_answers_of_the_same_worker_are_never_absent(
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """One process that serves both may be alone."""
    same = alter_exchange(absent, OTHER, received=answer(_worker(absent, HELD)))
    judgement = judge(same)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason
    assert "two workers" in judgement.reason


def test_worker_alone_without_the_error_is_not_the_failure(
    judge: Callable[[Evidence], Judgement], reproduced: Evidence, alter_log: Callable[..., Evidence]
) -> None:
    """The second worker may only have been late."""
    quiet = alter_log(reproduced, "[WinError 87]", "[WinError 10038]")
    assert judge(quiet).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", [HELD, OTHER])
@pytest.mark.parametrize(
    ("body", "status"), [("worker 9", 500), ("worker", 200), ("worker x", 200), ("worker 9 and 10", 200), ("", 200)]
)
def test_wrong_answer_is_no_worker(
    name: str,
    body: str,
    status: int,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Two different bodies are not two processes."""
    assert judge(alter_exchange(absent, name, received=answer(body, status))).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", [HELD, OTHER])
@pytest.mark.parametrize("ended", ["deadline", "refused", "reset by server", "closed by server"])
def test_request_without_an_answer_is_never_absent(
    name: str,
    ended: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
) -> None:
    """A worker that accepts and dies is seen by nobody."""
    assert judge(alter_exchange(absent, name, received=b"", ended=ended)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", [HELD, OTHER])
def test_two_answers_to_one_request_are_never_absent(
    name: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Nobody knows which of them is the worker's."""
    both = answer("worker 99998") + answer("worker 99999")
    assert judge(alter_exchange(absent, name, received=both)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", [HELD, OTHER])
def test_torn_answer_is_never_absent(
    name: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """The number of a worker may be torn: half of it is another's."""
    torn = answer(_worker(absent, name))[:-1]
    assert judge(alter_exchange(absent, name, received=torn)).verdict is Verdict.INCONCLUSIVE


def test_only_the_last_round_counts(
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Answers of different rounds are not put together: the worker may have been replaced between them."""
    alone = alter_exchange(absent, OTHER, received=answer(_worker(absent, HELD)))
    rounds = (*absent.exchanges, *(one for one in alone.exchanges if one.name in {HELD, OTHER}))
    assert judge(msgspec.structs.replace(absent, exchanges=rounds)).verdict is Verdict.INCONCLUSIVE


def test_answers_one_after_the_other_are_never_absent(judge: Callable[[Evidence], Judgement], absent: Evidence) -> None:
    """A worker that died and its successor are two processes, and never two that accept."""
    held = absent.exchange(HELD)
    assert held

    def later(one: Exchange) -> Exchange:
        if one.name != OTHER:
            return one
        frames = tuple(msgspec.structs.replace(frame, at_s=held.ended_s + 1.1) for frame in one.frames)
        return msgspec.structs.replace(one, opened_s=held.ended_s + 1, ended_s=held.ended_s + 1.2, frames=frames)

    after = tuple(later(one) for one in absent.exchanges)
    assert judge(msgspec.structs.replace(absent, exchanges=after)).verdict is not Verdict.ABSENT


def test_error_where_two_workers_answered_is_not_the_failure(
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """What the client got decides: two processes accepted connections, whatever a third one logged."""
    two = alter_exchange(reproduced, OTHER, received=answer("worker 99999"))
    assert judge(two).verdict is not Verdict.REPRODUCED


def test_error_of_a_server_that_never_answered_is_unhealthy(
    judge: Callable[[Evidence], Judgement], reproduced: Evidence
) -> None:
    """The failure leaves a worker that answers; where none did, something else is wrong too."""
    servers = tuple(msgspec.structs.replace(one, ready_s=None) for one in reproduced.servers)
    silent = msgspec.structs.replace(reproduced, servers=servers, exchanges=())
    assert judge(silent).verdict is Verdict.UNHEALTHY


@pytest.mark.parametrize(
    ("version", "python", "affected"),
    [
        ("0.10.9", "3.8", True),
        ("0.10.9", "3.7", False),
        ("0.10.8", "3.7", True),
        ("0.11.0", "3.8", False),
        ("0.15.0", "3.8", False),
        ("0.16.0", "3.8", True),
        ("0.17.6", "3.7", False),
        ("0.17.6", "3.12", True),
        ("0.18.1", "3.12", False),
    ],
)
def test_history_depends_on_the_python(
    version: str,
    python: str,
    affected: bool,  # noqa: FBT001 - what is foretold
    bundled: Mapping[str, Scenario],
) -> None:
    """Twice affected on 3.8 and later, once on 3.7; the same for both ways to start."""
    expected = Verdict.REPRODUCED if affected else Verdict.ABSENT
    found = {
        bundled[ID].expects(variant=variant.name, version=version, python=python, platform="windows-wine")
        for variant in bundled[ID].variants
    }
    assert found == {expected}


def test_history_expects_that_one_release_cannot_serve(bundled: Mapping[str, Scenario]) -> None:
    """Started by its command line; started in the other way it is free of the failure."""
    found = {
        variant.name: bundled[ID].expects(
            variant=variant.name, version="0.18.0", python="3.12", platform="windows-wine"
        )
        for variant in bundled[ID].variants
    }
    assert found == {"run": Verdict.ABSENT, "cli": Verdict.UNHEALTHY}
