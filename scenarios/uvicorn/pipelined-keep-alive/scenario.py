"""pipelined-keep-alive: the keep-alive timer fires while a pipelined request is being answered.

Requirement
    A server that has received two pipelined requests answers both, in order, however long the second takes
    (RFC 9112, section 9.3.2). The keep-alive timeout limits how long a connection is idle, not an answer.
Trigger
    Both requests in one ``send``, the first answered at once, the second after `ANSWER_S`, with a keep-alive
    timeout of `KEEP_ALIVE_S`. The affected releases arm the timer when the first answer is complete although
    the second request already waits. One connection suffices; load, which the document asks for, does not matter.
Signature
    h11: an error from ``timeout_keep_alive_handler`` in the log and no second answer. httptools: the server
    closes the connection without the second answer; nothing is logged, so the bytes are the only evidence.
Controls
    The same two requests one after the other on one connection, and a pipelined pair answered at once. A release
    that never could pipeline (h11, up to 0.2.6) fails the second and is ``unhealthy``, not ``reproduced``.
Margin
    Timer and answer are timers of the same event loop, due at KEEP_ALIVE_S = 2 and ANSWER_S = 5 seconds after
    nearly the same moment. A starved loop runs them late but in the order they are due, so load cannot swap them;
    it can only delay the client's next request of the first control, which has 2 s on loopback. The driver waits
    WAIT_S = 20, four times the answer's time.

Started by its command line. The option ``--timeout-keep-alive`` came with the timer itself, in 0.2.21; earlier
releases have neither. Before 0.7 applications are ASGI 2. In 0.18.0 the command line breaks the h11 protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from harness import Check, Companion, Ended, Evidence, Heard, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness import Trial

KEEP_ALIVE_S = 2
ANSWER_S = 5
WAIT_S = 20
EARLY_S = 0.1  # how much before the timer's time a close still is the timer's, for the clocks of two processes

FIRST_WITH_COMMAND_LINE = Version("0.2.0")
FIRST_WITH_TIMER = Version("0.2.21")
FIRST_WITH_ASGI_3 = Version("0.7.0b1")
FIRST_WITH_ASGI_2 = Version("0.1.0")
FIRST_WITH_COROUTINES = Version("0.0.5")

ONE_BY_ONE = "two requests, one after the other"
AT_ONCE = "two pipelined requests, answered at once"
TRIGGER = "two pipelined requests, the second answered late"


def command(trial: Trial) -> tuple[str, ...]:
    """Return the arguments of the command line, as the release on trial has them."""
    if trial.version >= FIRST_WITH_ASGI_3:
        application = "application:asgi3"
    elif trial.version >= FIRST_WITH_ASGI_2:
        application = "application:ASGI2"
    elif trial.version >= FIRST_WITH_COROUTINES:
        application = "application:consumer"
    else:
        application = "application:function"
    if trial.version < FIRST_WITH_COMMAND_LINE:  # the program is gunicorn by another name
        return (application, "--bind", "127.0.0.1:{port}")
    timer = ("--timeout-keep-alive", str(KEEP_ALIVE_S)) if trial.version >= FIRST_WITH_TIMER else ()
    protocol = ("--http", trial.variant, "--loop", "asyncio")
    return (application, "--host", "127.0.0.1", "--port", "{port}", *protocol, *timer)


def request(path: str) -> bytes:
    """Return the bytes of one request."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def observe(trial: Trial) -> None:
    """Make the controls, then pull the trigger and wait for both answers or the end of the connection."""
    late = f"/{ANSWER_S}"
    with trial.server("uvicorn", "uvicorn", *command(trial), ready="/0") as server:
        with server.connect(ONE_BY_ONE) as connection:
            connection.send(request("/0"))
            connection.receive(answers=1, deadline_s=WAIT_S)
            connection.send(request("/0"))
            connection.receive(answers=2, deadline_s=WAIT_S)
        with server.connect(AT_ONCE) as connection:
            connection.send(request("/0") * 2)
            connection.receive(answers=2, deadline_s=ANSWER_S)
        with server.connect(TRIGGER) as connection:
            connection.send(request("/0") + request(late))
            connection.receive(answers=2, deadline_s=WAIT_S)


def judge(evidence: Evidence) -> Judgement:
    """Look for the lost second answer behind the timer, the controls having been answered."""
    quick, late = (200, b"answer to /0"), (200, f"answer to /{ANSWER_S}".encode())
    controls = [
        Check(name=name, expected=Heard.of(quick, quick), actual=evidence.heard(name)) for name in (ONE_BY_ONE, AT_ONCE)
    ]
    signature = None
    server, pair = evidence.server("uvicorn"), evidence.exchange(TRIGGER)
    lost = Heard.of(quick, then=Ended.BY_SERVER)
    if server and server.stopped_by != "itself" and pair and pair.heard == lost:
        logged = server.line_with("Exception in callback", "timeout_keep_alive_handler")
        timer_fired = pair.ended_s - pair.opened_s >= KEEP_ALIVE_S - EARLY_S
        if all(check.passed for check in controls) and timer_fired:
            signature = {"httptools": str(lost), "h11": logged and f"{logged}; {lost}"}[evidence.variant]
    requirement = Check(name=TRIGGER, expected=Heard.of(quick, late), actual=evidence.heard(TRIGGER))
    return conclude(signature=signature, controls=controls, requirement=requirement)


GUNICORN_NEEDS = Companion("setuptools<60", "<0.2")  # the program of these releases is gunicorn

SCENARIO = Scenario(
    title="the keep-alive timer ends a connection while a pipelined request is being answered",
    variants=(
        Variant(name="h11", companions=(GUNICORN_NEEDS,)),
        Variant(name="httptools", companions=("httptools", GUNICORN_NEEDS)),
    ),
    applications=("application.py",),
    pythons=(("<0.10", "3.6"), (">=0.10,<0.34", "3.8"), (">=0.34", "3.12")),
    observe=observe,
    judge=judge,
    typical_s=7.0,
    deadline_s=120.0,
)
