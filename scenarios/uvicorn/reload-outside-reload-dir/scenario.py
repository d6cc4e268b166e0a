"""reload-outside-reload-dir: a change outside of all reload directories restarts the server.

``--reload-dir`` names the directories to watch instead of the current one. Where ``watchfiles`` is installed, the
affected releases watch the current one as well. Before 0.18 ``watchgod`` has the place of ``watchfiles``.

The order decides, not a time: the log names each file whose change restarts the server. The changes inside, before and
after the one outside, are there in every release (controls). SETTLE_S gives a watcher, which looks several times a
second, the time to begin.
"""

from harness import Companion, Scenario, Trial, Variant, at_least, control, trigger
from harness.subjects import uvicorn

SETTLE_S, NOTICED_S = 2, 10
FILES = ("inside/first.py", "outside/second.py", "inside/third.py")
WATCHERS = (Companion("watchgod", "<0.18"), Companion("watchfiles", ">=0.18"))


def observe(trial: Trial) -> None:
    """Change the files one after the other, and count the restarts that name each of them."""
    for file in FILES:
        (trial.folder / file).parent.mkdir(exist_ok=True)
        (trial.folder / file).write_text("number = 1\n")
    with uvicorn.cli(trial, "ready", reload=True, reload_dir="inside") as server:
        for file in FILES:
            trial.sleep(SETTLE_S)
            trial.edit(file, "1", "2")
            server.wait_for_log("Reloading", file, deadline_s=NOTICED_S)
        for file in FILES:
            trial.record(file, server.lines_with("Reloading", file))


SCENARIO = Scenario(
    title="in spite of '--reload-dir' a change anywhere below the current directory restarts the server",
    references=("uvicorn #2598", "uvicorn #2666", "uvicorn #1326"),
    observe=observe,
    checks=(
        control("inside/first.py", owed=at_least(1)),
        trigger("outside/second.py", owed="0", failure=at_least(1)),
        control("inside/third.py", owed=at_least(1)),
    ),
    applications=("ready.py",),
    variants=(Variant(name="watchfiles", companions=WATCHERS),),
    pythons=uvicorn.PYTHONS,
)
