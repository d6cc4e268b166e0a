"""winerror87-reload: after the first reload on Windows the server accepts no connection any more.

Requirement
    A server started with ``--reload`` serves the changed application after a file has changed.
Trigger
    The first change of a file, not the start. The reloader binds the listening socket and hands it to each process
    that it spawns; the first attaches it to its completion port, the second attaches the same socket to another.
    The event loop must be asyncio's Proactor loop: the default of Python 3.8 and later on Windows, and on 3.7 what
    uvicorn 0.9.1 to 0.10.8 chose themselves.
Signature
    Error 87 from ``CreateIoCompletionPort`` below ``_register_with_iocp`` in the log, after the change and not before,
    and the next request hangs. The number and the frames are matched, not the words, which differ by language and
    between Windows ("The parameter is incorrect") and Wine ("Invalid parameter").
Controls
    Before the change the server answers with the application as it was.
Margin
    SETTLE_S = 1.5 lets the reloader note the file's time before it changes; it looks four times a second, six times
    slower is not enough to miss it. The error or the changed answer came 2.5 s after the change (median of 155 cells
    under Wine, at most 16 s with both cores busy); CHANGE_S = 60 is four times the most. HANG_S = 5: an unaffected
    server answered within 0.05 s; a slow answer would not make the failure, which needs the error as well.

Started by its command line, as reported. Until 0.9.0 there is no ``python -m uvicorn``. From 0.22.0 on the reloader
ends the old process by a Ctrl-C event, which needs a console. Wine delivers such an event to a whole console only, and
not, as Windows does, when it names a process that leads no group. Under Wine, for these releases alone, the server is
given a terminal, and a ``sitecustomize`` in the cell addresses the whole console. The evidence says where it was done.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import Version

from harness import Check, Ended, Evidence, Heard, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness import Trial

READY_S = 60
SETTLE_S = 1.5
CHANGE_S = 60
HANG_S = 5

FIRST_WITH_CONSOLE_EVENTS = Version("0.22.0")
FIRST_WITH_MODULE = Version("0.9.1")
FIRST_WITH_ASGI_3 = Version("0.7.0b1")

# The frames and the number, in one traceback: at most a few lines between them, and none of another error.
ERROR_87 = re.compile(
    r"_register_with_iocp[^\n]*\n(?:(?!\S*Error)[^\n]*\n){0,3}?[^\n]*CreateIoCompletionPort[^\n]*\n"
    r"(?:(?!\S*Error)[^\n]*\n){0,3}?(\S*Error: \[WinError 87\][^\r\n]*)"
)
BEFORE, POLL, AFTER = "before the change", "waiting for the change", "after the change"
SHIM = """\
# Windows hands Ctrl-C for a process that leads no group to every process of the console; Wine hands it to none.
import os, signal, sys
if sys.platform == "win32":
    def kill(pid, sig, _kill=os.kill):
        return _kill(0 if sig == signal.CTRL_C_EVENT else pid, sig)
    os.kill = kill
"""


def command(trial: Trial) -> tuple[str, ...]:
    """Return the arguments to Python, as the release on trial needs them."""
    application = "asgi3" if trial.version >= FIRST_WITH_ASGI_3 else "ASGI2"
    main = "import sys; sys.path.insert(0, ''); from uvicorn.main import main; main()"
    start = ("-m", "uvicorn") if trial.version >= FIRST_WITH_MODULE else ("-c", main)
    return (*start, f"application:{application}", "--host", "127.0.0.1", "--port", "{port}", "--reload")


def observe(trial: Trial) -> None:
    """Ask, change the application, and ask until the change or the error shows."""
    application = trial.folder / "application.py"
    console = trial.version >= FIRST_WITH_CONSOLE_EVENTS
    if console and trial.platform == "windows-wine":
        (trial.folder / "sitecustomize.py").write_text(SHIM)
        trial.record("Ctrl-C events", "delivered to the whole console by a sitecustomize, see the scenario")
    with trial.server("uvicorn", "python", *command(trial), ready_s=READY_S, console=console) as server:
        server.get("/", name=BEFORE)
        trial.sleep(SETTLE_S)
        trial.record("errors before the change", server.log.count("WinError 87"))
        changed = application.with_suffix(".new")
        changed.write_text(application.read_text().replace('b"one"', 'b"two"'))
        changed.replace(application)
        end = trial.clock() + CHANGE_S
        while trial.clock() < end and server.is_running and "WinError 87" not in server.log:
            answer = server.get("/", name=POLL, deadline_s=1)
            if answer is not None and answer.body == b"two":
                break
            trial.sleep(0.2)
        server.get("/", name=AFTER, deadline_s=HANG_S)


def judge(evidence: Evidence) -> Judgement:
    """Look for error 87 where the listener is accepted on, and for the hanging request."""
    after = evidence.heard(AFTER)
    requirement = Check(name=AFTER, expected=Heard.of((200, b"two")), actual=after)
    control = Check(name=BEFORE, expected=Heard.of((200, b"one")), actual=evidence.heard(BEFORE))
    server = evidence.server("uvicorn")
    error = ERROR_87.search(server.log) if server else None
    hung = evidence.facts.get("errors before the change") == 0 and after == Heard.of(then=Ended.DEADLINE)
    signature = f"{error[1]}; {AFTER}: no answer within {HANG_S} s" if error and hung and control.passed else None
    return conclude(signature=signature, controls=[control], requirement=requirement)


SCENARIO = Scenario(
    title="on Windows, after the first reload the server accepts no connection any more",
    variants=(Variant(name="cli"),),
    applications=("application.py",),
    platforms=("windows",),
    pythons=(("<0.34", "3.8"), (">=0.34", "3.12")),
    observe=observe,
    judge=judge,
    typical_s=12.0,
    deadline_s=240.0,
)
