"""winerror87-workers: on Windows all workers but one fail to accept connections.

Both workers attach the one listening socket to a completion port of their own, which only the first may: the second
logs error 87, and the first answers alone. The event loop must be asyncio's Proactor loop: the default of Python 3.8
and later on Windows unless uvicorn chooses another; on 3.7 what 0.9.1 to 0.10.8 chose. Variants: ``run``, a script with
``uvicorn.run(..., workers=2)``, as reported, and ``cli``, by which 0.18.0 cannot serve.

Margin: in each of 15 rounds one request holds its worker for 1.5 s, and one sent 0.4 s into it must be answered by the
other worker meanwhile. One round was enough in 48 of 52 unaffected cells, four at most. The error comes while the
workers start and is looked for until the rounds are over. From 0.30.0 on the parent ends a worker that has not started
within 5 s, which under Wine takes 1 to 2 s of a core: where 0.37.0 and later let one say how long, it is 60 s; between
them three such cells at most run at once on two cores, or two where these are busy. Their six workers, started at the
same moment, take 6 * 1.1 s / 2 = 3.3 s.
"""

import re
from http import HTTPStatus

from harness import Evidence, Exchange, Scenario, Trial, Variant, control, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known
from harness.subjects.windows import ERROR_87

WORKERS = 2
HELD, MEANWHILE = "the request that holds its worker", "the request meanwhile"


def seen(held: Exchange | None, other: Exchange | None) -> str:
    """Say which processes answered the request that was held and the one sent meanwhile."""
    answers = [one.only for one in (held, other) if one and one.only and one.only.status == HTTPStatus.OK]
    processes = {answer.process for answer in answers if answer.process}
    if not held or not other or len(processes) < WORKERS:
        return f"{len(processes)} of two workers answered"
    is_meanwhile = held.opened_s < other.opened_s < other.ended_s < held.frames[-1].at_s
    return "two workers" if is_meanwhile else "two workers, one after the other"


def read(evidence: Evidence) -> str:
    """Say who answered, and whether a worker had the error."""
    server = evidence.server("uvicorn")
    error = ", and error 87 in the log" if server and ERROR_87.search(server.log) else ""
    return seen(evidence.exchange(HELD), evidence.exchange(MEANWHILE)) + error


def observe(trial: Trial) -> None:
    """Hold one worker and ask meanwhile, until two have answered or the error shows."""
    start = uvicorn.script if trial.variant == "run" else uvicorn.cli
    words = ("workers=2",) if trial.variant == "run" else ("--workers", "2")  # before 0.5.0 the program refuses them
    with start(trial, "ready", *words, worker_healthcheck_s=where_known(60), ready_s=60) as server:
        server.get("/hello", name="one request")
        for _ in range(15):
            with server.asking(HELD, "/block/1.5", pause_s=60):  # once
                trial.sleep(0.4)
                server.get("/hello", name=MEANWHILE)
            two = seen(trial.last(HELD), trial.last(MEANWHILE)) == "two workers"
            if two or not server.is_running or "WinError 87" in server.log:
                break


SCENARIO = Scenario(
    title="on Windows, all workers but one fail to accept connections",
    observe=observe,
    checks=(
        control("one request", owed="200 b'hello'"),
        trigger(
            "two requests at the same time",
            read=read,
            owed="two workers",
            failure=re.compile("[01] of two workers answered, and error 87 in the log"),
            log=ERROR_87,
        ),
    ),
    applications=("ready.py", "run_uvicorn.py"),
    variants=(Variant(name="run"), Variant(name="cli")),
    platforms=("windows",),
    pythons=uvicorn.PYTHONS_OF_WINDOWS,
    deadline_s=240.0,
)
