"""wsproto-without-packaging: a server with wsproto beside it ends at its start.

The affected release imports ``packaging`` where it uses wsproto, and does not require it. It ends before it listens,
wherever no other package has brought ``packaging`` along; none that is installed here does. ``--ws auto`` chooses
wsproto in the same way where websockets is not installed.

Control: the same server without WebSockets.
"""

from harness import Scenario, Trial, control, trigger
from harness.subjects import uvicorn

WITH, WITHOUT = "a server with wsproto", "a server without WebSockets"


def observe(trial: Trial) -> None:
    """Start the server with either option, and make a request."""
    for name, ws in ((WITHOUT, "none"), (WITH, "wsproto")):
        with uvicorn.cli(trial, "ready", name=name, http="h11", ws=ws) as server:
            server.get("/hello", name=name)


SCENARIO = Scenario(
    title="a server with wsproto beside it ends at its start",
    references=("uvicorn #1359", "uvicorn #1358"),
    observe=observe,
    checks=(
        control(WITHOUT, owed="200 b'hello'"),
        trigger(WITH, owed="200 b'hello'", failure="exit 1", log="ModuleNotFoundError: No module named 'packaging'"),
    ),
    applications=("ready.py",),
    variants=uvicorn.variants("wsproto"),
    pythons=uvicorn.PYTHONS,
)
