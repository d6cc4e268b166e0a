"""Ctrl-C: the first ends what runs, within a few seconds whatever that is doing; a second one ends at once.

A run that is ended at once keeps what is finished, which is on disk already, and its reaper cleans up after it.
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

GRACE_S = 4.0  # under the five seconds that are promised
STATUS = 130
_FIRST = "interrupted; what is running is being ended, once more Ctrl-C ends at once"


@contextlib.contextmanager
def bounded(last_words: str, *, grace_s: float = GRACE_S) -> Iterator[None]:
    """Inside the context the first Ctrl-C raises `KeyboardInterrupt`; what then takes longer than the grace is cut off.

    Args:
        last_words: a line for standard error where the program has to end without having come to its own.
        grace_s: seconds from the first Ctrl-C to the end of the context.

    Only the main thread hears of Ctrl-C: elsewhere, and where Ctrl-C is ignored, nothing changes.
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
    """Write to standard error past all buffers, which the code that was interrupted may hold the lock of."""
    with contextlib.suppress(OSError):
        os.write(2, f"{line}\n".encode(errors="backslashreplace"))
