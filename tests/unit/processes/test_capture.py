"""What a program prints: both ends of both parts are kept, whatever comes, and the cut is where it was made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.processes.capture import Capture


@given(parts=st.lists(st.binary(max_size=30), max_size=12), limit=st.integers(min_value=1, max_value=40))
def test_capture_keeps_both_ends_and_counts_the_rest(parts: list[bytes], limit: int) -> None:
    """Nothing is lost below the bound; above it the beginning and the end are there, and it is said."""
    capture = Capture(limit)
    for part in parts:
        capture.add(part)
    whole = b"".join(parts)
    text, dropped = capture.text, capture.dropped
    assert dropped == max(0, len(whole) - 2 * limit)
    if not dropped:
        assert text == whole.decode(errors="backslashreplace")
    else:
        gap = f"\n… {dropped} bytes left out …\n".encode()
        assert text == (whole[:limit] + gap + whole[len(whole) - limit :]).decode(errors="backslashreplace")


def test_capture_does_not_grow() -> None:
    """A server that prints for ever does not fill the memory, before it is asked to stop or after."""
    capture = Capture(1000)
    for _ in range(2):
        for _ in range(1000):
            capture.add(b"x" * 1000)
        capture.split()
    parts = (capture._before, capture._after)
    assert all(len(part._head) + len(part._tail) <= 4000 for part in parts)
    assert len(capture.text) < 5000
    assert capture.dropped == 2 * 998_000


def test_reading_twice_says_the_same() -> None:
    """Reading takes nothing away."""
    capture = Capture(3)
    capture.add(b"0123456789")
    assert capture.text == capture.text
    capture.add(b"ab")
    assert capture.text.endswith("9ab")


@given(before=st.binary(max_size=50), after=st.binary(max_size=50))
def test_the_cut_is_where_it_was_made(before: bytes, after: bytes) -> None:
    """A flood after it pushes nothing of what came before out."""
    capture = Capture(100)
    capture.add(before)
    capture.split()
    capture.add(after)
    capture.add(b"f" * 10_000)
    assert capture.before == before.decode(errors="backslashreplace")
    assert capture.after.startswith(after.decode(errors="backslashreplace")[:1])


@pytest.mark.parametrize("patience_s", [0.0, 0.01])
def test_waiting_for_more_ends(patience_s: float) -> None:
    """With what there is by then."""
    capture = Capture()
    capture.add(b"abc")
    assert capture.wait(3, patience_s) == 3
    assert capture.wait(0, 10.0) == 3
