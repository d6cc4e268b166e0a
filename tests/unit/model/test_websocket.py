"""Reading a WebSocket from bytes: the same messages however the bytes were cut, and nothing lost of what is none."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol, Opcode

from harness.model.evidence import Ended, Exchange, Frame, Heard
from harness.model.messages import KEPT, Message
from harness.model.websocket import WebSocketReader, read

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"
PLAIN = Heard.of((101, b""))

said = st.one_of(
    st.tuples(st.just("text"), st.text(max_size=60).map(str.encode)),
    st.tuples(st.just("binary"), st.binary(max_size=60)),
    st.tuples(st.sampled_from(("ping", "pong")), st.binary(max_size=60)),
)


def frame(first: int, data: bytes = b"") -> bytes:
    """Return a short frame of a server."""
    return bytes((first, len(data))) + data


def heard(received: bytes, ended: Ended = Ended.BY_CLIENT) -> Heard:
    """Return what is heard of an exchange in which these bytes came back."""
    back = Frame(at_s=0.1, direction="received", data=received)
    exchange = Exchange(name="x", server="s", opened_s=0, ended_s=1, ended=ended, frames=(back,), protocol="WebSocket")
    return exchange.heard


def spelled(kind: str, data: bytes) -> bytes:
    """Return the frame of a message, as wsproto's server writes it."""
    protocol = FrameProtocol(client=False, extensions=[])
    match kind:
        case "ping":
            return bytes(protocol.ping(data))
        case "pong":
            return bytes(protocol.pong(data))
        case "text":
            return bytes(protocol.send_data(data.decode(), fin=True))
    return bytes(protocol.send_data(data, fin=True))


@given(sent=st.lists(said, max_size=6), data=st.data())
def test_any_cut_gives_the_same_messages(sent: list[tuple[str, bytes]], data: st.DataObject) -> None:
    """Also where the handshake and the first frame come in one piece."""
    whole = SWITCHED + b"".join(spelled(*one) for one in sent)
    edges = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    reader = WebSocketReader()
    found: list[Message] = []
    for start, end in zip([0, *edges], [*edges, len(whole)], strict=True):
        found += reader.feed(whole[start:end])
    assert [(one.kind, one.data) for one in found] == sent
    assert reader.reading() == read(whole, at_end=False)
    assert (reader.reading().torn, reader.fault) == (b"", None)


@given(text=st.text(max_size=300), sizes=st.lists(st.integers(0, 50), max_size=8), pings=st.booleans())
def test_fragments_are_one_message(text: str, sizes: list[int], pings: bool) -> None:  # noqa: FBT001
    """However they cut the characters, and with control frames between them."""
    left, frames, opcode = text.encode(), b"", Opcode.TEXT
    for size in sizes:
        frames += frame(opcode, left[:size]) + (frame(0x89) if pings else b"")
        left, opcode = left[size:], Opcode.CONTINUATION
    while len(left) > 125:
        frames += frame(opcode, left[:125])
        left, opcode = left[125:], Opcode.CONTINUATION
    frames += frame(0x80 | opcode, left)
    reader = WebSocketReader()
    *others, last = reader.feed(SWITCHED + frames)
    assert (last.kind, last.data, last.text) == ("text", text.encode(), text)
    assert [one.kind for one in others] == ["ping"] * (len(sizes) if pings else 0)


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        (frame(0x81, b"a"), "101, text 'a'"),
        (frame(0x81, "é\n'".encode()), '101, text "é\\n\'"'),
        (frame(0x81, b"\xff"), "101, text b'\\xff'"),
        (frame(0x82, b"a") + frame(0x89) + frame(0x8A, b"p"), "101, binary b'a', ping b'', pong b'p'"),
        (frame(0x88, b"\x03\xe8bye"), "101, close 1000 'bye'"),
        (frame(0x88), "101, close 1005 ''"),
        (frame(0x88, b"\x03"), "101, frame 0x88 b'\\x03'"),
        (frame(0xC1, b"packed"), "101, frame 0xc1 b'packed'"),
        (frame(0x80, b"x"), "101, frame 0x80 b'x'"),
        (frame(0x01, b"a") + frame(0x81, b"b") + frame(0x80, b"c"), "101, frame 0x81 b'b', text 'ac'"),
        (frame(0x41, b"a") + frame(0x80, b"b"), "101, frame 0x41 b'a', frame 0x80 b'b'"),
        (frame(0x01, b"a"), "101, unfinished text 'a'"),
        (frame(0x01, b"a") + b"\x80\x05b", "101, unfinished text 'ab', torn b'\\x80\\x05b'"),
        (frame(0x81, b"a") + b"\x81\x05ab", "101, text 'a', torn b'\\x81\\x05ab'"),
        (b"\x82\x7f" + struct.pack("!Q", 2**63 - 1) + b"x", "101, torn b'\\x82\\x7f\\x7f" + "\\xff" * 7 + "x'"),
    ],
)
def test_what_came_is_said_shortly(frames: bytes, text: str) -> None:
    """Whatever makes no message stands there as it came."""
    assert str(heard(SWITCHED + frames)) == text


@pytest.mark.parametrize(
    "breach",
    [
        b"\x82\x7f" + struct.pack("!Q", 2**63) + b"x",  # a size of more than 63 bits
        b"\x83\x00",  # an opcode that nobody has defined
        b"\x81\x81keyxx",  # a server does not mask
        b"\x09\x00",  # a ping in fragments
        b"\x89\x7e\x00\x80" + b"x" * 128,  # a ping of more than 125 bytes
        b"\x81\x7e\x00\x01x",  # a size that takes more bytes than it needs
        b"HTTP/1.1 500 no\r\n\r\n",
    ],
)
def test_a_breach_ends_the_reading(breach: bytes) -> None:
    """What came before it stands, and nothing after it is read."""
    reader = WebSocketReader()
    found = [*reader.feed(SWITCHED + frame(0x81, b"a") + breach), *reader.feed(frame(0x81, b"b"))]
    assert [one.data for one in found] == [b"a"]
    assert reader.fault
    assert reader.reading().torn == breach + frame(0x81, b"b")


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    """A server may send anything, before the handshake and after it."""
    for received in (data, SWITCHED + data, SWITCHED[:-1] + data):
        assert read(received, at_end=True) == read(received, at_end=True)
        for ended in Ended:
            assert str(heard(received, ended))


def test_a_refusal_is_an_answer_with_its_whole_body() -> None:
    """By its length, or by the end of the connection, as any other answer; what it is not is torn."""
    refused = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno"
    assert heard(refused) == Heard.of((403, b"no"))
    assert heard(refused, Ended.BY_SERVER) == Heard.of((403, b"no"), then=Ended.BY_SERVER)
    assert heard(b"HTTP/1.0 500 no\r\n\r\nall of it", Ended.BY_SERVER) == Heard.of((500, b"all of it"))
    assert heard(refused[:-1], Ended.RESET) == Heard(torn=refused[:-1], then=Ended.RESET)


def test_a_message_is_expected_by_its_whole_content() -> None:
    """Also by the bytes that are not shown; a text is not bytes."""
    long = "x" * 100
    sent = SWITCHED + frame(0x81, long.encode()) + frame(0x88, b"\x0b\xb8" + b"r" * 60)
    expected = (Message.of("text", long), Message.of("close", "r" * 60, code=3000))
    assert heard(sent) == Heard.of((101, b""), messages=expected)
    assert heard(sent) != Heard.of((101, b""), messages=(Message.of("text", long[:-1] + "y"), expected[1]))
    assert heard(SWITCHED + frame(0x81, b"a")) != Heard.of((101, b""), messages=(Message.of("binary", "a"),))
    assert heard(SWITCHED + frame(0x88)) == Heard.of((101, b""), messages=(Message.of("close"),))


def test_a_flood_of_messages_is_counted() -> None:
    """The first ones are kept."""
    found = heard(SWITCHED + frame(0x89) * (KEPT + 7))
    assert (len(found.messages), found.more) == (KEPT, 7)
    assert str(found).endswith("ping b'', and 7 more")


def test_a_long_message_is_kept_within_its_bound() -> None:
    """In fragments without end; its size and its digest are those of all its bytes."""
    reader = WebSocketReader(most=100)
    reader.feed(SWITCHED + frame(0x02, b"x" * 100))
    for _ in range(50):
        assert reader.feed(frame(0x00, b"x" * 100)) == ()
        assert reader.feed(b"") == ()
    (begun,) = reader.reading().messages
    assert (begun.unfinished, begun.size) == (True, 5100)
    (message,) = reader.feed(frame(0x80, b"y"))
    assert (message.data, message.size) == (b"x" * 100, 5101)
    assert message.sha256 == Message.of("binary", b"x" * 5100 + b"y").sha256


def test_a_frame_without_end_is_kept_within_its_bound() -> None:
    """It claims more than any memory has."""
    reader = WebSocketReader(most=100)
    assert reader.feed(SWITCHED + b"\x82\x7f" + struct.pack("!Q", 2**63 - 1)) == ()
    for _ in range(50):
        assert reader.feed(b"x" * 1000) == ()
    assert len(reader.reading().torn) == 100
    assert len(reader._decoder.buffer) == 0
