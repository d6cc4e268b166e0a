"""The record of an exchange holds what crossed the wire, within its bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.client import recorder

if TYPE_CHECKING:
    import pytest

    from harness.client.recorder import ExchangeRecorder


def test_record_is_bounded(record: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends for ever does not fill the memory or the disk."""
    monkeypatch.setattr(recorder, "KEPT_OF_EXCHANGE", 10)
    for _ in range(5):
        record.add("received", b"abcd")
    assert record.exchange().bytes("received") == b"abcdabcdab"
    assert record.exchange().cut == 10


def test_a_flood_of_small_pieces_is_recorded_in_few(record: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame costs more memory than a byte."""
    monkeypatch.setattr(recorder, "_FRAMES", 10)
    for _ in range(1000):
        record.add("received", b"x")
    exchange = record.exchange()
    assert len(exchange.frames) == 10
    assert exchange.bytes("received") == b"x" * 1000


def test_an_act_of_the_client_stands_by_itself(record: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes behind it are a frame of their own, also in a flood."""
    monkeypatch.setattr(recorder, "_FRAMES", 1)
    record.add("sent", b"a")
    record.add("sent", b"b")
    record.add_act("half-close")
    record.add("sent", b"c")
    found = [(frame.act, frame.data) for frame in record.exchange().frames]
    assert found == [("", b"ab"), ("half-close", b""), ("", b"c")]
