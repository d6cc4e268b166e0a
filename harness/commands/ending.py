"""How a call ends: with an exit status of the public contract, and with one line that says why where it went wrong.

An error that nobody foresaw has a status of its own, since 1 says that a verdict contradicts. Its traceback is for a
report of the mistake: the traceback goes to a file in a folder of the user's own and never to a terminal.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from typing import TYPE_CHECKING

from harness import escaping
from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAILED = 4
INTERRUPTED = 130
PIPE_CLOSED = 141  # what a shell gives for any program whose reader has gone: 128 + SIGPIPE
_PRINTERS = {("click.utils", "echo"), ("rich.console", "Console._check_buffer")}  # by name: few calls load rich
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


def _failed(error: BaseException, named: str) -> int:
    where = traceback.extract_tb(error.__traceback__)[-1]
    file = os.path.basename(where.filename)  # noqa: PTH119 - every call loads this module, and few need pathlib
    told = f"{type(error).__name__}: {error}"[:_SHOWN] + f" ({file}, line {where.lineno})"
    path = _record(error, named)
    kept = f"what is needed to report it is in {path}" if path else "no file with more of it can be written"
    return refused(f"the program itself failed: {told}; {kept}", FAILED)


def _record(error: BaseException, named: str) -> Path | None:
    """Write the record of a failure; return its path, None where it cannot be written."""
    try:
        from harness.commands import failure  # noqa: PLC0415 - hardly any call fails
    except (ImportError, OSError):  # where no file can be opened any more, no module is found either
        return None
    return failure.record(error, named)


def _unheard(error: OSError) -> int:
    """End a call whose output nobody can read: silently where the reader has gone, as in ``harness list | head -1``."""
    status = PIPE_CLOSED
    if not isinstance(error, BrokenPipeError):
        status = refused(f"the output cannot be written to: {error.strerror}", FAILED)
    for stream in (sys.stdout, sys.stderr):  # else the interpreter complains of what they still hold
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return status


def _printing(error: BaseException) -> bool:
    """Whether an error was raised by printing, and not by any other use of a file or a connection."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any((frame.f_globals.get("__name__"), frame.f_code.co_qualname) in _PRINTERS for frame in frames)


def _say(line: str) -> None:
    """Print a line on standard error, where there is one."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
