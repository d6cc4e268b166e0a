"""Marks: every process that the harness starts carries one in its environment, and is found by it wherever it went.

The mark is the value of the variable `MARK`. Descendants inherit the mark, also those that leave the session or whose
parent died, so `end_marked` finds and ends them. The reaper calls `end_marked` when the harness was killed, a later run
does, and so does the run itself where the system has nothing better. A mark begins with 32 hexadecimal digits that
nobody guesses; `end_marked` refuses any other text, so that no mistake elsewhere ends a stranger's process.
"""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from typing import TYPE_CHECKING

import psutil

from harness.errors import LeftRunningError

if TYPE_CHECKING:
    from collections.abc import Sequence

MARK = "HARNESS_MARK"
FIRST = "HARNESS_FIRST"  # marks a first process: asked to end, it ends all that is below it
PATIENCE_S = 10.0
_MARK = re.compile(r"[0-9a-f]{32}(?:/.+)?", re.ASCII | re.DOTALL)
_POLL_S = 0.01


def new_mark() -> str:
    """Return a mark that nothing else carries, for a run or a question."""
    return uuid.uuid4().hex


def is_mark(text: str) -> bool:
    """Whether the text is a run's mark, or one below it (``mark/…``)."""
    return bool(_MARK.fullmatch(text))


def marked(mark: str) -> dict[psutil.Process, bool]:
    """Return the running processes that carry the mark or one below it (``mark/…``), and their descendants.

    The value says whether the process is a first process. A descendant that wiped its environment is found as long as
    its parent is alive.

    Raises:
        ValueError: ``mark`` is not a mark, so that it would match processes that nobody marked.

    """
    if not is_mark(mark):
        message = f"'{mark}' is no mark, which begins with 32 hexadecimal digits; no process is ended by it"
        raise ValueError(message)
    found: dict[psutil.Process, bool] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            value = environment.get(MARK, "")
            if value == mark or value.startswith(f"{mark}/"):
                found[process] = FIRST in environment
                for one in process.children(recursive=True):
                    found.setdefault(one, False)
    return {process: is_first for process, is_first in found.items() if _is_alive(process)}


def end_marked(mark: str, also: Sequence[psutil.Process] = (), *, patience_s: float = PATIENCE_S) -> int:
    """End every process that carries the mark or one below it, until none is found; return how many were ended.

    First processes do not count. They are asked to end, and end all that is below them: a first process that is killed
    loses the descendants that no mark finds.

    Args:
        mark: the mark of a run, or one below it.
        also: further processes to end.
        patience_s: for how many seconds to go on; in the second half of them, first processes are killed as well.

    Raises:
        LeftRunningError: some processes still run after that.

    """
    began = time.monotonic()
    ended: set[int] = set()
    while found := {**{one: False for one in also if _is_alive(one)}, **marked(mark)}:
        waited_s = time.monotonic() - began
        if waited_s > patience_s:
            raise LeftRunningError(sorted(process.pid for process in found))
        for process, is_first in found.items():
            with contextlib.suppress(psutil.Error):
                if is_first and waited_s < patience_s / 2:
                    process.terminate()
                    continue
                ended.add(process.pid)
                process.kill()
        time.sleep(_POLL_S)
    return len(ended)


def _is_alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
