"""reload-ends-the-server: with ``--reload`` the server ends upon the first change of a file.

The parent makes its sockets anew for each start of its worker. The affected release makes them while those of the last
start still listen on the port: the second start fails with "Address already in use", and the parent ends.

Margin: the reloader looks at the files each second, for the first time perhaps after the first answer: the change comes
5 s after that answer, and its effect is waited for 30 s. A change that came before the first look would show nothing.
"""

from harness import Scenario, Server, Trial, control, trigger
from harness.subjects import hypercorn

BEFORE, AFTER = "before the change", "after the change"


def observe(trial: Trial) -> None:
    """Change the application, and ask again as soon as the change shows or the server has ended."""
    with hypercorn.cli(trial, "application", reload=True) as server:
        server.get("/", name=BEFORE)
        trial.sleep(5)
        trial.edit("application.py", 'b"before"', 'b"changed"')
        trial.until(lambda: not server.is_running or _is_changed(server), deadline_s=30, every_s=0.5)
        if server.is_running:
            server.get("/", name=AFTER)
        else:
            server.exit(AFTER, deadline_s=1)


def _is_changed(server: Server) -> bool:
    answer = server.get("/", name="waiting for the change", deadline_s=5)
    return answer is not None and answer.body == b"changed"


SCENARIO = Scenario(
    title="with --reload the server ends upon the first change of a file",
    references=("hypercorn reload", "hypercorn #151"),
    observe=observe,
    checks=(
        control(BEFORE, owed="200 b'before'"),
        trigger(AFTER, owed="200 b'changed'", failure="exit 1", log="Address already in use"),
    ),
    applications=("application.py", "dialects.py"),
    variants=hypercorn.variants("asyncio"),
    pythons=(("<0.9", "3.7"), (">=0.9,<0.14", "3.8"), (">=0.14", "3.12")),
)
