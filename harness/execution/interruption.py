"""Ctrl-C: the first one ends the call within a few seconds, whatever is running; the second one ends it at once.

A call that is ended at once loses no finished cell, since each is on disk already; the reaper cleans up after the run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

GRACE_S = 4.0  # less than the five seconds that are promised
STATUS = 130
_FIRST = "interrupted; what is running is being ended, once more Ctrl-C ends at once"


@contextlib.contextmanager
def bounded(last_words: str, *, grace_s: float = GRACE_S) -> Iterator[None]:
    """Raise `KeyboardInterrupt` at the first Ctrl-C in the context; end the process where leaving it takes too long.

    Args:
        last_words: a line for standard error where the process is ended before it has printed its own last line.
        grace_s: seconds from the first Ctrl-C by which the context has to be left; then the process is ended.

    Only the main thread receives Ctrl-C: in other threads, and where Ctrl-C is ignored, the context changes nothing.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
        yield
        return
    timer = threading.Timer(grace_s, _end, (last_words,))
    timer.daemon = True

    def first(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, lambda *_: _end(last_words))
        timer.start()
        _write(_FIRST)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)


def _end(last_words: str) -> None:
    """End now, without waiting for any thread."""
    _write(f"{last_words}; ended at once (exit status {STATUS})")
    os._exit(STATUS)


def _write(line: str) -> None:
    """Write to standard error past its buffers: the code that was interrupted may hold their locks."""
    with contextlib.suppress(OSError):
        os.write(2, f"{line}\n".encode(errors="backslashreplace"))
