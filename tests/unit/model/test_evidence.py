"""Evidence goes to disk and comes back unchanged, and says in a few words what it holds."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.evidence import NEVER_REACHED, Ended, Evidence, Exchange, Frame, Heard, ServerRecord, writable

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
TORN = f"{PLAIN[:40]!r}… ({len(PLAIN) - 1} bytes, sha256 {hashlib.sha256(PLAIN[:-1]).hexdigest()})"
ENDS = tuple(Ended)

frames = st.builds(
    Frame,
    at_s=st.floats(min_value=0, max_value=1e6),
    direction=st.sampled_from(("sent", "received")),
    data=st.binary(max_size=40),
    act=st.sampled_from(("", "half-close", "reset")),
)
texts = st.text(max_size=30)
exchanges = st.builds(
    Exchange,
    name=texts,
    server=texts,
    opened_s=st.just(0.0),
    ended_s=st.just(1.0),
    ended=st.sampled_from(ENDS),
    frames=st.lists(frames, max_size=4).map(tuple),
    protocol=st.sampled_from(("HTTP/1.1", "WebSocket", "HTTP/2")),
    address=texts,
)
facts = st.dictionaries(texts, st.one_of(st.booleans(), texts, st.integers(-(2**53), 2**53)), max_size=3)


def exchange(received: bytes, ended: str = "closed by client", name: str = "x") -> Exchange:
    """Return an exchange in which a request was sent and these bytes came back."""
    there = Frame(at_s=0.0, direction="sent", data=b"GET / HTTP/1.1\r\n\r\n")
    back = Frame(at_s=0.1, direction="received", data=received)
    return Exchange(name=name, server="s", opened_s=0.0, ended_s=1.0, ended=Ended(ended), frames=(there, back))


def server(log: str) -> ServerRecord:
    """Return the record of a server that printed this."""
    return ServerRecord(
        name="s",
        argv=("/environment/bin/uvicorn", "--port", "1"),
        port=1,
        started_s=0.0,
        ready_s=None,
        ended_s=1.0,
        exit_status=-9,
        stopped_by="SIGKILL",
        survivors=0,
        log=log,
    )


def evidence(*exchanges: Exchange, servers: tuple[ServerRecord, ...] = (), **more: Any) -> Evidence:  # noqa: ANN401
    """Return a trial with these exchanges."""
    given = {"cell": "c", "trial": 1, "scenario": "s", "variant": "v", "subject": "u", "version": "1"}
    given |= {"python": "3.12", "platform": "linux", "began_at": "2024-01-01T00:00:00.000+00:00", "duration_s": 1.0}
    return Evidence(**{**given, "exchanges": exchanges, "servers": servers, **more})


def again(value: Evidence) -> Evidence:
    """Return what is read back from the text that is written."""
    return msgspec.json.decode(msgspec.json.format(msgspec.json.encode(value), indent=1), type=Evidence)


@given(exchanges=st.lists(exchanges, max_size=3), facts=facts, log=texts)
def test_evidence_comes_back_unchanged(exchanges: list[Exchange], facts: dict[str, object], log: str) -> None:
    """Bytes that are no text, times and facts included."""
    value = evidence(*exchanges, servers=(server(log),), facts=facts)
    assert again(value) == value
    assert [one.heard for one in again(value).exchanges] == [one.heard for one in exchanges]


def test_bytes_that_are_not_text_come_back() -> None:
    """Every byte there is."""
    value = evidence(exchange(bytes(range(256))))
    assert again(value).exchanges[0].bytes("received") == bytes(range(256))


@pytest.mark.parametrize(
    ("received", "ended", "brief"),
    [
        (PLAIN, "closed by client", "200 b'done'"),
        (PLAIN * 2, "closed by client", "200 b'done', 200 b'done'"),
        (PLAIN * 2, "closed by server", "200 b'done', 200 b'done', then closed by server"),
        (PLAIN, "deadline", "200 b'done', then deadline"),
        (PLAIN[:-1], "reset by server", f"torn {TORN}, then reset by server"),
        (b"", "refused", "then refused"),
        (b"", "closed by client", "nothing"),
        (b"HTTP/1.0 200 OK\r\n\r\nall", "closed by server", "200 b'all'"),
        (
            b"HTTP/1.0 200 OK\r\n\r\nall",
            "reset by server",
            "torn b'HTTP/1.0 200 OK\\r\\n\\r\\nall', then reset by server",
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\x1b\xff", "closed by client", "200 b'\\x1b\\xff'"),
    ],
)
def test_what_came_back_is_said_shortly(received: bytes, ended: str, brief: str) -> None:
    """Hostile bytes are shown as escapes."""
    assert str(exchange(received, ended).heard) == brief


def test_long_body_is_shown_shortly() -> None:
    """A page of HTML does not fill a table."""
    long = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b"a" * 5000
    assert len(str(exchange(long).heard)) < 200


def test_the_only_answer_is_one_and_nothing_else() -> None:
    """Neither a second one, nor a torn one behind it, nor an end that was not asked for."""
    only = exchange(PLAIN).only
    assert only
    assert only.body == b"done"
    assert exchange(PLAIN * 2).only is None
    assert exchange(PLAIN + PLAIN[:5]).only is None
    assert exchange(PLAIN, "deadline").only is None


@pytest.mark.parametrize("text", ["\udcff", "caf\udce9 \ud800"])
def test_what_is_not_unicode_can_be_written(text: str) -> None:
    """A name of the file system's may have lone surrogates, which JSON has not."""
    assert msgspec.json.decode(msgspec.json.encode(writable(text))).startswith(writable(text))


def test_what_was_sent_is_not_taken_for_an_answer() -> None:
    """Only what the server said counts."""
    sent = Frame(at_s=0.0, direction="sent", data=PLAIN)
    value = msgspec.structs.replace(exchange(b""), frames=(sent,))
    assert value.answers == ()


def test_last_exchange_of_a_name_is_heard() -> None:
    """A name that was used again means the later one; all of them are at hand."""
    both = exchange(PLAIN), exchange(b"", "deadline")
    value = evidence(*both)
    assert value.heard("x") == Heard.of(then=Ended.DEADLINE)
    assert value.all_exchanges("x") == both
    assert value.heard("y") is NEVER_REACHED
    assert value.exchange("y") is None


def test_answers_of_a_name_are_whole_and_in_order() -> None:
    """Of every exchange of the name, of no other one, and none that is torn."""
    second = PLAIN.replace(b"done", b"more")
    value = evidence(exchange(PLAIN * 2), exchange(PLAIN[:-1]), exchange(PLAIN, name="other"), exchange(second))
    assert [answer.body for answer in value.answers("x")] == [b"done", b"done", b"more"]


def test_line_with_all_needles() -> None:
    """They must stand in one line, not anywhere in the log."""
    record = server("first: alpha\n  second: beta alpha  \nthird: beta")
    assert record.line_with("alpha") == "first: alpha"
    assert record.line_with("alpha", "beta") == "second: beta alpha"
    assert record.line_with("first", "third") is None
    assert server("").line_with("x") is None


def test_server_is_found_by_name() -> None:
    """One that was never started is None, not another."""
    value = evidence(servers=(server("log"),))
    assert value.server("s") == server("log")
    assert value.server("other") is None
