"""winerror87-workers: on Windows all workers but one fail to accept connections.

Requirement
    With two workers, two processes accept connections.
Trigger
    The start. Both workers attach the one listening socket to a completion port of their own, which only the first
    may. The event loop must be asyncio's Proactor loop: the default of Python 3.8 and later on Windows, unless
    uvicorn chooses another; on 3.7 what 0.9.1 to 0.10.8 chose.
Signature
    Error 87 from ``CreateIoCompletionPort`` below ``_register_with_iocp`` in the log. The number and the frames are
    matched, not the words, which differ by language and between Windows and Wine. The other worker serves alone, so
    that requests are answered all the same.
Controls
    A request is answered. Absence is only said where two processes were seen to answer at the same time.
Margin
    In each of ROUNDS = 15 rounds one request holds its worker for HOLD_S = 1.5 s, and a second one sent LATER_S = 0.4 s
    into it must be answered by another process. One round was enough in 48 of 52 unaffected cells, four at most. The
    error, where it comes, comes while the workers start: it is looked for until the rounds are over. From 0.30.0 on
    the parent ends a worker that has not started within 5 s, which under Wine takes 1 to 2 s of a core: where 0.37.0
    and later let one say how long, it is READY_S; between them three such cells at most run at once on two cores, or
    two where these are busy. Their six workers, started at the same moment, take 6 * 1.1 s / 2 = 3.3 s.

Variants ``run``, ``uvicorn.run(..., workers=2)`` in a script, as reported, and ``cli``, ``--workers 2``. 0.18.0 cannot
serve by its command line, whatever the workers.
"""

from __future__ import annotations

import re
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from packaging.version import Version

from harness import Check, Evidence, Exchange, Heard, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness import Trial

READY_S = 60
ROUNDS = 15
HOLD_S = 1.5
LATER_S = 0.4
WAIT_S = 10

FIRST_WITH_MODULE = Version("0.9.1")
FIRST_WITH_PATIENCE = Version("0.37.0")
FIRST_WITH_ASGI_3 = Version("0.7.0b1")

# The frames and the number, in one traceback: at most a few lines between them, and none of another error.
ERROR_87 = re.compile(
    r"_register_with_iocp[^\n]*\n(?:(?!\S*Error)[^\n]*\n){0,3}?[^\n]*CreateIoCompletionPort[^\n]*\n"
    r"(?:(?!\S*Error)[^\n]*\n){0,3}?(\S*Error: \[WinError 87\][^\r\n]*)"
)
TWO = "two workers"
BEFORE, HELD, OTHER = "one request", "the request that holds its worker", "the request meanwhile"


def command(trial: Trial) -> tuple[str, ...]:
    """Return the arguments to Python, as variant and release need them."""
    application = f"application:{'asgi3' if trial.version >= FIRST_WITH_ASGI_3 else 'ASGI2'}"
    patience = ("--timeout-worker-healthcheck", str(READY_S)) if trial.version >= FIRST_WITH_PATIENCE else ()
    if trial.variant == "run":
        return ("application_run.py", application, "{port}", *patience[1:])
    main = "import sys; sys.path.insert(0, ''); from uvicorn.main import main; main()"
    start = ("-m", "uvicorn") if trial.version >= FIRST_WITH_MODULE else ("-c", main)
    return (*start, application, "--host", "127.0.0.1", "--port", "{port}", "--workers", "2", *patience)


def observe(trial: Trial) -> None:
    """Hold one worker and ask meanwhile, until two have answered or the error shows."""
    with trial.server("uvicorn", "python", *command(trial), ready_s=READY_S) as server:
        server.get("/", name=BEFORE)
        for _ in range(ROUNDS):
            holding = threading.Thread(
                target=server.get, args=(f"/hold/{HOLD_S}",), kwargs={"name": HELD, "deadline_s": WAIT_S}
            )
            holding.start()
            trial.sleep(LATER_S)
            server.get("/", name=OTHER, deadline_s=WAIT_S)
            holding.join()
            two = _seen(trial.last(HELD), trial.last(OTHER)) == TWO
            if two or not server.is_running or "WinError 87" in server.log:
                break


def judge(evidence: Evidence) -> Judgement:
    """Look for error 87 where the listener is accepted on, and for two processes that answer at the same time."""
    server = evidence.server("uvicorn")
    error = ERROR_87.search(server.log) if server else None
    before, held, other = (evidence.exchange(name) for name in (BEFORE, HELD, OTHER))
    expected = Heard.of((200, f"worker {_worker(before) or 'N'}".encode()))
    control = Check(name=BEFORE, expected=expected, actual=evidence.heard(BEFORE))
    seen = _seen(held, other) + (", and error 87 in the log" if error else "")
    requirement = Check(name="two requests at the same time", expected=TWO, actual=seen)
    answering = {worker for one in (held, other) if (worker := _worker(one))}
    signature = error[1] if error and control.passed and len(answering) < len((held, other)) else None
    return conclude(signature=signature, controls=[control], requirement=requirement)


def _seen(held: Exchange | None, other: Exchange | None) -> str:
    """Say who answered the request that was held and the one sent meanwhile."""
    first, second = _worker(held), _worker(other)
    if not (held and other and first and second):
        return f"{held.heard if held else 'nothing'}; meanwhile {other.heard if other else 'nothing'}"
    if not held.opened_s < other.opened_s < other.ended_s < held.ended_s:
        return "one answer after the other"
    return TWO if first != second else f"worker {first} alone"


def _worker(exchange: Exchange | None) -> str | None:
    """Return the process that answered."""
    answer = exchange.only if exchange else None
    match = re.fullmatch(rb"worker (\d+)", answer.body) if answer and answer.status == HTTPStatus.OK else None
    return match[1].decode() if match else None


SCENARIO = Scenario(
    title="on Windows, all workers but one fail to accept connections",
    variants=(
        Variant(name="run"),
        Variant(name="cli"),
    ),
    applications=("application.py", "application_run.py"),
    platforms=("windows",),
    pythons=(("<0.34", "3.8"), (">=0.34", "3.12")),
    observe=observe,
    judge=judge,
    typical_s=10.0,
    deadline_s=240.0,
)
