"""pipelined-keep-alive: the keep-alive timer fires while a pipelined request is being answered.

A server that has received two pipelined requests owes both answers, in order, however long the second one takes
(RFC 9112, section 9.3.2); the keep-alive timeout limits how long a connection is idle. The affected releases arm the
timer when the first answer is complete although the second request waits already. One connection suffices; load, which
the document asks for, does not matter. h11 logs the error of the timer's handler; httptools closes and logs nothing.

Controls: a release that never could pipeline (h11, up to 0.2.6) fails the second one and is ``unhealthy``.
Margin: timer and answer are timers of one event loop, due 2 and 5 s after nearly the same moment. A starved loop runs
them late but in order, so that load cannot swap them. The client waits 20 s, four times the answer's time.

The timer's option came with the timer, in 0.2.21. In 0.18.0 the command line breaks the h11 protocol.
"""

from harness import Scenario, answers, control, request, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

QUICK, SLOW = request("GET", "/hello"), request("GET", "/sleep/5")

SCENARIO = Scenario(
    title="the keep-alive timer ends a connection while a pipelined request is being answered",
    references=("uvicorn #1637",),
    serve=lambda trial: uvicorn.cli(
        trial, "ready", http=where_known(trial.variant), loop=where_known("asyncio"), keep_alive_s=where_known(2)
    ),
    checks=(
        control("two requests, one after the other", QUICK, answers(1), QUICK, owed="200 b'hello', 200 b'hello'"),
        control("two pipelined requests, answered at once", QUICK, QUICK, owed="200 b'hello', 200 b'hello'"),
        trigger(
            *("two pipelined requests, the second answered late", QUICK, SLOW, answers(2, within_s=20)),
            owed="200 b'hello', 200 b'slept 5'",
            failure="200 b'hello', then closed by server",
            log={"h11": ("Exception in callback", "timeout_keep_alive_handler")},
            after_s=1.9,  # the timer's 2 s, less what the clocks of two processes may differ
        ),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("h11", "httptools"),
    pythons=uvicorn.PYTHONS,
    typical_s=7.0,
)
