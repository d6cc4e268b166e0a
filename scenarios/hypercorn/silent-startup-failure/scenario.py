"""silent-startup-failure: a server lives on although its application said that it could not start.

``lifespan.startup.failed`` ends the server; its message is optional (ASGI, lifespan protocol). The affected releases
demand the message, and take their own KeyError for that of an application that knows no lifespan, without which they
serve on.

Controls: a start that succeeds, and one that fails with a message, which ends the program, with 0 or 1 by release.
Margin: a program whose start fails ends within 5 s on a busy machine. One that still runs after 10 s shows the failure
by its answer alone; where it does not answer, it may be slow.
"""

import re

from harness import Scenario, Trial, control, trigger
from harness.subjects import hypercorn

LOUD, SILENT = "a start that fails with a message", "a start that fails without a message"
ENDED = re.compile(r"exit \d+")


def observe(trial: Trial) -> None:
    """Start the server with each lifespan, and make a request where a start that fails does not end the server."""
    with hypercorn.cli(trial, "ready", worker_class=trial.variant) as server:
        server.get("/hello", name="a start that succeeds")
    for name, lifespan in ((LOUD, "failed"), (SILENT, "failed-silently")):
        env = {"READY_LIFESPAN": lifespan}
        with hypercorn.cli(trial, "ready", worker_class=trial.variant, name=lifespan, env=env, ready=None) as server:
            if server.exit(name, deadline_s=10) is None:
                server.get("/hello", name=name)


SCENARIO = Scenario(
    title="a server lives on after a start that failed without a message",
    references=("hypercorn #97",),
    observe=observe,
    checks=(
        control("a start that succeeds", owed="200 b'hello'"),
        control(LOUD, owed=ENDED),
        trigger(SILENT, owed=ENDED, failure="200 b'hello'"),
    ),
    applications=("ready.py",),
    variants=hypercorn.variants("asyncio", "trio"),
    pythons=hypercorn.PYTHONS,
)
