"""Reading answers from bytes: however they were cut, torn or spelt, what is complete is found and nothing else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.evidence import Answer, read_answers

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
CHUNKED = b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
TO_THE_END = b"HTTP/1.0 200 OK\r\n\r\nuntil the end"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SINGLES = {
    PLAIN: Answer(status=200, body=b"done"),
    EMPTY: Answer(status=204, body=b""),
    CHUNKED: Answer(status=500, body=b"abcde"),
    CONTINUE + PLAIN: Answer(status=200, body=b"done"),
}

streams = st.lists(st.sampled_from(list(SINGLES)), max_size=4)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut the bytes at these places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(streams)
def test_pipelined_answers_come_back_in_order(stream: list[bytes]) -> None:
    """Each with its status and its body, nothing left over."""
    assert read_answers(b"".join(stream)) == (tuple(SINGLES[one] for one in stream), b"")


@given(stream=streams, places=st.lists(st.integers(min_value=0), max_size=6))
def test_any_cut_gives_the_same(stream: list[bytes], places: list[int]) -> None:
    """How the network cuts the bytes is not the server's doing."""
    found: list[Answer] = []
    left = b""
    for part in cut(b"".join(stream), places):
        answers, left = read_answers(left + part)
        found += answers
    assert tuple(found) == tuple(SINGLES[one] for one in stream)
    assert left == b""


@given(stream=streams, last=st.sampled_from(list(SINGLES)), data=st.data())
def test_torn_answer_is_no_answer(stream: list[bytes], last: bytes, data: st.DataObject) -> None:
    """What lacks a byte stays in the rest, also when the server has closed."""
    kept = data.draw(st.integers(min_value=0, max_value=len(last) - 1))
    torn = last[:kept]
    for at_end in (False, True):
        answers, left = read_answers(b"".join(stream) + torn, at_end=at_end)
        assert answers == tuple(SINGLES[one] for one in stream)
        assert left == torn


@given(st.binary(max_size=200))
def test_garbage_never_raises(data: bytes) -> None:
    """Bytes from a server are hostile; nothing is lost of them either."""
    for at_end in (False, True):
        answers, left = read_answers(data, at_end=at_end)
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
    answers, left = read_answers(PLAIN + garbage)
    assert answers == (SINGLES[PLAIN],)
    assert left == garbage


def test_endless_garbage_never_raises() -> None:
    """Also beyond what a parser keeps of a head."""
    data = b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000
    assert read_answers(data) == ((), data)


def test_answer_without_a_length_ends_with_the_connection() -> None:
    """Before that it is not complete."""
    assert read_answers(TO_THE_END) == ((), TO_THE_END)
    assert read_answers(TO_THE_END, at_end=True) == ((Answer(status=200, body=b"until the end"),), b"")


def test_answer_that_closes_does_not_hide_the_next() -> None:
    """A server that says it closes and answers on is heard in full."""
    closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\ndone"
    answers, left = read_answers(closing + PLAIN)
    assert len(answers) == 2
    assert left == b""


def test_switch_of_protocols_is_not_an_answer_to_a_get() -> None:
    """Nobody asked for it; the bytes behind it are not HTTP."""
    data = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n\x81\x00"
    answers, _ = read_answers(data)
    assert all(answer.status != 101 for answer in answers)
