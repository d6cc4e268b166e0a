"""starved-heartbeat: the kill of the very worker that works, and other ends of workers."""

from __future__ import annotations

from functools import partial

from harness.model.evidence import Ended
from tests.crafted.edits import (
    INCONCLUSIVE,
    REPRODUCED,
    UNHEALTHY,
    Answer,
    case,
    hears,
    logs,
    logs_like,
    without,
)

heartbeat = partial(case, "starved-heartbeat")
LOAD = "blocked: load"
OWN = "{blocked: before}"  # the worker on trial
JUDGED = ("reproduced-*", "absent-*")

CASES = [
    *(
        heartbeat(
            f"the kill of another worker: {other}",
            "reproduced-*",
            logs_like(r"WORKER TIMEOUT \(pid:(\d+)\)", rf"WORKER TIMEOUT (pid:{other})"),
            verdict=INCONCLUSIVE,
        )
        for other in ("1", r"9\g<1>", r"\g<1>9")
    ),
    heartbeat(
        "a worker may be gone for many reasons",
        "reproduced-*",
        logs("WORKER TIMEOUT", "worker gone"),
        verdict=INCONCLUSIVE,
    ),
    *(
        heartbeat(
            f"a worker that hangs is rightly killed: {count} answers",
            "reproduced-*",
            hears(LOAD, Answer(body="blocked", process=OWN, times=count)),
            verdict=UNHEALTHY,
            says="load",
        )
        for count in (0, 1, 9)
    ),
    heartbeat(
        "ten answers suffice",
        "reproduced-*",
        hears(LOAD, Answer(body="blocked", process=OWN, times=10)),
        verdict=REPRODUCED,
    ),
    *(
        heartbeat(
            f"answers of others do not count: {process!r} {status}",
            pattern,
            hears(LOAD, Answer(body="blocked", process=process, status=status, times=40)),
            verdict=UNHEALTHY,
            says="load",
        )
        for pattern in JUDGED
        for process, status in (("1", 200), ("", 500), ("", 200), (OWN, 500), (f"{OWN}0", 200), (f"{OWN}, 1", 200))
    ),
    heartbeat(
        "ten blocked requests in half a minute starve nobody",
        "absent-*",
        hears(LOAD, Answer(body="blocked", process=OWN, times=10)),
        verdict=UNHEALTHY,
        says="load",
    ),
    *(
        heartbeat(
            f"the blocked server is gone without a kill: {end}",
            "absent-*",
            hears("blocked: after", then=end),
            verdict=INCONCLUSIVE,
        )
        for end in (Ended.DEADLINE, Ended.BY_SERVER, Ended.RESET, Ended.REFUSED)
    ),
    heartbeat(
        "a worker was replaced without a kill",
        "absent-*",
        hears("blocked: after", Answer(body="hello", process="1")),
        verdict=INCONCLUSIVE,
    ),
    *(
        heartbeat(
            f"the control '{server}' is wrong afterwards: {process!r} {status}",
            "absent-*",
            hears(f"{server}: after", Answer(body="hello", process=process, status=status)),
            verdict=UNHEALTHY,
            says=server,
        )
        for server in ("idle", "waiting")
        for process, status in (("1", 200), (f"{{{server}: before}}", 503), ("", 200))
    ),
    *(
        heartbeat(
            f"the '{server}' server only ever fails",
            "absent-*",
            hears(f"{server}: after", Answer(body="hello", process=f"{{{server}: before}}", status=503)),
            hears(f"{server}: before", Answer(body="hello", process=f"{{{server}: before}}", status=503)),
            verdict=UNHEALTHY,
        )
        for server in ("idle", "waiting", "blocked")
    ),
    *(
        heartbeat(f"'{name}' never took place", "absent-*", without(name), verdict=UNHEALTHY)
        for name in (
            "idle: before",
            "idle: after",
            "waiting: before",
            "waiting: load",
            "waiting: after",
            "blocked: before",
            LOAD,
        )
    ),
    heartbeat("nobody asked afterwards", "absent-*", without("blocked: after"), verdict=INCONCLUSIVE),
]
