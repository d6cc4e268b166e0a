"""Reading answers from bytes: however they were cut, torn or spelt, what is complete is found and nothing else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.answers import Asked, asked_in, reply
from harness.model.evidence import Heard, read_bytes
from harness.model.reader import Reader

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
CHUNKED = b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
TO_THE_END = b"HTTP/1.0 200 OK\r\n\r\nuntil the end"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SINGLES = {
    PLAIN: (200, b"done"),
    EMPTY: (204, b""),
    CHUNKED: (500, b"abcde"),
    CONTINUE + PLAIN: (200, b"done"),
}

Found = tuple[int, bytes]

streams = st.lists(st.sampled_from(list(SINGLES)), max_size=4)


def read(data: bytes, *, at_end: bool = False) -> tuple[tuple[Found, ...], bytes]:
    """Return status and body of each answer to GET, and what is left."""
    found = read_bytes("HTTP/1.1", data, b"", at_end=at_end)
    return tuple((answer.status, answer.body) for answer in found.answers), found.torn


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut the bytes at these places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(streams)
def test_pipelined_answers_come_back_in_order(stream: list[bytes]) -> None:
    """Each with its status and its body, nothing left over."""
    assert read(b"".join(stream)) == (tuple(SINGLES[one] for one in stream), b"")


@given(stream=streams, places=st.lists(st.integers(min_value=0), max_size=6))
def test_any_cut_gives_the_same(stream: list[bytes], places: list[int]) -> None:
    """How the network cuts the bytes is not the server's doing."""
    reader = Reader()
    found = [answer for part in cut(b"".join(stream), places) for answer in reader.feed(part)]
    assert [(answer.status, answer.body) for answer in found] == [SINGLES[one] for one in stream]
    assert reader.torn == b""


@given(stream=streams, last=st.sampled_from(list(SINGLES)), data=st.data())
def test_torn_answer_is_no_answer(stream: list[bytes], last: bytes, data: st.DataObject) -> None:
    """What lacks a byte stays in the rest, also when the server has closed."""
    kept = data.draw(st.integers(min_value=0, max_value=len(last) - 1))
    torn = last[:kept]
    for at_end in (False, True):
        answers, left = read(b"".join(stream) + torn, at_end=at_end)
        assert answers == tuple(SINGLES[one] for one in stream)
        assert left == torn


@given(st.binary(max_size=200))
def test_garbage_never_raises(data: bytes) -> None:
    """Bytes from a server are hostile; nothing is lost of them either."""
    for at_end in (False, True):
        answers, left = read(data, at_end=at_end)
        assert data.endswith(left)
        assert answers or left == data


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"\x00" * 50,
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_garbage_behind_an_answer_ends_the_list(garbage: bytes) -> None:
    """What came before it stands."""
    answers, left = read(PLAIN + garbage)
    assert answers == (SINGLES[PLAIN],)
    assert left == garbage


def test_endless_garbage_never_raises() -> None:
    """Also beyond what a parser keeps of a head."""
    data = b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000
    assert read(data) == ((), data)


def test_answer_without_a_length_ends_with_the_connection() -> None:
    """Before that it is not complete."""
    assert read(TO_THE_END) == ((), TO_THE_END)
    assert read(TO_THE_END, at_end=True) == (((200, b"until the end"),), b"")


def test_answer_that_closes_does_not_hide_the_next() -> None:
    """A server that says it closes and answers on is heard in full."""
    closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\ndone"
    answers, left = read(closing + PLAIN)
    assert len(answers) == 2
    assert left == b""


def test_switch_of_protocols_is_not_an_answer_to_a_get() -> None:
    """Nobody asked for it; the bytes behind it are not HTTP."""
    data = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n\x81\x00"
    answers, _ = read(data)
    assert all(status != 101 for status, _ in answers)


def test_switch_of_protocols_that_was_offered_is_an_answer() -> None:
    """What follows it is no HTTP, and nobody waits for more."""
    asked = asked_in(b"GET /ws HTTP/1.1\r\nHost: x\r\nupgrade: websocket\r\n\r\n")
    reader = Reader(asked)
    (answer,) = reader.feed(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n\x81\x00")
    assert (answer.status, reader.torn) == (101, b"\x81\x00")


@pytest.mark.parametrize(
    ("method", "head", "whole"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", True),
        ("HEAD", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", True),
        ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n", True),
        ("GET", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", True),
        ("GET", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", False),
        ("GET", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", False),
    ],
)
def test_whether_an_answer_has_a_body_is_known(method: str, head: bytes, whole: bool) -> None:  # noqa: FBT001
    """By what was asked and what was answered; the answer behind it is read as well."""
    reader = Reader([Asked(method=method)])
    assert [answer.body for answer in reader.feed(head)] == ([b""] if whole else [])
    assert [answer.body for answer in reader.feed(PLAIN if whole else b"")] == ([b"done"] if whole else [])


def test_headers_are_as_they_were_sent() -> None:
    """Order, repeats and letters."""
    (answer,) = Reader().feed(b"HTTP/1.1 204 No\r\nX-B: 1\r\nx-a: \xff\r\nX-b: 2\r\n\r\n")
    assert answer.headers == ((b"X-B", b"1"), (b"x-a", b"\xff"), (b"X-b", b"2"))
    assert answer.header(b"x-B") == answer.header("X-b") == (b"1", b"2")


@pytest.mark.parametrize(
    ("headers", "process"),
    [
        (b"X-Process: 4711\r\n", "4711"),
        (b"", ""),
        (b"x-process: 1\r\nx-process: 2\r\n", ""),
        (b"x-process: 1, 2\r\n", ""),
        (b"x-process: \xb2\r\n", ""),
    ],
)
def test_process_of_an_answer_is_one_number_or_unknown(headers: bytes, process: str) -> None:
    """Whatever else a server says there names no process."""
    (answer,) = read_bytes("HTTP/1.1", PLAIN.replace(b"content", headers + b"content"), b"", at_end=False).answers
    assert answer.process == process


def test_content_is_not_decoded() -> None:
    """A plain body under the name of gzip is the body that was sent."""
    (answer,) = Reader().feed(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nplain")
    assert answer.body == b"plain"


def test_bodies_that_differ_late_are_different() -> None:
    """Beyond what is shown of them, and beyond what is kept; and both are told apart where they are shown."""
    one, other = b"x" * 50 + b"a", b"x" * 50 + b"b"
    assert Heard.of((200, one)) == Heard.of((200, one))
    assert Heard.of((200, one)) != Heard.of((200, other))
    assert str(reply(200, one)) != str(reply(200, other))


def test_a_long_body_is_read_to_its_end_and_not_kept() -> None:
    """Its size and its digest are those of the whole."""
    body = bytes(range(256)) * 1000
    reader = Reader(most=100)
    data = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    (answer,) = [answer for part in cut(data, list(range(0, len(data), 999))) for answer in reader.feed(part)]
    assert (answer.body, answer.size) == (body[:100], len(body))
    assert answer.sha256 == reply(200, body).sha256


@given(st.binary(max_size=300))
def test_what_was_asked_is_read_from_any_bytes(sent: bytes) -> None:
    """Crafted requests are the rule here."""
    assert len(asked_in(sent)) <= sent.count(b"HTTP/1.")
    assert asked_in(b"HEAD / HTTP/1.1\r\n" + sent)[0].method == "HEAD"


def test_garbage_that_goes_on_is_kept_within_its_bound() -> None:
    """Nothing is read any more, and no memory is filled."""
    reader = Reader(most=100)
    for _ in range(50):
        assert reader.feed(b"\x00garbage\r\n" * 100) == ()
    assert reader.fault
    assert len(reader.torn) == 100
