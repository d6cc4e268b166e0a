"""failed-start-exits-0: whoever starts the server takes a start that failed for a server that ended in order.

The application says ``lifespan.startup.failed``. The affected releases log that and end, with the status 0, so that a
service manager does not start them again. Without ``--lifespan on`` releases before 0.7.2 take the message for the
mistake of an application that knows no lifespan, and serve.

No time decides: a server that still runs after EXIT_S shows neither what is owed nor the failure.
"""

from harness import Scenario, Trial, control, trigger
from harness.subjects import uvicorn
from harness.subjects.options import where_known

EXIT_S = 30


def observe(trial: Trial) -> None:
    """Start the same application twice; the second time it says that it cannot."""
    with uvicorn.cli(trial, "ready", lifespan=where_known("on")) as server:
        server.get("/hello", name="a start that succeeds")
    failed = {"READY_LIFESPAN": "failed"}
    with uvicorn.cli(trial, "ready", lifespan=where_known("on"), name="failing", env=failed, ready=None) as server:
        server.exit("a start that fails", deadline_s=EXIT_S)


SCENARIO = Scenario(
    title="a server whose start failed ends with the status 0",
    references=("uvicorn #1278", "uvicorn #780"),
    observe=observe,
    checks=(
        control("a start that succeeds", owed="200 b'hello'"),
        trigger("a start that fails", owed="exit 3", failure="exit 0", log="startup failed. Exiting."),
    ),
    applications=("ready.py",),
    pythons=uvicorn.PYTHONS,
)
