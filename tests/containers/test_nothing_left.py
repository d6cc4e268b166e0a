"""What a killed run leaves on the engine is removed, and nobody else's is."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.containers.engine import RunLabels

from .driving import DEBIAN, UBUNTU

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.containers.engine import Engine

    from .driving import Caller

pytestmark = pytest.mark.xdist_group("containers")
CELL = ("pipelined-keep-alive", "--server", "uvicorn==0.27.0", "--cell", "*_h11_*", "--python", "3.12")
PATIENCE_S = 120.0  # a bound against hanging for ever
IDLE = ("python3", "-c", "import time; time.sleep(600)")


@pytest.fixture
def others(engine: Engine, tmp_path: Path) -> Iterator[set[str]]:
    """What is on the engine and nobody's to remove: no label, another machine's run, a run that lives."""
    api = engine.api
    plain = {"someone": "else"}
    alive = {
        **RunLabels(mark="0" * 32, folder=tmp_path / f"harness-run-{'0' * 32}").labels,
        "harness.machine": "another",
    }
    made = []
    for number, labels in enumerate((plain, alive)):
        name = f"others-{os.getpid()}-{number}"
        api.create_container(UBUNTU, entrypoint=list(IDLE), name=name, labels=labels)
        api.start(name)
        api.create_network(name, labels=labels)
        api.create_volume(name, labels=labels)
        made.append(name)
    yield set(made)
    for name in made:
        api.remove_container(name, force=True)
        api.remove_network(name)
        api.remove_volume(name)


def of_the_run(left: Callable[..., list[str]], others: set[str]) -> list[str]:
    """Return what carries the label of a run, but the others'."""
    return [name for name in left() if name not in others]


def start_and_wait(caller: Caller, left: Callable[..., list[str]], others: set[str]) -> subprocess.Popen[str]:
    """Start a run and wait until its server's container is there."""
    caller.run(*CELL, "--platform", f"docker:{UBUNTU}")  # builds the environment, whose containers come and go
    running = caller.start("run", *CELL, "--platform", f"docker:{UBUNTU}", "--rerun", "--quiet")
    wait_until(lambda: len(of_the_run(left, others)) >= 2)
    return running


def wait_until(holds: Callable[[], object]) -> None:
    """Wait for what must come."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_run_leaves_nothing(caller: Caller, left: Callable[..., list[str]], others: set[str]) -> None:
    """On the engine or in the temporary folder."""
    caller.run(*CELL, "--platform", f"docker:{UBUNTU},docker:{DEBIAN}")
    assert of_the_run(left, others) == []
    assert list(caller.temporary.iterdir()) == []
    assert len(left("someone=else")) == 3


def test_interrupted_run_leaves_nothing(caller: Caller, left: Callable[..., list[str]], others: set[str]) -> None:
    """Ctrl-C removes what was running."""
    with start_and_wait(caller, left, others) as running:
        running.send_signal(signal.SIGINT)
        running.communicate()
    assert running.returncode == 130
    assert of_the_run(left, others) == []


def test_killed_run_is_cleaned_up_after(caller: Caller, left: Callable[..., list[str]], others: set[str]) -> None:
    """By its reaper, as soon as it is gone."""
    with start_and_wait(caller, left, others) as running:
        running.kill()
    wait_until(lambda: not of_the_run(left, others))
    assert len(left("someone=else")) == 3
    assert set(left("harness.machine=another")) == {max(others)}


@pytest.mark.parametrize("by", ["doctor", "the next run"])
def test_killed_with_its_reaper(by: str, caller: Caller, left: Callable[..., list[str]], others: set[str]) -> None:
    """What nobody was left to remove is removed by ``harness doctor --fix`` or the next run, and is told."""
    with start_and_wait(caller, left, others) as running:
        for one in (*psutil.Process(running.pid).children(recursive=True), psutil.Process(running.pid)):
            one.kill()
    assert of_the_run(left, others)
    if by == "doctor":
        done = caller.call("doctor", "--fix")
        assert "removed  container" in done.stdout
        assert "removed  network harness-" in done.stdout
    else:
        caller.call("run", *CELL, "--platform", f"docker:{UBUNTU}", "--quiet")
    assert of_the_run(left, others) == []
    assert list(caller.temporary.iterdir()) == []
    assert len(left("someone=else")) == 3
    assert set(left("harness.machine=another")) == {max(others)}


def test_running_run_is_left_alone(caller: Caller, left: Callable[..., list[str]], others: set[str]) -> None:
    """Somebody else's ``doctor --fix`` does not end it."""
    with start_and_wait(caller, left, others) as running:
        before = of_the_run(left, others)
        assert "removed" not in caller.call("doctor", "--fix").stdout
        assert set(before) <= set(of_the_run(left, others))
        running.communicate()
    assert running.returncode == 0
