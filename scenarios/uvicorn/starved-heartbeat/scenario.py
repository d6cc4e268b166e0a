"""starved-heartbeat: gunicorn kills a worker that works, because it counts ticks instead of time.

Requirement
    A worker that answers requests all the time tells gunicorn's master so within ``--timeout``, and lives.
Trigger
    An application that blocks the event loop for a fraction of a second on every request, and one client that
    sends request after request, PAUSE_S apart, on one connection.
Signature
    The master's ``WORKER TIMEOUT (pid:N)`` for the very worker N that answered at least ENOUGH requests.
Controls
    Beside the blocked server, with the same options and for as long: one whose application waits as long without
    blocking, under the same load, and an idle one. The worker of each answers before and after, the same worker.
Margin
    T = TIMEOUT_S = 12. The master looks about once a second, so it surely kills after T + 1 = 13 s without a
    notice and never before 12. Every request blocks B and stretches one tick of the worker's loop to t = B + 0.023
    (measured). Which ticks bring a notice:

    =================  =======================================  =====  ==========================  ========
    releases           notice                                   B      longest gap between two     verdict
    =================  =======================================  =====  ==========================  ========
    0.0.2, 0.0.3       never                                    0.9    for ever                    killed
    0.0.4 to 0.3.32    every 10th tick of 1 s                   0.9    10 (1 + 0.9) = 19 s > 13    killed
    0.4.0 to 0.7.1     every (10 T / 2)th tick of 0.1 s         0.34   60 t = 21.8 s > 13          killed
    0.7.2 and later    every 10th, once T / 2 s have passed     0.34   T / 2 + 10 t = 9.6 s < 12   lives
    0.11.4 only        every 10th, once T s have passed         0.34   4 * 10 t = 14.5 s > 13      killed
    =================  =======================================  =====  ==========================  ========

    Both cores busy, t grows by the delay with which the worker wakes up; it would take 0.24 s more in each of ten
    ticks in a row to kill a fixed worker. What is affected is killed 12 to 14 s after its last notice before the
    load, or one gap later where the load began just before a notice: within WATCH_S = 32 s.

0.11.4 notifies at T itself, so its idle worker is at the brink and may be killed as well, and 0.0.2 and 0.0.3 never
notify: therefore the signature does not ask for the controls. Releases from 0.7.2 on are not free of the cause: with
t > T / 20 = 0.6 s their workers are killed too.
"""

from __future__ import annotations

import re
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from packaging.version import Version

from harness import Check, Companion, Evidence, Heard, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness import Server, Trial

TIMEOUT_S = 12
WATCH_S = 32
PAUSE_S = 0.02
ENOUGH = 10

FIRST_WITHOUT_UVLOOP = Version("0.12.0")  # from here on a plain installation serves gunicorn by UvicornH11Worker
FIRST_WITH_WORKERS = Version("0.2.0")  # the module uvicorn.workers; uvicorn.worker before
FIRST_WITH_SHORT_TICKS = Version("0.4.0")
FIRST_WITH_ASGI_3 = Version("0.7.0b1")
FIRST_WITH_ASGI_2 = Version("0.1.0")
FIRST_WITH_COROUTINES = Version("0.0.5")


def command(trial: Trial) -> tuple[str, ...]:
    """Return gunicorn's arguments, as the release on trial needs them."""
    if trial.version >= FIRST_WITH_ASGI_3:
        application = "asgi3"
    elif trial.version >= FIRST_WITH_ASGI_2:
        application = "ASGI2"
    else:
        application = "consumer" if trial.version >= FIRST_WITH_COROUTINES else "function"
    module = "uvicorn.workers" if trial.version >= FIRST_WITH_WORKERS else "uvicorn.worker"
    worker = "UvicornH11Worker" if trial.version >= FIRST_WITHOUT_UVLOOP else "UvicornWorker"
    return (
        *("--worker-class", f"{module}.{worker}", "--workers", "1", "--timeout", str(TIMEOUT_S)),
        *("--graceful-timeout", "1", "--bind", "127.0.0.1:{port}", f"application:{application}"),
    )


def block_of(version: Version) -> float:
    """Return for how many seconds a request blocks: more where ticks are longer."""
    return 0.34 if version >= FIRST_WITH_SHORT_TICKS else 0.9


def load(server: Server, path: str, over: threading.Event) -> None:
    """Send request after request until it is over; on a new connection where the server ended one."""
    while not over.is_set() and server.is_running:
        with server.connect(f"{server.name}: load") as connection:
            count = 0
            while connection.is_open and not over.is_set():
                connection.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                count += 1
                connection.receive(answers=count, deadline_s=TIMEOUT_S)
                over.wait(PAUSE_S)
        over.wait(PAUSE_S)


def observe(trial: Trial) -> None:
    """Run the three servers side by side until a worker is killed or the watch is over."""
    block_s = block_of(trial.version)
    over = threading.Event()
    arguments = command(trial)
    with (
        trial.server("idle", "gunicorn", *arguments) as idle,
        trial.server("waiting", "gunicorn", *arguments) as waiting,
        trial.server("blocked", "gunicorn", *arguments) as blocked,
    ):
        for server in (idle, waiting, blocked):
            server.get("/", name=f"{server.name}: before")
        loads = [
            threading.Thread(target=load, args=(blocked, f"/block/{block_s}", over)),
            threading.Thread(target=load, args=(waiting, f"/wait/{block_s}", over)),
        ]
        began = trial.clock()
        for thread in loads:
            thread.start()
        try:
            killed = blocked.wait_for_log("WORKER TIMEOUT", deadline_s=WATCH_S)
        finally:
            over.set()
            for thread in loads:
                thread.join()
        trial.record("watched, s", round(trial.clock() - began, 2))
        trial.record("a worker was killed", killed)
        for server in (idle, waiting, blocked):
            server.get("/", name=f"{server.name}: after")


def judge(evidence: Evidence) -> Judgement:
    """Look for the kill of the worker that answered."""
    worker = _worker(evidence, "blocked")
    answered = _answers(evidence, "blocked")
    server = evidence.server("blocked")
    killed = server.line_with("WORKER TIMEOUT", f"pid:{worker})") if server and worker else None
    return conclude(
        signature=f"{killed}; it had answered {answered} requests" if killed and answered >= ENOUGH else None,
        controls=[
            _life(evidence, "idle"),
            _life(evidence, "waiting"),
            _load(evidence, "waiting"),
            _load(evidence, "blocked"),
        ],
        requirement=_life(evidence, "blocked"),
    )


def _worker(evidence: Evidence, name: str) -> str | None:
    """Return the process id of the worker that answered before the load."""
    before = evidence.exchange(f"{name}: before")
    answer = before.only if before else None
    match = re.fullmatch(rb"worker (\d+)", answer.body) if answer and answer.status == HTTPStatus.OK else None
    return match[1].decode() if match else None


def _answers(evidence: Evidence, name: str) -> int:
    """Count the requests of the load that this worker answered."""
    expected = f"worker {_worker(evidence, name)}".encode()
    answers = (answer for one in evidence.all_exchanges(f"{name}: load") for answer in one.answers)
    return sum(1 for answer in answers if answer.status == HTTPStatus.OK and answer.body == expected)


def _life(evidence: Evidence, name: str) -> Check:
    """Check that the worker which answered before answers after."""
    expected = Heard.of((200, f"worker {_worker(evidence, name) or 'N'}".encode()))
    return Check(
        name=f"the worker of the {name} server lives", expected=expected, actual=evidence.heard(f"{name}: after")
    )


def _load(evidence: Evidence, name: str) -> Check:
    """Check that the load was answered until the watch was over, at half its possible pace or better."""
    loads, after = evidence.all_exchanges(f"{name}: load"), evidence.exchange(f"{name}: after")
    watched_s = after.opened_s - loads[0].opened_s if loads and after else 0.0
    least = max(ENOUGH, int(watched_s / (block_of(Version(evidence.version)) + PAUSE_S) / 2))
    count = _answers(evidence, name)
    expected = f"{least} answers or more"
    actual = expected if count >= least else f"{count} answers"
    return Check(name=f"the load of the {name} server is answered", expected=expected, actual=actual)


COMPANIONS = (
    "gunicorn",
    Companion("setuptools<60", "<0.18"),  # gunicorn before 21 imports pkg_resources
)

SCENARIO = Scenario(
    title="gunicorn kills a worker that works, because blocking requests delay its heartbeat",
    variants=(Variant(name="gunicorn", companions=COMPANIONS),),
    applications=("application.py",),
    pythons=(("<0.10", "3.6"), (">=0.10,<0.34", "3.8"), (">=0.34", "3.12")),
    observe=observe,
    judge=judge,
    typical_s=36.0,
    deadline_s=180.0,
)
