"""Real trials, changed by hand, get the verdicts that the tables of `tests.crafted` say; signatures quote the trial."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness.model.judge import judge
from harness.model.verdict import Verdict
from tests.crafted import pipelined_keep_alive, preload_closed_loop, starved_heartbeat, winerror87
from tests.kept import Kept, everything

if TYPE_CHECKING:
    from tests.crafted.edits import Case

CASES = [
    *pipelined_keep_alive.CASES,
    *preload_closed_loop.CASES,
    *starved_heartbeat.CASES,
    *winerror87.CASES,
]
ANY = r"[\s\S]*"
SIGNATURES = {
    "pipelined-keep-alive h11": (
        rf"two pipelined requests, the second answered late: 200 b'hello', then closed by server; "
        rf"{ANY}Exception in callback H11Protocol.timeout_keep_alive_handler\(\)"
    ),
    "pipelined-keep-alive httptools": (
        "two pipelined requests, the second answered late: 200 b'hello', then closed by server"
    ),
    "preload-closed-loop": r"use of the kept loop: 500 b'Internal Server Error'; RuntimeError: Event loop is closed",
    "starved-heartbeat": rf"the blocked worker: {ANY}WORKER TIMEOUT \(pid:\d+\); it had answered \d{{2,}} requests",
    "winerror87-reload": r"after the change: then deadline; OSError: \[WinError 87\] Invalid parameter",
    "winerror87-workers": (
        r"two requests at the same time: [01] of two workers answered, and error 87 in the log; "
        r"OSError: \[WinError 87\] Invalid parameter"
    ),
}


@pytest.mark.parametrize(
    ("case", "kept"), [pytest.param(case, kept, id=f"{kept}: {case.name}") for case in CASES for kept in case.trials]
)
def test_crafted_evidence_gets_its_verdict(case: Case, kept: Kept) -> None:
    """What a user is told stands in the reason or in the signature."""
    judgement = judge(kept.scenario, case.changed(kept.evidence))
    assert judgement.verdict is case.verdict, judgement
    assert case.says in (judgement.signature or judgement.reason or "")


@pytest.mark.parametrize("kept", [one for one in everything() if one.verdict is Verdict.REPRODUCED], ids=str)
def test_signature_quotes_what_was_seen(kept: Kept) -> None:
    """A reader sees the log line, the answer or both, not only a word."""
    signature = judge(kept.scenario, kept.evidence).signature
    assert signature
    for name in (kept.scenario.id, f"{kept.scenario.id} {kept.evidence.variant}"):
        if pattern := SIGNATURES.get(name):
            assert re.fullmatch(pattern, signature)


def test_signature_names_the_worker_that_answered() -> None:
    """The kill of any other worker is not the failure."""
    for kept in everything():
        if (kept.scenario.id, kept.verdict) == ("starved-heartbeat", Verdict.REPRODUCED):
            (before,) = kept.evidence.answers("blocked: before")
            assert before.process
            assert f"WORKER TIMEOUT (pid:{before.process})" in (judge(kept.scenario, kept.evidence).signature or "")
