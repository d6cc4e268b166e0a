"""starved-heartbeat: gunicorn kills a worker that works, because it counts ticks instead of time.

A worker that answers all the time owes gunicorn's master a notice within T = 12 s (``--timeout``). One client asks
again and again, each request blocks the event loop for B, and the master kills the very worker that answers. Beside it
run, with the same options, an idle worker, and one that waits as long without blocking under the same load.

Margin: the master kills T to T + 1 = 13 s after a notice. A request takes t = B + g, with g = 0.023 s between two of
them (measured; 0.07 s with fifteen programs a core), and a tick that falls due meanwhile waits for its end:
    0.0.2, 0.0.3     no notice ever            B 0.75  killed, and the idle worker too: the controls do not count
    0.0.4 to 0.3.32  every 10th tick of 1 s    B 0.75  20 t = 15.5 s > 13: killed, while B + 2 g < 1, so g < 0.125 s
    0.4.0 to 0.7.1   every 60th tick of 0.1 s  B 0.34  60 t = 21.8 s > 13: killed
    0.7.2 and later  every 10th, after T / 2   B 0.34  T / 2 + 10 t = 9.6 s < 12: lives, with 0.24 s a tick to spare
    0.11.4           every 10th, after T       B 0.34  4 * 10 t = 14.5 s > 13: killed; the idle worker is at the brink
It is killed within 14 s of its last notice before the load, or one gap later: the watch takes 32 s. With t > T / 20 =
0.6 s the workers of 0.7.2 and later are killed too.
"""

import re
from functools import partial
from http import HTTPStatus

from packaging.version import Version

from harness import Evidence, Scenario, Trial, Variant, control, trigger
from harness.subjects import gunicorn, uvicorn


def blocks_s(version: str | Version) -> float:
    """Return for how many seconds a request blocks: more where ticks are longer."""
    return 0.34 if Version(str(version)) >= Version("0.4.0") else 0.75


def observe(trial: Trial) -> None:
    """Run the three servers side by side until a worker is killed or the watch is over."""
    how = {"workers": 1, "timeout_s": 12, "graceful_s": 1}
    start = partial(gunicorn.cli, trial, "ready", worker_class="uvicorn-plain", **how)
    with start(name="idle") as idle, start(name="waiting") as waiting, start(name="blocked") as blocked:
        block_s, servers = blocks_s(trial.version), (idle, waiting, blocked)
        for server in servers:
            server.get("/hello", name=f"{server.name}: before")
        with blocked.asking("blocked: load", f"/block/{block_s}"), waiting.asking("waiting: load", f"/sleep/{block_s}"):
            blocked.wait_for_log("WORKER TIMEOUT", deadline_s=32)
        for server in servers:
            server.get("/hello", name=f"{server.name}: after")


def workers(evidence: Evidence, name: str) -> list[str]:
    """Return which process gave each good answer."""
    return [one.process for one in evidence.answers(name) if one.status == HTTPStatus.OK and one.process]


def fate(server: str, evidence: Evidence) -> str:
    """Say whether the worker that answered before the load answers after it, or how it was killed."""
    before, load, after = (workers(evidence, f"{server}: {when}") for when in ("before", "load", "after"))
    record = evidence.server(server)
    if record and before and (killed := record.line_with("WORKER TIMEOUT", f"pid:{before[0]})")):
        return f"{killed}; it had answered {load.count(before[0])} requests"
    return "it lives" if before and before == after else "another one answers after the load, or none"


def pace(server: str, evidence: Evidence) -> str:
    """Say whether that worker answered all the time: ten requests, at half the possible pace or better."""
    before, loads = workers(evidence, f"{server}: before"), evidence.all_exchanges(f"{server}: load")
    count = sum(workers(evidence, f"{server}: load").count(one) for one in before)
    lasted_s = loads[-1].ended_s - loads[0].opened_s if loads else 0.0
    least = max(10, int(lasted_s / (blocks_s(evidence.version) + 0.02) / 2))
    return "all the time" if count >= least else f"{count} requests of at least {least}"


SCENARIO = Scenario(
    title="gunicorn kills a worker that works, because blocking requests delay its heartbeat",
    observe=observe,
    checks=(
        control("the idle worker", read=partial(fate, "idle"), owed="it lives"),
        control("the waiting worker", read=partial(fate, "waiting"), owed="it lives"),
        control("the load of the waiting worker", read=partial(pace, "waiting"), owed="all the time"),
        control("the load of the blocked worker", read=partial(pace, "blocked"), owed="all the time"),
        trigger(
            "the blocked worker",
            read=partial(fate, "blocked"),
            owed="it lives",
            failure=re.compile(r".*WORKER TIMEOUT.*; it had answered \d{2,} requests"),
            whatever_controls=True,
        ),
    ),
    applications=("ready.py",),
    variants=(Variant(name="gunicorn", companions=uvicorn.UNDER_GUNICORN),),
    pythons=uvicorn.PYTHONS,
    typical_s=36.0,
    deadline_s=180.0,
)
