"""Kinds 2, 3 and 7: every process of a run ends with it, whatever it does, and sees nothing of the caller's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.minimatrix import packages
from tests.minimatrix.driving import PATIENCE_S, PYTHON

if TYPE_CHECKING:
    from tests.minimatrix.driving import User

    from .conftest import Seen

SCENARIOS = Path(__file__).parent / "scenarios" / "processes"
NAMESPACES = pytest.mark.skipif(os.geteuid() != 0, reason="a process namespace is root's")
# The call, then the command lines of all that is left in the namespace.
STORM = """
"$@" > document.json 2> told; echo "status $?"
for one in /proc/[0-9]*; do tr '\\0' ' ' < $one/cmdline; echo; done
"""


def selection(variant: str) -> list[str]:
    """Return the call that runs one variant on a release that does nothing wrong itself."""
    chosen = ["--scenarios", str(SCENARIOS), "--server", "toyserver==1.1", "--python", PYTHON]
    return ["run", "processes", *chosen, "--cell", f"*_{variant}_*", "--format", "json"]


def cell(document: str) -> dict[str, Any]:
    """Return the only cell of a printed document."""
    (found,) = json.loads(document)["cells"]
    assert isinstance(found, dict)
    return found


@NAMESPACES
@pytest.mark.fault(3, "64 processes without environment that replace themselves every 10 ms")
def test_a_storm_of_processes_is_over_with_the_trial(user: User, seen: Seen) -> None:
    """None lives on when the verdict is there; in a process namespace of its own, which ends them otherwise."""
    called = user.call(*selection("kills-its-parent"), "--trials", "1")  # builds the environment out of the storm
    argv = ["unshare", "--pid", "--fork", "--mount-proc", "--mount", "/bin/sh", "-c", STORM, "sh"]
    done = subprocess.run(  # noqa: S603 - the program that is tested
        [*argv, sys.executable, "-m", "harness", *selection("storm")],
        env=user.environment(),
        cwd=user.folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    told = (user.folder / "told").read_text()
    assert done.stdout.startswith("status 0\n"), told
    assert "one-of-a-storm" not in done.stdout
    assert cell((user.folder / "document.json").read_text())["verdict"] == "absent"
    seen("all of them end with the server; the verdict stands")
    assert called.status == 3


@pytest.mark.fault(1, "a server that kills its parent")
def test_a_server_that_kills_its_parent(user: User, seen: Seen) -> None:
    """That is not the harness; the cell shows nothing, and says why."""
    called = user.call(*selection("kills-its-parent"))
    assert called.status == 3, called.stderr
    assert cell(called.stdout)["verdict"] == "environment-failed"
    assert "was killed by somebody else" in cell(called.stdout)["reason"]
    assert user.left() == []
    seen("the cell is environment-failed and says so; nothing is left", called)


@pytest.mark.fault(3, "kill -9 while an orphan without environment runs")
def test_an_orphan_without_environment_ends_with_a_run_that_is_killed(user: User, seen: Seen) -> None:
    """Neither mark nor parent leads to it."""
    with user.start(*selection("disowns")) as running:
        end = time.monotonic() + PATIENCE_S
        while not user.started():
            assert time.monotonic() < end, "it never started"
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.communicate()
    ((orphan, _),) = user.started()
    assert user.left_in_the_end() == []
    assert not psutil.pid_exists(orphan)
    seen("it ends too, and the run's folder goes")


@pytest.mark.fault(2, "a build that prints the environment it has")
def test_a_build_sees_no_token_of_the_caller(user: User, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has what a build needs: programs, a home, proxies, certificates, the index."""
    project = packages.project(user.folder / "project", "3.0")
    with (project / "setup.py").open("a") as file:
        file.write(
            f"import json, os\nopen({str(user.folder / 'seen.json')!r}, 'w').write(json.dumps(dict(os.environ)))\n"
        )
    theirs = {"GITHUB_TOKEN": "secret", "AWS_SECRET_ACCESS_KEY": "secret", "UV_PUBLISH_TOKEN": "secret"}
    environment = {**user.environment(), **theirs, "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    monkeypatch.setattr(type(user), "environment", lambda _: environment)
    called = user.call("run", *user.selection, "--server", "./project", "--format", "json")
    assert cell(called.stdout)["verdict"] == "absent", called.stderr
    told = json.loads((user.folder / "seen.json").read_text())
    assert "secret" not in told.values()
    assert {"PATH", "HOME", "HTTPS_PROXY", "NO_PROXY"} <= told.keys()
    seen("it has programs, a home, proxies, certificates and the index, and nothing else of the caller's", called)
