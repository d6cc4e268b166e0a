"""What a program is given to read from its standard input: bytes, then the end of the file."""

from __future__ import annotations

import contextlib
import os
import threading


class Given:
    """A pipe with bytes for one program; a thread writes them, since no pipe takes any number of bytes at once."""

    def __init__(self, data: bytes) -> None:
        """Begin to write; the thread ends when all is written, or when no program can read the rest."""
        self.reading, writing = os.pipe()
        threading.Thread(target=_write, args=(writing, data), name="given to a program", daemon=True).start()

    def close(self) -> None:
        """Leave the reading end to the program, which has its own."""
        os.close(self.reading)


def _write(writing: int, data: bytes) -> None:
    with contextlib.suppress(OSError), os.fdopen(writing, "wb", buffering=0) as pipe:
        left = memoryview(data)
        while left:
            left = left[pipe.write(left) :]
