"""A scenario that is not finished judges nothing: a trigger that is to be written, a name that is misspelt."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.model.checks import Judged, control, trigger
from harness.model.evidence import Ended, Evidence, Exchange, Frame, ServerRecord
from harness.model.judge import judge
from harness.model.scenario import Scenario, Variant
from harness.model.steps import request
from harness.model.verdict import Check, Verdict, conclude

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import EllipsisType

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell"
FINE, FAILS = "200 b'well'", "then closed by server"
SERVER = ServerRecord(
    name="s", argv=("s",), port=1, started_s=0, ready_s=0, ended_s=9, exit_status=0, stopped_by="SIGTERM", survivors=0,
    log="",
)  # fmt: skip


def evidence(*names: str, failing: Sequence[str] = (), variant: str = "default", **fields: Any) -> Evidence:  # noqa: ANN401
    """Return the evidence of these exchanges; those that fail are closed by the server."""
    exchanges = [
        Exchange(
            name=name,
            server="s",
            opened_s=1,
            ended_s=2,
            ended=Ended.BY_SERVER if name in failing else Ended.BY_CLIENT,
            frames=() if name in failing else (Frame(at_s=0.1, direction="received", data=GOOD),),
        )
        for name in names
    ]
    return Evidence(
        scenario="x", variant=variant, subject="x", version="1", python="3.8", platform="linux", cell="x", trial=1,
        began_at="", duration_s=1, servers=(SERVER,), exchanges=tuple(exchanges), **fields,
    )  # fmt: skip


def scenario(**parts: Any) -> Scenario:  # noqa: ANN401 - whatever the parts of a trigger are
    """Return a scenario whose trigger has these parts."""
    steps = request("GET", "/")
    checks = (control("before", steps, owed=FINE), trigger("push", steps, **parts))
    return Scenario(id="x", title="t", subject="x", serve=lambda _trial: None, checks=checks)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("owed", "failure", "says"),
    [
        (..., ..., "owed=... and failure=..."),
        (FINE, ..., "failure=..."),
        (..., FAILS, "owed=..."),
        ({"default": ...}, {"default": FAILS}, "owed=..."),
    ],
)
def test_trigger_that_is_to_be_written_judges_nothing(
    owed: str | EllipsisType, failure: str | EllipsisType, says: str
) -> None:
    """Whatever is observed: neither the failure, nor its absence, nor a server that does not do its work."""
    draft = scenario(owed=owed, failure=failure)
    told = f"the trigger 'push' is to be written: it says {says}"
    for names, failing in itertools.product(([], ["before"], ["before", "push"]), ([], ["push"], ["before"])):
        seen = evidence(*names, failing=failing)
        judgement = judge(draft, seen)
        assert judgement.verdict is Verdict.INCONCLUSIVE
        assert (judgement.reason or "").startswith(told)
        assert draft.judge(seen).verdict in {Verdict.INCONCLUSIVE, Verdict.UNHEALTHY}
        assert ("control 'before' failed" in (judgement.reason or "")) == (
            "before" not in names or failing == ["before"]
        )


def test_server_that_did_not_start_is_told_with_what_is_to_be_written() -> None:
    """An author who writes the start first sees why it fails."""
    silent = msgspec.structs.replace(SERVER, ready_s=None, stopped_by="itself", exit_status=2, log="usage: s [-h]\n")
    seen = msgspec.structs.replace(evidence(silent="s"), servers=(silent,))
    assert judge(scenario(owed=..., failure=...), seen).reason == (
        "the trigger 'push' is to be written: it says owed=... and failure=...; "
        "server 's' ended by itself, status 2, before it answered: usage: s [-h]"
    )


def test_log_that_is_to_be_written_judges_nothing() -> None:
    """Also beside a failure that is written."""
    seen = evidence("before", "push", failing=["push"])
    assert judge(scenario(owed=FINE, failure=FAILS, log=...), seen).verdict is Verdict.INCONCLUSIVE
    assert judge(scenario(owed=FINE, failure=FAILS), seen).verdict is Verdict.REPRODUCED


def test_variant_whose_trigger_is_written_is_judged() -> None:
    """The other one is not."""
    checks = (control("before", owed=FINE), trigger("push", owed=FINE, failure={"a": FAILS, "b": ...}))
    variants = (Variant(name="a"), Variant(name="b"))
    half = Scenario(title="t", observe=lambda _: None, checks=checks, variants=variants)
    for variant, verdict in (("a", Verdict.REPRODUCED), ("b", Verdict.INCONCLUSIVE)):
        seen = evidence("before", "push", failing=["push"], variant=variant)
        assert judge(half, seen).verdict is verdict


def test_control_cannot_be_left_to_be_written() -> None:
    """Nothing would show that the server works."""
    with pytest.raises(ValueError, match="the control 'before' owes Ellipsis"):
        control("before", owed=...)  # type: ignore[arg-type]


def misspelt(name: str) -> Scenario:
    """Return a scenario of which a check asks for an observation of this name, which its own ``observe`` makes not."""
    checks = (control(name, owed=FINE), trigger("push", owed=FINE, failure=FAILS))
    return Scenario(title="t", observe=lambda _: None, checks=checks)


def test_misspelt_observation_is_told_with_the_one_that_was_made() -> None:
    """The server did nothing wrong: it is not called unhealthy."""
    judgement = judge(misspelt("befor"), evidence("before", "push"))
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason == "no observation 'befor' was made; did you mean 'before'?"


def test_misspelt_fact_of_a_judge_of_ones_own_is_told() -> None:
    """Checks of any judge have names."""

    def own(seen: Evidence) -> Any:  # noqa: ANN401 - a judgement
        hello = Check(name="hello", expected="yes", actual="yes")
        return conclude(
            signature=None, controls=[hello], requirement=Check(name="exitt", expected="0", actual=seen.said("exitt"))
        )

    made = evidence(facts={"exit": 0})
    judgement = judge(Scenario(title="t", observe=lambda _: None, judge=own), made)
    assert judgement.reason == "no observation 'exitt' was made; did you mean 'exit'?"


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("befor", evidence("before", silent="s")),  # the observation ended early
        ("before", evidence("errors before", "push")),
        ("request 2", evidence("request 1", "push")),
        ("before", evidence("push")),
        ("pusj", evidence("push")),  # which another check asks for
        ("read", evidence("ready", "push")),  # which the harness makes with each server
        ("before", evidence("before", "befor", failing=["before"])),
    ],
)
def test_observation_that_was_not_made_for_another_reason_is_judged_as_ever(name: str, seen: Evidence) -> None:
    """A name that is not near, or not free, is no hint."""
    judgement = judge(misspelt(name), seen)
    assert judgement.verdict is Verdict.UNHEALTHY
    assert "did you mean" not in (judgement.reason or "")


def test_module_is_named_where_it_is_known() -> None:
    """Loading a scenario adds the module."""
    draft = Judged((control("a", owed="b"), trigger("c", owed=..., failure=...)), module="x/y/scenario.py")
    assert (
        draft.unwritten("default")
        == "the trigger 'c' is to be written in x/y/scenario.py: it says owed=... and failure=..."
    )
