"""What was heard is said one-to-one: checks that an author declares compare this text."""

from __future__ import annotations

import itertools
import json

from hypothesis import example, given
from hypothesis import strategies as st

from harness.model.answers import SHOWN, Reply, reply
from harness.model.evidence import NEVER_REACHED, Ended, Heard
from harness.model.messages import Message, Stream

IMITATIONS = (
    b"done', 200 b'done",
    b"', then closed by server",
    b"a'\xe2\x80\xa6 (5 bytes, sha256 0",
    b'"',
    b"\\",
    b"\\'",
    b"'\"",
    b"\n",
    b"\xff",
    b"text 'a'",
    b"x" * SHOWN,
    b"x" * (SHOWN + 1),
    b"x" * SHOWN + b"y",
    "\u20ac".encode() * 14,  # is cut within a character
)
ERRORS = ("NO_ERROR", "PROTOCOL_ERROR", "CANCEL", "4294967295")

bodies = st.one_of(st.binary(max_size=3), st.sampled_from(IMITATIONS))
statuses = st.sampled_from((101, 200, 2, 20))
replies = st.builds(reply, statuses, bodies)
codes = st.sampled_from((1000, 1005, 10))
messages = st.one_of(
    st.builds(Message.of, st.sampled_from(("text", "binary", "ping", "pong")), bodies),
    st.builds(lambda data, code: Message.of("close", data, code=code), bodies, codes),
    st.builds(lambda data, first: Message.of("frame", data, first=first), bodies, st.sampled_from((0, 16, 0xC1))),
)
streams = st.builds(
    Stream,
    number=st.sampled_from((1, 11, 2)),
    reply=st.one_of(st.none(), replies),
    unfinished=st.booleans(),
    reset=st.sampled_from(("", *ERRORS)),
)
values = st.builds(
    Heard,
    replies=st.lists(replies, max_size=2).map(tuple),
    torn=st.one_of(st.just(b""), bodies),
    then=st.one_of(st.none(), st.sampled_from(tuple(Ended))),
    reached=st.sampled_from((True, True, False)),
    messages=st.lists(messages, max_size=2).map(tuple),
    streams=st.lists(streams, max_size=2).map(tuple),
    goaways=st.lists(st.sampled_from(ERRORS), max_size=2).map(tuple),
    more=st.sampled_from((0, 1, 11)),
)


@given(one=values, other=values)
@example(one=Heard.of((200, b"a"), (200, b"b")), other=Heard.of((200, b"a', 200 b'b")))
@example(one=Heard.of((200, b"")), other=Heard.of((200, b""), then=Ended.BY_SERVER))
@example(one=Heard.of((200, b"x" * 41)), other=Heard.of((200, b"x" * 40 + b"y")))
@example(one=Heard(torn=b"abc"), other=Heard(torn=b"abd"))
@example(one=Heard(), other=NEVER_REACHED)
@example(one=Heard(streams=(Stream(number=1),)), other=Heard(streams=(Stream(number=1, unfinished=True),)))
def test_different_values_say_different_things(one: Heard, other: Heard) -> None:
    """And equal ones the same."""
    assert (str(one) == str(other)) == (one == other)


def test_no_body_imitates_another_part() -> None:
    """Of all values that few parts make, with bodies that write quotes, commas and the words of other parts."""
    told = [reply(200, body) for body in IMITATIONS]
    heard = (
        *told,
        *(Message.of(kind, body) for kind in ("text", "ping") for body in IMITATIONS[:6]),
        *(Stream(number=1, reply=one) for one in told[:4]),
        Stream(number=1, reset="CANCEL"),
    )
    parts = [(), *((one,) for one in heard), *itertools.product(heard, repeat=2)]
    made = {_heard(*one) for one in itertools.product(parts, (b"", *IMITATIONS[:5]), (None, Ended.BY_SERVER))}
    assert len(made) > 5000
    assert len({str(value) for value in made}) == len(made)


def _heard(parts: tuple[object, ...], torn: bytes, then: Ended | None) -> Heard:
    """Return the value with these parts, each where its kind belongs."""
    return Heard(
        replies=tuple(one for one in parts if isinstance(one, Reply)),
        messages=tuple(one for one in parts if isinstance(one, Message)),
        streams=tuple(one for one in parts if isinstance(one, Stream)),
        torn=torn,
        then=then,
    )


@given(one=st.builds(reply, statuses, st.binary(max_size=60)), other=st.builds(reply, statuses, st.binary(max_size=60)))
def test_no_two_bodies_look_the_same(one: object, other: object) -> None:
    """Nor a body of one status like that of another."""
    assert (str(one) == str(other)) == (one == other)


def test_a_heard_is_one_line() -> None:
    """Whatever a server sent."""
    hostile = bytes(range(256))
    told = str(
        Heard.of((200, hostile[:40]), messages=(Message.of("text", "\r\n\x1b\u2028\x85"), Message.of("ping", b"\n")))
    )
    assert len(told.splitlines()) == 1
    assert json.dumps(told)
