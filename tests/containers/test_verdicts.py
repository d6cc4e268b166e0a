"""The same cells on the machine itself and in containers of two distributions: the same verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.environments import interpreters

from .driving import DEBIAN, UBUNTU

if TYPE_CHECKING:
    from harness.containers.engine import Engine

    from .driving import Caller

pytestmark = pytest.mark.xdist_group("containers")
PLATFORMS = ("linux", f"docker:{DEBIAN}", f"docker:{UBUNTU}")
# For each of the three scenarios a release that has the failure and one that has not, the first that has not.
ON_HOST = {
    ("pipelined-keep-alive", "h11", "0.2.20"): "absent",
    ("pipelined-keep-alive", "h11", "0.2.21"): "reproduced",
    ("pipelined-keep-alive", "httptools", "0.2.20"): "absent",
    ("pipelined-keep-alive", "httptools", "0.2.21"): "reproduced",
    ("preload-closed-loop", "preload", "0.3.32"): "reproduced",
    ("preload-closed-loop", "preload", "0.4.4"): "absent",
    ("starved-heartbeat", "gunicorn", "0.11.4"): "reproduced",
    ("starved-heartbeat", "gunicorn", "0.11.5"): "absent",
}


@pytest.mark.usefixtures("engine")
def test_linux_scenarios_give_the_verdicts_of_the_host(caller: Caller) -> None:
    """All cells alike on all three platforms, on the Python of the older releases' own day."""
    if "3.7" not in interpreters.installed():
        pytest.skip(f"no CPython 3.7 on this machine; {interpreters.remedy('3.7')}")
    scenarios = dict.fromkeys(scenario for scenario, _, _ in ON_HOST)
    servers = dict.fromkeys(f"uvicorn=={version}" for _, _, version in ON_HOST)
    selection = [part for server in servers for part in ("--server", server)]
    for scenario, variant, version in ON_HOST:
        selection += ["--cell", f"{scenario}_{variant}_uvicorn-{version}_*"]
    cells = caller.run(*scenarios, *selection, "--python", "3.7", "--platform", ",".join(PLATFORMS))
    for platform in PLATFORMS:
        there = [cell for cell in cells if cell["platform"] == platform]
        found = {(cell["scenario"], cell["variant"], cell["version"]): cell["verdict"] for cell in there}
        assert found == ON_HOST, [(cell["id"], cell["reason"]) for cell in there if cell["reason"]]


def test_own_python_of_a_distribution(engine: Engine, caller: Caller) -> None:
    """What ran says which image it was and which Python; the evidence says where."""
    select = ("pipelined-keep-alive", "--server", "uvicorn==0.27.0", "--cell", "*_h11_*", "--python", "3.12")
    (cell,) = caller.run(*select, "--platform", f"docker:{UBUNTU}")
    assert (cell["verdict"], cell["platform"]) == ("reproduced", f"docker:{UBUNTU}")
    assert cell["python_full"].startswith("3.12.")
    image = engine.image(UBUNTU)["Id"].removeprefix("sha256:")[:12]
    assert cell["environment"]["runtime"] == f"image {UBUNTU} ({image})"
    shown = caller.call("show", cell["id"]).stdout
    assert "Exception in callback H11Protocol.timeout_keep_alive_handler()" in shown
    assert "ended    by SIGTERM, status 0" in shown
