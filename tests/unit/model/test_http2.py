"""Reading HTTP/2 from bytes: the same streams however the bytes were cut, within bounds whatever a server sends."""

from __future__ import annotations

import itertools

import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
)
from hypothesis import given
from hypothesis import strategies as st

from harness.model import http2
from harness.model.answers import reply
from harness.model.evidence import Ended, Exchange, Heard
from harness.model.evidence import Frame as Piece
from harness.model.http2 import Http2Reader, read
from harness.model.messages import KEPT, Stream


def block(*headers: tuple[str, str]) -> bytes:
    """Return headers as HPACK has them, by an encoder of their own: each block stands for itself."""
    data: bytes = Encoder().encode(headers)
    return data


def head(stream: int, status: str = "200", *flags: str, more: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Return the frame that an answer begins with."""
    return HeadersFrame(stream, data=block((":status", status), *more), flags=["END_HEADERS", *flags]).serialize()


def data(stream: int, content: bytes, *flags: str) -> bytes:
    """Return a frame of a body."""
    return DataFrame(stream, content, flags=flags).serialize()


def reset(stream: int, code: int = 8) -> bytes:
    """Return a frame that resets a stream."""
    return RstStreamFrame(stream, error_code=code).serialize()


def goaway(code: int = 1) -> bytes:
    """Return a frame that announces the end."""
    return GoAwayFrame(0, last_stream_id=1, error_code=code, additional_data=b"why").serialize()


def heard(received: bytes, ended: Ended = Ended.BY_CLIENT) -> Heard:
    """Return what is heard of an exchange in which these bytes came back."""
    back = Piece(at_s=0.1, direction="received", data=received)
    return Exchange(name="x", server="s", opened_s=0, ended_s=1, ended=ended, frames=(back,), protocol="HTTP/2").heard


SETTINGS = SettingsFrame(0).serialize()


@pytest.mark.parametrize(
    ("received", "text"),
    [
        (SETTINGS, "nothing"),
        (head(1) + data(1, b"do") + data(1, b"ne", "END_STREAM"), "stream 1: 200 b'done'"),
        (head(1, "404", "END_STREAM"), "stream 1: 404 b''"),
        (head(1) + head(3, "204", "END_STREAM") + data(1, b"x", "END_STREAM"), "stream 3: 204 b'', stream 1: 200 b'x'"),
        (reset(3), "stream 3: reset CANCEL"),
        (reset(3, 99), "stream 3: reset 99"),
        (head(1) + data(1, b"x") + reset(1, 2), "stream 1: unfinished 200 b'x', reset INTERNAL_ERROR"),
        (head(1, "200", "END_STREAM") + reset(1, 0), "stream 1: 200 b'', reset NO_ERROR"),
        (head(1) + data(1, b"x"), "stream 1: unfinished 200 b'x'"),
        (head(1, "100") + head(1, "200", "END_STREAM"), "stream 1: 200 b''"),
        (head(1, "103"), "stream 1: unfinished"),
        (head(1) + data(1, b"x") + head(1, "0", "END_STREAM"), "stream 1: 200 b'x'"),  # trailers
        (
            head(1, "200", "END_STREAM") + goaway(0) + goaway(),
            "stream 1: 200 b'', goaway NO_ERROR, goaway PROTOCOL_ERROR",
        ),
        (head(1, "200", "END_STREAM") + SETTINGS[:5], f"stream 1: 200 b'', torn {SETTINGS[:5]!r}"),
        (HeadersFrame(1, data=b"").serialize(), "stream 1: unfinished"),
        (b"\x00\x00\x01\x42\x00\x00\x00\x00\x01?" + PingFrame(0, b"8" * 8).serialize(), "nothing"),  # nobody knows it
    ],
)
def test_what_came_is_said_shortly(received: bytes, text: str) -> None:
    """Streams in the order of their ends; then those that have none."""
    assert str(heard(received)) == text


def test_an_end_of_the_connection_is_said() -> None:
    """It completes no answer: HTTP/2 has another way to say the end."""
    assert heard(head(1) + data(1, b"x"), Ended.BY_SERVER) == Heard.of(
        streams=(Stream(number=1, reply=reply(200, b"x"), unfinished=True),), then=Ended.BY_SERVER
    )


def test_headers_are_as_they_were_sent() -> None:
    """Order, repeats and bytes that are no text; in several frames; and the table that blocks share."""
    encoder = Encoder()
    headers = [(b":status", b"200"), (b"x-b", b"1"), (b"x-a", b"\xff"), (b"x-b", b"2")]
    first, second = encoder.encode(headers), encoder.encode(headers)
    received = HeadersFrame(1, data=first[:3], flags=["END_STREAM"]).serialize()
    received += ContinuationFrame(1, data=first[3:9]).serialize()
    received += ContinuationFrame(1, data=first[9:], flags=["END_HEADERS"]).serialize()
    received += HeadersFrame(3, data=second, flags=["END_HEADERS", "END_STREAM"]).serialize()
    answers = read(received).answers
    assert len(second) < len(first)
    assert [answer.headers for answer in answers] == [tuple(headers[1:])] * 2
    assert answers[0].header("X-B") == (b"1", b"2")


@given(
    frames=st.lists(
        st.one_of(
            st.builds(head, st.sampled_from((1, 3, 5)), st.sampled_from(("200", "100", "404"))),
            st.builds(data, st.sampled_from((1, 3, 5)), st.binary(max_size=20)),
            st.builds(lambda n: data(n, b"", "END_STREAM"), st.sampled_from((1, 3, 5))),
            st.builds(reset, st.sampled_from((1, 3, 5)), st.integers(0, 20)),
            st.builds(goaway, st.integers(0, 20)),
            st.just(SETTINGS),
            st.binary(max_size=12),
        ),
        max_size=8,
    ),
    places=st.lists(st.integers(min_value=0), max_size=6),
)
def test_any_cut_gives_the_same(frames: list[bytes], places: list[int]) -> None:
    """Also where the server breaks the protocol on the way; nothing raises, and nothing is lost of what is no frame."""
    whole = b"".join(frames)
    edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    reader = Http2Reader()
    ended = [one for start, end in itertools.pairwise(edges) for one in reader.feed(whole[start:end])]
    assert reader.reading() == read(whole)
    assert whole.endswith(reader.reading().torn)
    assert len([answer for _, answer in ended if answer]) == len(reader.reading().answers)
    assert str(heard(whole))


@given(st.binary(max_size=200))
def test_no_bytes_raise(content: bytes) -> None:
    """Neither as frames, nor as a block of headers."""
    assert read(content) == read(content)
    read(HeadersFrame(1, data=content, flags=["END_HEADERS", "END_STREAM"]).serialize())


@pytest.mark.parametrize(
    "breach",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\x40\x01" + bytes(6),  # a frame larger than the client allows
        b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x",  # a body on stream 0
        data(1, b"x"),
        head(1, "0"),
        HeadersFrame(1, data=block(("x", "1")), flags=["END_HEADERS"]).serialize(),
        HeadersFrame(1, data=b"\xff\xff", flags=["END_HEADERS"]).serialize(),
        ContinuationFrame(1, data=b"x", flags=["END_HEADERS"]).serialize(),
        head(7, "200", "END_STREAM") + data(7, b"x"),
    ],
)
def test_a_breach_ends_the_reading(breach: bytes) -> None:
    """What came before it stands, and nothing after it is read."""
    reader = Http2Reader()
    ended = reader.feed(head(5, "200", "END_STREAM") + breach + head(9, "200", "END_STREAM"))
    assert reader.fault
    assert 9 not in dict(ended)
    assert reader.feed(head(11, "200", "END_STREAM")) == ()
    assert str(heard(head(5, "200", "END_STREAM") + breach)).startswith("stream 5: 200 b''")


def test_an_interrupted_block_is_a_breach() -> None:
    """By a frame of another stream, or of another kind."""
    for between in (SETTINGS, ContinuationFrame(3, data=b"").serialize(), data(1, b"x")):
        reader = Http2Reader()
        reader.feed(HeadersFrame(1, data=b"").serialize() + between)
        assert reader.fault
        assert "interrupted" in reader.fault


def test_a_pushed_request_is_read_over() -> None:
    """The table of headers goes on behind it; the answer to it stands on its own stream."""
    encoder = Encoder()
    pushed = PushPromiseFrame(
        1, promised_stream_id=2, data=encoder.encode([("x-long", "y" * 50)]), flags=["END_HEADERS"]
    )
    answer = HeadersFrame(
        2, data=encoder.encode([(":status", "200"), ("x-long", "y" * 50)]), flags=["END_HEADERS", "END_STREAM"]
    )
    (read_again,) = read(pushed.serialize() + answer.serialize()).answers
    assert read_again.header("x-long") == (b"y" * 50,)


def test_a_block_without_end_is_a_breach() -> None:
    """Within little memory."""
    reader = Http2Reader()
    reader.feed(HeadersFrame(1, data=b"").serialize())
    for _ in range(100):
        reader.feed(ContinuationFrame(1, data=b"x" * 10_000).serialize())
    assert reader.fault
    assert "a block of headers of more than" in reader.fault


def test_a_block_that_grows_is_a_breach() -> None:
    """A few bytes that stand for many: a header in the table, repeated."""
    encoder = Encoder()
    large = encoder.encode([(":status", "200"), ("x", "y" * 3000)])
    again = encoder.encode([("x", "y" * 3000)])
    assert len(again) == 1
    reader = Http2Reader()
    reader.feed(HeadersFrame(1, data=large + again * 10_000, flags=["END_HEADERS"]).serialize())
    assert reader.fault


def test_bodies_are_kept_within_one_bound() -> None:
    """That of all open streams together; sizes and digests are those of the whole."""
    reader = Http2Reader(most=100)
    for number in (1, 3, 5):
        reader.feed(head(number))
    for _ in range(10):
        for number in (1, 3, 5):
            reader.feed(data(number, b"x" * 60))
    assert reader._kept == 100
    answers = [answer for number in (1, 3, 5) for _, answer in reader.feed(data(number, b"", "END_STREAM"))]
    assert [answer and answer.size for answer in answers] == [600] * 3
    assert reader._kept == 0
    assert [stream.reply and stream.reply.sha256 for stream in reader.reading().streams] == [
        reply(200, b"x" * 600).sha256
    ] * 3


def test_a_flood_of_streams_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones are kept; many more are a breach."""
    flood = b"".join(head(number, "200", "END_STREAM") for number in range(1, 2 * KEPT + 15, 2))
    found = heard(flood + reset(2 * KEPT + 9))
    assert (len(found.streams), found.more) == (KEPT, 7)
    monkeypatch.setattr(http2, "_STREAMS", 10)
    reader = Http2Reader()
    assert len(reader.feed(flood)) == 10
    assert reader.fault


def test_what_goes_on_lacks_the_announcements_of_the_end() -> None:
    """h2 is handed it, and would take nothing more after such an announcement."""
    reader = Http2Reader()
    reader.feed(SETTINGS + goaway() + head(1, "200", "END_STREAM") + SETTINGS[:4])
    assert reader.going_on == SETTINGS + head(1, "200", "END_STREAM")
    reader.feed(SETTINGS[4:])
    assert reader.going_on == SETTINGS
