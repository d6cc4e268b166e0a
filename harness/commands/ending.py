"""How a call ends: with an exit status of the public contract, and one line that says why where it went wrong.

What nobody foresaw has a status of its own, since 1 says that a verdict contradicts. Its traceback is for a report of
the mistake: it goes to a file in a folder of the user's own and never to a terminal.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import platform
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click
import platformdirs
from rich.console import Console

import harness
from harness import escaping
from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED = 4
INTERRUPTED = 130
PIPE_CLOSED = 141  # as a shell has it for every other program whose reader has gone: 128 + SIGPIPE
_PRINTERS = {click.echo.__code__, Console._check_buffer.__code__}  # noqa: SLF001 - what rich prints by
_KEPT = 20  # records of failures, the newest
_MOST = 256 * 1024  # characters of one
_SHOWN = 1000  # characters of a line


def ended(call: Callable[[], int], *, named: str) -> int:
    """Carry out a call and return its exit status, whatever happens; ``named`` is the call as it was typed."""
    try:
        status = call()
        if sys.stdout:
            sys.stdout.flush()
    except HarnessError as error:
        return refused(str(error), error.exit_status)
    except KeyboardInterrupt:
        return refused("interrupted", INTERRUPTED)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - neither a traceback nor a status that means another thing
        return _unheard(error) if isinstance(error, OSError) and _printing(error) else _failed(error, named)
    return status


def refused(message: str, status: int) -> int:
    """Say on standard error, in one line, what is wrong; return the exit status."""
    line = escaping.line(" ".join(message.split()))
    if len(line) > _SHOWN:  # the end says what is wrong as often as the beginning
        line = f"{line[: _SHOWN // 2]} … {line[-_SHOWN // 2 :]}"
    _say(f"harness: {line} (exit status {status})")
    return status


def record(error: BaseException, named: str) -> Path | None:
    """Write what is needed to report a failure into a new file, and return its path; None where it cannot be written.

    The oldest files are removed, so that they stay few.
    """
    folder = Path(platformdirs.user_state_dir("harness", appauthor=False)) / "failures"
    now = dt.datetime.now(dt.UTC)
    head = f"harness {harness.__version__}, Python {platform.python_version()} on {platform.platform()}\n{named}\n\n"
    text = (head + "".join(traceback.format_exception(error)))[-_MOST:]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=f"{now:%Y%m%dT%H%M%S}-", suffix=".txt", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        for old in sorted(folder.glob("*.txt"))[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return Path(name)


def _failed(error: BaseException, named: str) -> int:
    where = traceback.extract_tb(error.__traceback__)[-1]
    told = f"{type(error).__name__}: {error}"[:_SHOWN] + f" ({Path(where.filename).name}, line {where.lineno})"
    path = record(error, named)
    kept = f"what is needed to report it is in {path}" if path else "no file with more of it can be written"
    return refused(f"the program itself failed: {told}; {kept}", FAILED)


def _unheard(error: OSError) -> int:
    """End a call whose output nobody can read: silently where a reader has gone, as of ``harness list | head -1``."""
    status = PIPE_CLOSED
    if not isinstance(error, BrokenPipeError):
        status = refused(f"the output cannot be written to: {error.strerror}", FAILED)
    for stream in (sys.stdout, sys.stderr):  # what they still hold would be a complaint of the interpreter's own
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return status


def _printing(error: BaseException) -> bool:
    """Whether it was raised by printing, and not by any other use of a file or a connection."""
    return any(frame.f_code in _PRINTERS for frame, _ in traceback.walk_tb(error.__traceback__))


def _say(line: str) -> None:
    """Print a line on standard error, where there is one."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
