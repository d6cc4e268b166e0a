"""spin-after-cut-chunk: a client that leaves after the data of a chunk keeps a worker busy for ever.

Two more bytes end a chunk. The affected releases ask for them until they have two; a client that has left gives none,
at once and each time. The arbiter takes no notice: another thread of gthread's reports, and sync has ``timeout_s``.
Margin: with a worker that waits gunicorn uses 0.11 s of processor in 75 s. A worker that spins has 70 s, of which 10 s
are the next request's, to bring that to 2 s: thirty busy programs may share a core.
"""

from harness import Check, Ended, Evidence, Heard, Judgement, Scenario, Trial, conclude
from harness.subjects import gunicorn

WHOLE, CUT, NEXT, USED, ENOUGH_S = "a whole chunk", "a cut chunk", "the next request", "after it", 2.0


def observe(trial: Trial) -> None:
    """Cut a chunk, and see what the worker does instead of answering the next request."""
    chunked = (("Transfer-Encoding", "chunked"),)
    with gunicorn.cli(trial, "ready", worker_class=trial.variant, threads=1, timeout_s=120) as server:
        server.request("POST", "/read", name=WHOLE, headers=chunked, body=b"5\r\nhello\r\n0\r\n\r\n")
        server.request("POST", "/read", name=CUT, headers=chunked, body=b"5\r\nhello", deadline_s=0.2)
        if server.get("/hello", name=NEXT) is None:
            trial.until(lambda: sum(one.processor_s for one in server.children()) >= ENOUGH_S, deadline_s=60)
        server.look(USED)


def judge(evidence: Evidence) -> Judgement:
    """Return ``reproduced`` where the worker is busy and the next request is not answered."""
    following, look = evidence.heard(NEXT), evidence.look(USED)
    spins = following == Heard(then=Ended.DEADLINE) and look and look.total.processor_s >= ENOUGH_S
    return conclude(
        signature=f"no answer after a client had left, and {look}" if spins else None,
        controls=[Check(name=WHOLE, expected=Heard.of((200, b"read 5 bytes")), actual=evidence.heard(WHOLE))],
        requirement=Check(name=NEXT, expected=Heard.of((200, b"hello")), actual=following),
    )


SCENARIO = Scenario(
    title="a client that leaves after the data of a chunk keeps a worker busy for ever",
    references=("gunicorn #2688/#2684", "gunicorn #2688", "gunicorn #2684"),
    observe=observe,
    judge=judge,
    applications=("ready.py",),
    pythons=gunicorn.PYTHONS,
    variants=gunicorn.variants("sync", "gthread"),
)
