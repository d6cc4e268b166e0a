"""body-of-412: the body of an answer with status 412 is never sent, though its length is.

Requirement
    An answer with status 412 has a body like any other: answers to HEAD, 2xx to CONNECT, 1xx, 204 and 304 alone have
    none (RFC 9112, section 6.3). The server owes the application's body.
Trigger
    The application answers 412 with a body of four bytes. The control answers 413 with the same body, and nothing else
    differs.
Signature
    The whole head of an answer with status 412 and ``Content-Length: 4``, not one byte of a body, and the server, which
    lives on, closes the connection. A text cannot say that: the head has a date and the number of a process.
"""

import re

from harness import Check, Ended, Evidence, Heard, Judgement, Scenario, Trial, Variant, conclude
from harness.subjects import hypercorn

ORDINARY = "413 with a body"
TRIGGER = "412 with a body"
HEAD = re.compile(rb"HTTP/1\.1 412 [^\r\n]*\r\n(?:[^\r\n]+\r\n)*?(?i:content-length): 4\r\n(?:[^\r\n]+\r\n)*\r\n")


def observe(trial: Trial) -> None:
    """Make the exchanges of the control and of the trigger."""
    with hypercorn.cli(trial, "ready") as server:
        server.get("/status/413?body", name=ORDINARY)
        server.get("/status/412?body", name=TRIGGER)


def judge(evidence: Evidence) -> Judgement:
    """Judge what came back."""
    heard, server = evidence.heard(TRIGGER), evidence.server("hypercorn")
    is_head_alone = not heard.replies and HEAD.fullmatch(heard.torn) and heard.then is Ended.BY_SERVER
    lived_on = server is not None and server.stopped_by != "itself"
    signature = "412 with Content-Length: 4 and no body, then closed by server"
    return conclude(
        signature=signature if is_head_alone and lived_on else None,
        controls=[Check(name=ORDINARY, expected=Heard.of((413, b"body")), actual=evidence.heard(ORDINARY))],
        requirement=Check(name=TRIGGER, expected=Heard.of((412, b"body")), actual=heard),
    )


SCENARIO = Scenario(
    title="the body of an answer with status 412 is never sent, though its length is",
    references=("hypercorn 412",),
    observe=observe,
    judge=judge,
    variants=(Variant(companions=hypercorn.COMPANIONS),),
    applications=("ready.py",),
    pythons=hypercorn.PYTHONS,
)
