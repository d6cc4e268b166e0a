"""The reading end of a pipe, read without waiting: what lies in it is what was written and not yet taken."""

from __future__ import annotations

import os
import select
import sys
import time

MOST = 1024 * 1024  # bytes that a pipe holds at the most: of Linux, /proc/sys/fs/pipe-max-size
_POLL_S = 0.005


if sys.platform == "win32":
    import _winapi
    import msvcrt

    class Pipe:
        """One pipe; Windows cannot wait for several things at once on it, so it is looked at now and then."""

        def __init__(self, descriptor: int) -> None:
            """Read from this descriptor, which stays its owner's."""
            self._descriptor = descriptor
            self._handle = msvcrt.get_osfhandle(descriptor)

        def wait(self) -> bool:
            """Wait until there is something to read, or nobody writes any more."""
            while self._holds() == 0:
                time.sleep(_POLL_S)
            return True

        def read(self, most: int) -> bytes | None:
            """Return bytes, none where nobody writes any more, or None where nothing is there now."""
            holds = self._holds()
            if holds == 0:
                return None
            return b"" if holds is None else os.read(self._descriptor, min(most, holds))

        def _holds(self) -> int | None:
            """Return how many bytes lie in it, None where nobody writes any more."""
            try:
                return int(_winapi.PeekNamedPipe(self._handle, 0)[0])
            except BrokenPipeError:
                return None

else:

    class Pipe:
        """One pipe."""

        def __init__(self, descriptor: int) -> None:
            """Read from this descriptor, which stays its owner's."""
            os.set_blocking(descriptor, False)  # of this end only
            self._descriptor = descriptor
            self._poll = select.poll()
            self._poll.register(descriptor, select.POLLIN)

        def wait(self) -> bool:
            """Wait until there is something to read, or nobody writes any more."""
            return bool(self._poll.poll())

        def read(self, most: int) -> bytes | None:
            """Return bytes, none where nobody writes any more, or None where nothing is there now."""
            try:
                return os.read(self._descriptor, most)
            except BlockingIOError:
                return None
