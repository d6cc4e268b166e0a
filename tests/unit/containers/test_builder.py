"""A container to build in: what is said of a program that takes too long."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from harness.containers.builder import Builder
from harness.containers.engine import Engine, RunLabels
from harness.errors import EngineError

if TYPE_CHECKING:
    from harness.processes.process import Completed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="containers are for POSIX machines")


def run(*, ends: bool, deadline_s: float) -> Completed:
    """Run a program in a container that is going when the engine is asked how the program ended (409)."""
    from docker.errors import APIError  # noqa: PLC0415 - see `harness.containers.engine.connect`

    client, removed = mock.MagicMock(), threading.Event()
    client.api.remove_container.side_effect = lambda *_, **__: removed.set()
    client.api.exec_start.side_effect = lambda *_: b"" if ends or removed.wait(30) else b"never removed"
    client.api.exec_inspect.side_effect = APIError("conflict", explanation="Container c is not running")
    engine = Engine(client, "here", told={"Version": "1"})
    labels = RunLabels(mark="0" * 32, folder=Path("/run"))
    with Builder(engine, labels, "image", python="/python", uv=Path("/uv")) as builder:
        return builder.run(("python",), env={}, deadline_s=deadline_s)


def test_program_that_takes_too_long_has_no_exit_status() -> None:
    """Whatever the engine says of the container that is removed because of that."""
    assert run(ends=False, deadline_s=0.05).exit_status is None


def test_container_that_is_gone_before_the_deadline_is_told() -> None:
    """Nothing was too slow then."""
    with pytest.raises(EngineError, match="does not run 'python' in a container: Container c is not running"):
        run(ends=True, deadline_s=30)
