"""winerror87-reload: after the first reload on Windows the server accepts no connection any more.

The reloader hands the listening socket to each process that it spawns; the second one attaches it to another completion
port than the first, which is error 87, and the next request hangs. The event loop must be asyncio's Proactor loop: the
default of Python 3.8 and later on Windows, and on 3.7 what uvicorn 0.9.1 to 0.10.8 chose.

Margin: the reloader looks four times a second, and has 1.5 s to note the file's time before it changes. The error or
the changed answer came 2.5 s after the change (median of 155 cells under Wine, at most 16 s with both cores busy); 60 s
is four times the most. An unaffected server answers within 0.05 s where 5 s are waited; a slow answer alone, without
the error, is not the failure.
"""

from harness import Scenario, Trial, Variant, control, trigger
from harness.subjects import uvicorn
from harness.subjects.windows import ERROR_87


def observe(trial: Trial) -> None:
    """Ask, change the application, and ask until the change or the error shows."""
    with uvicorn.cli(trial, "ready", "--reload", ready_s=60) as server:  # before 0.5.0 the program refuses the word

        def is_over() -> bool:
            answer = server.get("/hello", name="waiting for the change", deadline_s=1)
            is_changed = answer is not None and answer.body == b"changed"
            return is_changed or not server.is_running or "WinError 87" in server.log

        server.get("/hello", name="before the change")
        trial.sleep(1.5)
        trial.record("errors before the change", server.lines_with("WinError 87"))
        trial.edit("ready_http.py", 'b"hello"', 'b"changed"')
        trial.until(is_over, deadline_s=60, every_s=0.2)
        server.get("/hello", name="after the change", deadline_s=5)


SCENARIO = Scenario(
    title="on Windows, after the first reload the server accepts no connection any more",
    observe=observe,
    checks=(
        control("before the change", owed="200 b'hello'"),
        control("errors before the change", owed="0"),
        trigger("after the change", owed="200 b'changed'", failure="then deadline", log=ERROR_87),
    ),
    applications=("ready.py",),
    variants=(Variant(name="cli"),),
    platforms=("windows",),
    pythons=uvicorn.PYTHONS_OF_WINDOWS,
    typical_s=12.0,
    deadline_s=240.0,
)
