"""What servers have in common on Windows and under Wine: how asyncio tells error 87, and Ctrl-C events.

Both were written in scenarios; they say nothing of one server.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.execution.trial import Trial

ERROR_87 = re.compile(
    r"_register_with_iocp[^\n]*\n(?:(?!\S*Error)[^\n]*\n){0,3}?[^\n]*CreateIoCompletionPort[^\n]*\n"
    r"(?:(?!\S*Error)[^\n]*\n){0,3}?(\S*Error: \[WinError 87\][^\r\n]*)"
)
"""A log where a socket was attached to a second completion port; the group is the line of the error.

The frames and the number, in one traceback: at most a few lines between them, and none of another error. The words are
not matched: they differ by language, and between Windows ("The parameter is incorrect") and Wine ("Invalid parameter").
"""

_TO_THE_WHOLE_CONSOLE = """\
# Windows hands Ctrl-C for a process that leads no group to every process of the console; Wine hands it to none.
import os, signal, sys
if sys.platform == "win32":
    def kill(pid, sig, _kill=os.kill):
        return _kill(0 if sig == signal.CTRL_C_EVENT else pid, sig)
    os.kill = kill
"""


def deliver_ctrl_c(trial: Trial) -> None:
    """Let a server that sends a Ctrl-C event to one of its processes do so under Wine as on Windows.

    Wine delivers such an event to a whole console only, and not, as Windows does, when the event names a process that
    leads no group. A ``sitecustomize`` in the trial's folder addresses the whole console; the evidence says so.
    """
    if trial.platform == "windows-wine":
        (trial.folder / "sitecustomize.py").write_text(_TO_THE_WHOLE_CONSOLE)
        trial.record("Ctrl-C events", "delivered to the whole console by a sitecustomize")
