"""reload-outside-reload-dir: a change outside of all reload directories restarts the server.

``--reload-dir`` names the directories to watch instead of the current one. Where ``watchfiles`` is installed, the
affected releases watch the current one as well. Before 0.18 ``watchgod`` has the place of ``watchfiles``.

The order decides, not a time: the log names each file whose change restarts the server. Changes inside, before and
after the one outside, are there in every release (control). SETTLE_S is eight times the pause of the slowest reloader.
"""

from harness import Companion, Scenario, Server, Trial, Variant, at_least, control, trigger
from harness.subjects import uvicorn

SETTLE_S, RESTARTED_S = 2.0, 10
WATCHERS = (Companion("watchgod", "<0.18"), Companion("watchfiles", ">=0.18"))


def change(trial: Trial, server: Server, folder: str) -> None:
    """Change a file, and wait for the server to start again."""
    trial.sleep(SETTLE_S)
    starts = server.lines_with("ready: lifespan.startup")
    trial.edit(f"{folder}/module.py", "changes = ", "changes = 1 + ")
    trial.until(lambda: server.lines_with("ready: lifespan.startup") > starts, deadline_s=RESTARTED_S)


def observe(trial: Trial) -> None:
    """Change a file inside, one outside, and the one inside again."""
    for folder in ("inside", "outside"):
        (trial.folder / folder).mkdir()
        (trial.folder / folder / "module.py").write_text("changes = 0\n")
    with uvicorn.cli(trial, "ready", reload=True, reload_dir="inside") as server:
        for folder in ("inside", "outside", "inside"):
            change(trial, server, folder)
        trial.record("restarts for a change inside", server.lines_with("Reloading", "inside/module.py"))
        trial.record("restarts for a change outside", server.lines_with("Reloading", "outside/module.py"))


SCENARIO = Scenario(
    title="in spite of '--reload-dir' a change anywhere below the current directory restarts the server",
    references=("uvicorn #2598", "uvicorn #2666", "uvicorn #1326"),
    observe=observe,
    checks=(
        control("restarts for a change inside", owed=at_least(2)),
        trigger("restarts for a change outside", owed="0", failure=at_least(1)),
    ),
    applications=("ready.py",),
    variants=(Variant(name="watchfiles", companions=WATCHERS),),
    pythons=uvicorn.PYTHONS,
)
