"""A server in a container, without a container: its port, and what it printed before it was asked to stop."""

from __future__ import annotations

import sys

import pytest

from harness.containers.confinement import PUBLISHED, SPARES
from harness.containers.contained import Contained
from harness.execution.ports import RANGE
from harness.processes.capture import Capture

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="containers are for POSIX machines")


def test_published_port_is_no_servers_port() -> None:
    """The first process listens on them beside the server."""
    assert not {PUBLISHED, *SPARES} & set(RANGE)


def test_a_stop_is_found_however_the_stream_is_cut() -> None:
    """Also where its mark comes in pieces, or the server prints something that begins like it."""
    mark = b"\0stop 0123\0"
    for printed in (b"before" + mark + b"after", b"\0stop before" + mark + b"after" + mark, mark, b"before\0stop 01"):
        before, _, after = printed.partition(mark)
        for place in range(len(printed) + 1):
            contained = Contained.__new__(Contained)
            contained.capture, contained._held, contained._stop, contained._asked = Capture(), b"", mark, True
            contained._take(printed[:place])
            contained._take(printed[place:])
            contained.capture.add(contained._held)
            assert (contained.capture.before, contained.capture.after) == (before.decode(), after.decode())
