"""hostile-answers: what a server may send, each as a variant, with what is owed of the client."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness import Check, Ended, Evidence, Heard, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness import Trial

DEADLINE_S = 1.0
LATEST_S = 3.0  # a deadline of a second, on a machine whose cores are busy

HELLO = Heard.of((200, b"hello"))
EXPECTED = {
    "endless": None,
    "endless-chunked": None,
    "endless-head": None,
    "endless-answers": None,
    "unpacks": None,
    "drip": None,
    "sixty": None,
    "plain-as-gzip": HELLO,
    "long": Heard.of((200, b"x" * 5_000_000)),
    "to-the-end": HELLO,
    "head": Heard.of((200, b"")),
}


def observe(trial: Trial) -> None:
    """Ask once, and say how long that took."""
    with trial.server("hostile", "python", "hostile_application.py", "{port}") as server:
        server.get("/", name="hello")
        began = time.monotonic()
        if trial.variant in {"sixty", "endless-answers"}:
            with server.connect("answer") as connection:
                connection.send(f"GET /{trial.variant} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                connection.receive(answers=10**9, deadline_s=DEADLINE_S)
        else:
            method = "HEAD" if trial.variant == "head" else "GET"
            # What ends by itself is given the time of a busy machine; what never ends, a deadline that it has to meet.
            deadline_s = DEADLINE_S if EXPECTED[trial.variant] is None else 30.0
            server.request(method, f"/{trial.variant}", name="answer", deadline_s=deadline_s)
        trial.record("took, s", round(time.monotonic() - began, 2))


def judge(evidence: Evidence) -> Judgement:
    """Demand the right answer, or the deadline and nothing that is taken for a whole answer."""
    heard, took_s = evidence.heard("answer"), evidence.facts["took, s"]
    expected = EXPECTED[evidence.variant]
    if expected is None:
        in_time = isinstance(took_s, float) and took_s < LATEST_S
        gave_up = heard.then in {Ended.DEADLINE, Ended.NOT_HTTP} or evidence.variant == "unpacks"
        return conclude(
            signature=None,
            controls=[Check(name="hello", expected=HELLO, actual=evidence.heard("hello"))],
            requirement=Check(name="it is given up in time", expected=(True, True), actual=(in_time, gave_up)),
        )
    return conclude(
        signature=None,
        controls=[Check(name="hello", expected=HELLO, actual=evidence.heard("hello"))],
        requirement=Check(name="the answer", expected=expected, actual=heard),
    )


SCENARIO = Scenario(
    id="hostile-answers",
    title="a server sends what it should not",
    subject="toyserver",
    variants=tuple(Variant(name=name) for name in EXPECTED),
    applications=("hostile_application.py",),
    observe=observe,
    judge=judge,
    typical_s=2.0,
)
