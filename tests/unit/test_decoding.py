"""Types that many threads meet for the first time together."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.decoding import decode

MEETING = """
import sys, threading
import msgspec
{how}
sys.setswitchinterval(1e-6)
for _ in range(2000):
    inner = msgspec.defstruct("Inner", [("a", str), ("b", int | None), ("c", tuple[str, ...])])
    outer = msgspec.defstruct("Outer", [("x", inner), ("y", list[inner])])
    together = threading.Barrier(4)
    def meet():
        together.wait()
        found.append(decode(b'{{"x": {{"a": "1", "b": 2, "c": ["q"]}}, "y": []}}', outer))
    found = []
    threads = [threading.Thread(target=meet) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.x.c for one in found] == [("q",)] * 4
"""


def test_threads_may_meet_a_type_together() -> None:
    """It ended the interpreter, and with it a whole run, about once in a hundred on a busy machine."""
    code = MEETING.format(how="from harness.decoding import decode")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("text", [b"", b"{}", b'["1"]', b"[1"])
def test_what_is_of_another_shape_is_refused(text: bytes) -> None:
    """As msgspec refuses it."""
    with pytest.raises(ValueError, match=r"Expected|malformed|truncated"):
        decode(text, list[int])
