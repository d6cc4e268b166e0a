"""What is observed of a server's processes says itself in words, and evidence says what was observed under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.evidence import Ended, Evidence, Exchange, ServerRecord
from harness.model.observations import Exit, Look, Process, SignalToChild, ending

if TYPE_CHECKING:
    from collections.abc import Callable

PROCESS = Process(
    pid=7, parent=1, began=1.5, argv=("python", "a b"), memory=1000, descriptors=4, threads=2, processor_s=0.25
)
LOOK = Look(name="look", server="s", at_s=1.0, processes=(PROCESS, msgspec.structs.replace(PROCESS, pid=8)))
SERVER = ServerRecord(
    name="s",
    argv=("python",),
    port=1,
    started_s=0.0,
    ready_s=None,
    ended_s=1.0,
    exit_status=-9,
    stopped_by="itself",
    survivors=0,
    log="",
)


@pytest.fixture
def evidence() -> Callable[..., Evidence]:
    """Return a function that makes evidence of what is given."""

    def make(**given: Any) -> Evidence:  # noqa: ANN401 - the fields of evidence
        return Evidence(
            cell="f_d_s-1.0_py3.12_linux",
            trial=1,
            scenario="f",
            variant="d",
            subject="s",
            version="1.0",
            python="3.12",
            platform="linux",
            began_at="2026-01-01T00:00:00+00:00",
            duration_s=1.0,
            **given,
        )

    return make


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exit 0"),
        (3, "exit 3"),
        (-15, "ended by SIGTERM"),
        (-9, "ended by SIGKILL"),
        (-10, "ended by signal 10"),  # SIGUSR1 on one system, SIGBUS on another
        (None, "still running"),
    ],
)
def test_an_end_says_itself(status: int | None, words: str) -> None:
    """In the words that a judge compares."""
    assert str(Exit(name="e", server="s", at_s=1.0, waited_s=0.5, status=status)) == words


@given(st.none() | st.integers(-64, 2**32), st.none() | st.integers(-64, 2**32))
def test_different_ends_say_different_things(one: int | None, other: int | None) -> None:
    """On every system alike."""
    assert (ending(one) == ending(other)) == (one == other)


def test_a_look_says_its_sums() -> None:
    """And how many processes it lacks."""
    words = "2 processes, 2000 bytes of memory, 8 descriptors, 4 threads, 0.50 s of processor time"
    assert str(LOOK) == words
    assert str(msgspec.structs.replace(LOOK, beyond=3)) == f"{words}; 3 processes more were not kept"
    assert PROCESS.command == "python a b"


def test_evidence_says_what_was_observed(evidence: Callable[..., Evidence]) -> None:
    """Of an exchange, an end, a fact, a look and a server; the last one of a name, and nothing of an unknown name."""
    exchange = Exchange(name="asked", server="s", opened_s=0.0, ended_s=1.0, ended=Ended.REFUSED)
    ends = [Exit(name="end", server="s", at_s=1.0, waited_s=0.5, status=status) for status in (None, 0)]
    one = evidence(
        exchanges=(exchange,),
        exits=tuple(ends),
        facts={"yes": True, "no": False, "n": 0},
        looks=(LOOK,),
        servers=(SERVER,),
    )
    assert {name: one.said(name) for name in ("asked", "end", "yes", "no", "n", "look", "s", "other")} == {
        "asked": "then refused",
        "end": "exit 0",
        "yes": "True",
        "no": "False",
        "n": "0",
        "look": str(LOOK),
        "s": "ended by SIGKILL",
        "other": "it was never reached",
    }
    assert (one.exit("end"), one.look("look"), one.exit("none"), one.look("none")) == (ends[1], LOOK, None, None)


def test_evidence_of_before_is_evidence(evidence: Callable[..., Evidence]) -> None:
    """What was kept without the newer fields decodes; what has them comes back unchanged."""
    sent = SignalToChild(at_s=1.0, number=9, pid=7)
    record = msgspec.structs.replace(SERVER, signals_to_children=(sent,), variables={"A": "b"}, awaited=None)
    whole = evidence(servers=(record,), looks=(LOOK,))
    assert msgspec.json.decode(msgspec.json.encode(whole), type=Evidence) == whole
    older = msgspec.to_builtins(evidence(servers=(SERVER,)))
    for name in ("exits", "looks"):
        del older[name]
    for name in ("signals_to_children", "variables", "awaited"):
        del older["servers"][0][name]
    assert msgspec.convert(older, Evidence) == evidence(servers=(SERVER,))


def test_a_kill_is_somebody_else_s_only_where_the_scenario_sent_none() -> None:
    """Of the program itself; a killed child kills nobody else."""
    assert SERVER.was_killed
    assert not msgspec.structs.replace(SERVER, signals=(9,)).was_killed
    child = SignalToChild(at_s=1.0, number=9, pid=7)
    assert msgspec.structs.replace(SERVER, signals_to_children=(child,)).was_killed


def test_a_server_says_whether_it_was_ready() -> None:
    """In the words of what was awaited."""
    ready = msgspec.structs.replace(SERVER, ready_s=0.5)
    assert [
        msgspec.structs.replace(one, awaited=awaited).readiness
        for one in (SERVER, ready)
        for awaited in ("answer", "connection", "log", None)
    ] == [
        "never answered",
        "never accepted a connection",
        "never printed the awaited line",
        "not waited for",
        "answered after 0.50 s",
        "accepted a connection after 0.50 s",
        "printed the awaited line after 0.50 s",
        "not waited for",
    ]
