"""What a program prints, kept within bounds and in two parts: before it is asked to stop, and after.

The beginning and the end of each part are kept, and the bytes between them are counted. What a program had written when
it was asked to stop belongs to the first part, whenever it is read: whoever asks empties the pipe first.
"""

from __future__ import annotations

import threading

KEPT_OF_OUTPUT = 2 * 1024 * 1024  # bytes kept of the beginning of each part, and as many of its end


class _Part:
    """The beginning and the end of a run of bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped = 0

    def add(self, data: bytes) -> None:
        room = self._limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._limit:
            self._trim()

    def _trim(self) -> None:
        excess = len(self._tail) - self._limit
        if excess > 0:
            self.dropped += excess
            del self._tail[:excess]

    def text(self) -> str:
        self._trim()
        gap = f"\n… {self.dropped} bytes left out …\n".encode() if self.dropped else b""
        return (bytes(self._head) + gap + bytes(self._tail)).decode(errors="backslashreplace")


class Capture:
    """The bytes that a program prints, taken as they come. Safe for many threads."""

    def __init__(self, limit: int = KEPT_OF_OUTPUT) -> None:
        """Keep at most ``limit`` bytes of the beginning and as many of the end, of each part."""
        self._before = _Part(limit)
        self._after = _Part(limit)
        self._now = self._before
        self._taken = 0
        self._lock = threading.Condition()

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        with self._lock:
            self._taken += len(data)
            self._now.add(data)
            self._lock.notify_all()

    def split(self) -> None:
        """Begin the part after the request to stop: all bytes that are added from now on belong to it."""
        with self._lock:
            self._now = self._after

    def wait(self, known: int, patience_s: float) -> int:
        """Wait at most ``patience_s`` seconds for more than ``known`` bytes; return how many were taken by then."""
        with self._lock:
            self._lock.wait_for(lambda: self._taken > known, timeout=patience_s)
            return self._taken

    @property
    def before(self) -> str:
        """The text before the request to stop; bytes that are not UTF-8 are shown as escapes."""
        with self._lock:
            return self._before.text()

    @property
    def after(self) -> str:
        """The text after the request to stop."""
        with self._lock:
            return self._after.text()

    @property
    def text(self) -> str:
        """The text of both parts."""
        return self.before + self.after

    @property
    def dropped(self) -> int:
        """How many bytes `before` and `after` leave out; exact when both have been read."""
        with self._lock:
            return self._before.dropped + self._after.dropped
