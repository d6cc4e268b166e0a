"""winerror87-reload: what its judge must not be fooled by, in evidence changed from real trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.evidence import Evidence
    from harness.model.scenario import Scenario

ID = "winerror87-reload"
AFTER, FACT = "after the change", "errors before the change"
ENDS = ("refused", "reset by server", "closed by server", "closed by client")


@pytest.fixture
def judge(bundled: Mapping[str, Scenario]) -> Callable[[Evidence], Judgement]:
    """The scenario's own judge."""
    return bundled[ID].judge


@pytest.fixture
def reproduced(kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which the server accepted nothing after the change."""
    return kept(ID, "reproduced-0.10.9-cli")


@pytest.fixture(params=["absent-0.11.0-cli", "absent-0.17.6-cli", "absent-0.33.0-cli"])
def absent(request: pytest.FixtureRequest, kept: Callable[[str, str], Evidence]) -> Evidence:
    """A trial in which the changed application was served."""
    return kept(ID, request.param)


def test_signature_quotes_log_and_hang(judge: Callable[[Evidence], Judgement], reproduced: Evidence) -> None:
    """A reader sees both halves of the failure."""
    signature = judge(reproduced).signature
    assert signature == "OSError: [WinError 87] Invalid parameter; after the change: no answer within 5 s"


@pytest.mark.parametrize("before", [1, 2, None])
def test_error_before_the_change_is_not_the_failure(
    before: int | None, judge: Callable[[Evidence], Judgement], reproduced: Evidence
) -> None:
    """The failure comes with the first reload; nor is it one where nobody looked before."""
    facts = {FACT: before} if before is not None else {}
    assert judge(msgspec.structs.replace(reproduced, facts=facts)).verdict is Verdict.INCONCLUSIVE


def test_hang_without_the_error_is_not_the_failure(
    judge: Callable[[Evidence], Judgement], absent: Evidence, alter_exchange: Callable[..., Evidence]
) -> None:
    """A server that is slow to reload, or lost its reloader, hangs as well."""
    evidence = alter_exchange(absent, AFTER, received=b"", ended="deadline")
    assert judge(evidence).verdict is Verdict.INCONCLUSIVE


def test_error_without_a_hang_is_not_the_failure(
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """What the client got decides: the changed application was served."""
    evidence = alter_exchange(reproduced, AFTER, received=answer("two"), ended="closed by client")
    assert judge(evidence).verdict is Verdict.ABSENT


@pytest.mark.parametrize("ended", ENDS)
def test_other_end_of_the_request_is_neither(
    ended: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
) -> None:
    """A server that refuses or breaks off is broken in another way."""
    for evidence in (absent, reproduced):
        assert judge(alter_exchange(evidence, AFTER, received=b"", ended=ended)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("ended", ["closed by client", "deadline"])
@pytest.mark.parametrize(("body", "status"), [("one", 200), ("two", 500), ("", 200), ("twofold", 200)])
def test_other_answer_is_neither(
    body: str,
    status: int,
    ended: str,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """The old application answers where the change went unnoticed: then there was no reload to fail."""
    for evidence in (absent, reproduced):
        other = alter_exchange(evidence, AFTER, received=answer(body, status), ended=ended)
        assert judge(other).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("kept_bytes", [1, 20, 40])
def test_torn_answer_is_neither(
    kept_bytes: int,
    judge: Callable[[Evidence], Judgement],
    absent: Evidence,
    reproduced: Evidence,
    alter_exchange: Callable[..., Evidence],
    answer: Callable[..., bytes],
) -> None:
    """Who began to answer had accepted the connection, and who did not finish did not serve."""
    for evidence in (absent, reproduced):
        torn = alter_exchange(evidence, AFTER, received=answer("two")[:kept_bytes], ended="deadline")
        assert judge(torn).verdict is Verdict.INCONCLUSIVE


def test_trigger_that_was_never_pulled_is_not_the_failure(
    judge: Callable[[Evidence], Judgement],
    reproduced: Evidence,
    without_exchange: Callable[[Evidence, str], Evidence],
) -> None:
    """The error alone, without the request that hangs, is half of the signature."""
    assert judge(without_exchange(reproduced, AFTER)).verdict is Verdict.INCONCLUSIVE


def test_only_the_last_answer_counts(
    judge: Callable[[Evidence], Judgement], absent: Evidence, without_exchange: Callable[[Evidence, str], Evidence]
) -> None:
    """While it waits for the change the driver may have seen it; the requirement is asked for afterwards."""
    evidence = without_exchange(absent, AFTER)
    assert "200 b'two'" in str(evidence.heard("waiting for the change"))
    assert judge(evidence).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("version", "python", "affected"),
    [
        ("0.10.9", "3.8", True),
        ("0.10.9", "3.7", False),
        ("0.10.8", "3.7", True),
        ("0.9.0", "3.7", False),
        ("0.9.0", "3.8", True),
        ("0.11.0", "3.8", False),
        ("0.11.4", "3.12", False),
    ],
)
def test_history_depends_on_the_python(
    version: str,
    python: str,
    affected: bool,  # noqa: FBT001 - what is foretold
    bundled: Mapping[str, Scenario],
) -> None:
    """Python 3.7 has the affected loop only where the release chose it."""
    expected = Verdict.REPRODUCED if affected else Verdict.ABSENT
    found = bundled[ID].expects(variant="cli", version=version, python=python, platform="windows-wine")
    assert found is expected
