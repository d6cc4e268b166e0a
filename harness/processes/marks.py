"""Marks: by what is in its environment, a process that the harness has started is found wherever it went.

Whatever is started carries a mark (`MARK`). Descendants inherit it, also those that leave the session or whose parent
died, so `end_marked` finds and ends them: the reaper when the harness was killed, a later run, and the run itself
where the system has nothing better. A mark begins with 32 hexadecimal digits that nobody guesses; `end_marked` refuses
whatever else it is handed, so that no mistake elsewhere ends a stranger's process.
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
FIRST = "HARNESS_FIRST"  # what a first process carries too: asked to end, it ends all that is below it
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

    Each with whether it is a first process. A descendant that wiped its environment is found as long as its parent is
    there.

    Raises:
        ValueError: the mark is none, so that it would match processes that nobody marked.

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
    """End every process that carries the mark, again until none is found; return how many there were.

    First processes do not count. They are asked to end, and end all that is below them: killed, they would lose those
    that no mark finds.

    Args:
        mark: whose processes.
        also: processes to end with them.
        patience_s: how long to go on; from its half on, first processes are killed as well.

    Raises:
        LeftRunningError: some are still there after the patience.

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
