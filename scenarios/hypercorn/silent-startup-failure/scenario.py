"""silent-startup-failure: a server serves on although its application said that it could not start.

``lifespan.startup.failed`` ends the server; its message is optional (ASGI, lifespan protocol). The affected releases
demand the message, and take their own KeyError for that of an application that knows no lifespan, and serve on.

Controls: a start that succeeds; a start that fails with a message, whose program ends and names the failed start in
its log. A program that ends for another reason does not name it. Until 0.10 a trio worker waits instead of serving.
Nothing is judged by time: the server is asked, for 60 s at most, until it answers or has ended.
"""

from harness import Scenario, Trial, at_least, control, trigger
from harness.subjects import hypercorn

LOUD, SILENT = "a start that fails with a message", "a start that fails without a message"
ASKED = "until it answers or has ended"


def observe(trial: Trial) -> None:
    """Start the server with each lifespan; where it lives on, make a request, else count what its log says of that."""
    with hypercorn.cli(trial, "ready", worker_class=trial.variant) as server:
        server.get("/hello", name="a start that succeeds")
    for name, lifespan in ((LOUD, "failed"), (SILENT, "failed-silently")):
        env = {"READY_LIFESPAN": lifespan}
        with hypercorn.cli(trial, "ready", worker_class=trial.variant, name=lifespan, env=env, ready=None) as server:
            trial.until(lambda: not server.is_running or bool(server.get("/hello", name=ASKED)), 60, every_s=1)
            if server.is_running:
                server.get("/hello", name=name)
            else:
                trial.record(name, server.lines_with("Lifespan failure in startup"))


SCENARIO = Scenario(
    title="a server serves on although its application said that it could not start",
    references=("hypercorn #97",),
    observe=observe,
    checks=(
        control("a start that succeeds", owed="200 b'hello'"),
        control(LOUD, owed=at_least(1)),
        trigger(SILENT, owed=at_least(1), failure="200 b'hello'"),
    ),
    applications=("ready.py",),
    variants=hypercorn.variants("asyncio", "trio"),
    pythons=hypercorn.PYTHONS,
    deadline_s=240.0,
)
