"""The reading end of a pipe, read without waiting: the bytes in the pipe are those written and not yet taken."""

from __future__ import annotations

import os
import select
import sys
import time

MOST = 1024 * 1024  # bytes that a pipe can hold: on Linux /proc/sys/fs/pipe-max-size, by default
_POLL_S = 0.005


if sys.platform == "win32":
    import _winapi
    import msvcrt

    class Pipe:
        """One pipe; Windows cannot wait for bytes and for the end of a pipe at once, so the pipe is polled."""

        def __init__(self, descriptor: int) -> None:
            """Read from this descriptor, which its owner closes."""
            self._descriptor = descriptor
            self._handle = msvcrt.get_osfhandle(descriptor)

        def wait(self) -> bool:
            """Wait until there is something to read, or no writer is left."""
            while self._holds() == 0:
                time.sleep(_POLL_S)
            return True

        def read(self, most: int) -> bytes | None:
            """Return at most ``most`` bytes: none where no writer is left, None where nothing lies in the pipe now."""
            holds = self._holds()
            if holds == 0:
                return None
            return b"" if holds is None else os.read(self._descriptor, min(most, holds))

        def _holds(self) -> int | None:
            """Return how many bytes lie in the pipe; None where no writer is left."""
            try:
                return int(_winapi.PeekNamedPipe(self._handle, 0)[0])
            except BrokenPipeError:
                return None

else:

    class Pipe:
        """One pipe."""

        def __init__(self, descriptor: int) -> None:
            """Read from this descriptor, which its owner closes."""
            os.set_blocking(descriptor, False)  # the writing end is not changed
            self._descriptor = descriptor
            self._poll = select.poll()
            self._poll.register(descriptor, select.POLLIN)

        def wait(self) -> bool:
            """Wait until there is something to read, or no writer is left."""
            return bool(self._poll.poll())

        def read(self, most: int) -> bytes | None:
            """Return at most ``most`` bytes: none where no writer is left, None where nothing lies in the pipe now."""
            try:
                return os.read(self._descriptor, most)
            except BlockingIOError:
                return None
