"""Declared checks: the judge that follows from them never gets around the law, and mistakes in them are refused."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.model.checks import Judged, at_least, at_most, check_variant, control, fits, logged, trigger
from harness.model.evidence import Ended, Evidence, Exchange, Frame, ServerRecord
from harness.model.steps import answers, closing, handshake, messages, pause, request, text
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell"
SERVER = ServerRecord(
    name="s", argv=("s",), port=1, started_s=0, ready_s=0, ended_s=9, exit_status=0, stopped_by="SIGTERM", survivors=0,
    log="ready\n",
)  # fmt: skip


def exchange(name: str, received: bytes = GOOD, *, ended: Ended = Ended.BY_CLIENT, lasted: float = 1.0) -> Exchange:
    """Return an exchange in which these bytes came back."""
    frames = (
        Frame(at_s=0, direction="sent", data=b"GET / HTTP/1.1\r\n\r\n"),
        *((Frame(at_s=0.1, direction="received", data=received),) if received else ()),
    )
    return Exchange(name=name, server="s", opened_s=1, ended_s=1 + lasted, ended=ended, frames=frames)


def evidence(*exchanges: Exchange, variant: str = "v", server: ServerRecord = SERVER, **fields: Any) -> Evidence:  # noqa: ANN401
    """Return evidence of one server."""
    return Evidence(
        scenario="x", variant=variant, subject="x", version="1", python="3.8", platform="linux", cell="x", trial=1,
        began_at="", duration_s=1, servers=(server,), exchanges=exchanges, **fields,
    )  # fmt: skip


JUDGE = Judged((
    control("before", owed="200 b'well'"),
    trigger("push", owed="200 b'well'", failure="then closed by server"),
))  # fmt: skip
FAILED = exchange("push", b"", ended=Ended.BY_SERVER)


@pytest.mark.parametrize(
    ("seen", "verdict", "words"),
    [
        (evidence(exchange("before"), FAILED), Verdict.REPRODUCED, "push: then closed by server"),
        (evidence(exchange("before"), exchange("push")), Verdict.ABSENT, ""),
        (evidence(exchange("before")), Verdict.INCONCLUSIVE, "'push': expected 200 b'well', got it was never reached"),
        (evidence(exchange("push")), Verdict.UNHEALTHY, "control 'before' failed: expected 200 b'well', got it was"),
        (evidence(FAILED), Verdict.UNHEALTHY, "control 'before' failed"),
        (evidence(exchange("before", b"x"), FAILED), Verdict.UNHEALTHY, "got torn b'x'"),
        (
            evidence(exchange("before"), exchange("push", b"", ended=Ended.DEADLINE)),
            Verdict.INCONCLUSIVE,
            "got then deadline",
        ),
    ],
)
def test_verdict_follows_from_what_was_seen(seen: Evidence, verdict: Verdict, words: str) -> None:
    """A failed control never becomes a failure, and a missing observation never becomes its absence."""
    judgement = JUDGE(seen)
    assert judgement.verdict is verdict
    assert words in (judgement.reason or judgement.signature or "")


def test_server_that_died_by_itself_does_not_show_a_failure_of_an_exchange() -> None:
    """A crash closes connections too."""
    dead = msgspec.structs.replace(SERVER, stopped_by="itself", exit_status=1)
    assert JUDGE(evidence(exchange("before"), FAILED, server=dead)).verdict is Verdict.INCONCLUSIVE


def test_failure_counts_only_after_its_time() -> None:
    """A timer that fires cannot have fired before its time."""
    judge = Judged((JUDGE.checks[0], push(after_s=2.0)))
    for lasted, verdict in ((1.9, Verdict.INCONCLUSIVE), (2.1, Verdict.REPRODUCED)):
        late = exchange("push", b"", ended=Ended.BY_SERVER, lasted=lasted)
        assert judge(evidence(exchange("before"), late)).verdict is verdict


def push(**fields: Any) -> Any:  # noqa: ANN401 - whatever the fields of a trigger are
    """Return the trigger of `JUDGE` with other fields."""
    return trigger("push", **{"owed": "200 b'well'", "failure": "then closed by server", **fields})


def test_failure_with_a_log_needs_both() -> None:
    """Neither the closed connection alone nor the log alone is the failure."""
    judge = Judged((JUDGE.checks[0], push(log=("Error", "timer"))))
    logs = msgspec.structs.replace(SERVER, log="Error in a timer\n")
    for pushed, server in itertools.product((FAILED, exchange("push")), (SERVER, logs)):
        both = pushed is FAILED and server is logs
        verdict = judge(evidence(exchange("before"), pushed, server=server)).verdict
        assert (verdict is Verdict.REPRODUCED) == both
        assert (verdict is Verdict.ABSENT) == (pushed is not FAILED)


def test_log_alone_shows_a_failure_and_its_absence() -> None:
    """Where every answer is as it should be, the server without the failure owes a silent log."""
    judge = Judged((JUDGE.checks[0], push(failure=None, log=re.compile(r"Traceback.*?Error", re.DOTALL))))
    logs = msgspec.structs.replace(SERVER, log="Traceback\n  x\nError\n")
    seen = judge(evidence(exchange("before"), exchange("push"), server=logs))
    assert (seen.verdict, seen.signature) == (Verdict.REPRODUCED, "Traceback x Error")
    assert judge(evidence(exchange("before"), exchange("push"))).verdict is Verdict.ABSENT
    assert judge(evidence(exchange("before"), FAILED)).verdict is Verdict.INCONCLUSIVE
    late = msgspec.structs.replace(SERVER, log_stopping="Traceback\n  x\nError\n")
    assert judge(evidence(exchange("before"), exchange("push"), server=late)).verdict is Verdict.ABSENT


@pytest.mark.parametrize(
    ("lost", "words"),
    [({"log": "\n"}, "no log at all"), ({"log_dropped": 7}, "a log of which 7 bytes were not kept")],
)
def test_log_that_was_lost_shows_no_absence(lost: dict[str, Any], words: str) -> None:
    """Where the failure shows in the log alone, a server is only silent where its whole log was heard."""
    judge = Judged((JUDGE.checks[0], push(failure=None, log="Traceback")))
    seen = judge(evidence(exchange("before"), exchange("push"), server=msgspec.structs.replace(SERVER, **lost)))
    assert seen.verdict is Verdict.INCONCLUSIVE
    assert f"expected 200 b'well', and a log without the failure, got 200 b'well', and {words}" in str(seen.reason)


@pytest.mark.parametrize(
    ("pushes", "verdict"),
    [
        ((exchange("push"), FAILED, exchange("push")), Verdict.REPRODUCED),
        ((exchange("push"),) * 3, Verdict.ABSENT),
        ((exchange("push"),) * 2, Verdict.INCONCLUSIVE),
    ],
)
def test_repeated_exchange_fails_once_and_holds_each_time(pushes: tuple[Exchange, ...], verdict: Verdict) -> None:
    """One failure among many is the failure; its absence takes them all."""
    judge = Judged((JUDGE.checks[0], push(times=3)))
    assert judge(evidence(exchange("before"), *pushes)).verdict is verdict


def test_facts_are_judged_as_exchanges_are() -> None:
    """A number has its limit, a pattern has to match the whole text."""
    judge = Judged((
        control("before", owed=re.compile(r"200 b'w.*'")),
        trigger("descriptors left", owed=at_most(5), failure=at_least(100)),
    ))  # fmt: skip
    for count, verdict in ((3, Verdict.ABSENT), (300, Verdict.REPRODUCED), (50, Verdict.INCONCLUSIVE)):
        assert judge(evidence(exchange("before"), facts={"descriptors left": count})).verdict is verdict
    assert not fits(at_most(5), "many")
    assert not fits(re.compile("200"), "200 b'well'")


def test_function_says_what_several_observations_show() -> None:
    """Where no single observation has the words; a failed control still stands before the failure."""
    judge = Judged((
        control("before", owed="200 b'well'"),
        push(read=lambda seen: f"{len(seen.answers('push'))} answers", owed="2 answers", failure="1 answers"),
    ))  # fmt: skip
    once, none = exchange("push"), exchange("push", b"", ended=Ended.DEADLINE)
    assert judge(evidence(exchange("before"), once, once)).verdict is Verdict.ABSENT
    assert judge(evidence(exchange("before"), once, none)).signature == "push: 1 answers"
    assert judge(evidence(once, none)).verdict is Verdict.UNHEALTHY
    assert judge(evidence(exchange("before"))).reason == (
        "neither the failure nor ordinary work: 'push': expected 2 answers, got 0 answers"
    )


def test_first_group_of_a_match_in_the_log_is_shown() -> None:
    """A pattern of many lines quotes the one that tells a reader most."""
    text = "Traceback:\n  in accept\nOSError:  broken\n"
    assert logged(re.compile(r"in accept\n(OSError[^\n]*)"), text) == "OSError: broken"
    assert logged(re.compile(r"in accept\nOSError"), text) == "in accept OSError"


def test_variants_differ_in_what_they_owe_and_log() -> None:
    """A value may be given for each variant."""
    judge = Judged((JUDGE.checks[0], push(log={"h11": "timer"})))
    assert judge(evidence(exchange("before"), FAILED, variant="httptools")).verdict is Verdict.REPRODUCED
    assert judge(evidence(exchange("before"), FAILED, variant="h11")).verdict is Verdict.INCONCLUSIVE
    owed = {"h11": "200 b'well'"}
    with pytest.raises(ValueError, match="does not say what is owed of the variant 'other'"):
        check_variant([control("c", owed=owed)], "other")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Judged((JUDGE.checks[1],)), "the checks need a control"),
        (lambda: Judged((JUDGE.checks[0],)), "the checks need one trigger, and no more"),
        (lambda: Judged((*JUDGE.checks, control("push", owed="x"))), "two checks are called 'push'"),
        (lambda: trigger("push", owed="x"), "says neither what the failure looks like nor what it logs"),
        (lambda: trigger("push", owed="x", failure="x"), "takes what is owed for the failure"),
        (lambda: trigger("push", owed="xy", failure=re.compile("x.")), "takes what is owed for the failure: xy"),
        (lambda: control("c", owed=200), "owes 200; it is a text, a pattern, at_most"),  # type: ignore[arg-type]
        (lambda: control("c", "GET /", owed="x"), "write 'GET /'.encode() to send it"),  # type: ignore[arg-type]
        (lambda: control("c", request("GET", "/"), handshake(), owed="x"), "step 2 is a handshake"),
        (lambda: control("c", handshake(), text("a"), owed="x"), "end by one that waits"),
        (lambda: control("c", owed="x", times=0), "is made 0 times"),
        (lambda: control("c", owed="x", read=str, times=2), "give a function of the evidence, and no times="),
        (lambda: control("c", owed="x", read="c"), "is read by 'c'"),  # type: ignore[arg-type]
        (lambda: push(read=str, after_s=1), "has after_s, which is of an exchange, beside read="),
    ],
)
def test_mistake_is_refused_when_the_check_is_made(make: Callable[[], object], words: str) -> None:
    """The message says which check it is, and what to write."""
    with pytest.raises(ValueError, match=re.escape(words)):
        make()


def test_steps_are_values() -> None:
    """Equal steps are equal, so that a digest of them stays what it is."""
    assert (request("GET", "/"), answers(2), pause(1)) == (request("GET", "/"), answers(2), pause(1))
    assert repr((handshake("/a", ("X", b"\xff")), closing(1000), messages(1))) == repr(
        (handshake("/a", ("X", b"\xff")), closing(1000), messages(1))
    )
