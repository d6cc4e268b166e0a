"""Containers without an engine: where one is looked for, and what is said where none is."""

from __future__ import annotations

import datetime as dt
import socket
import sys
from pathlib import Path

import pytest

from harness.containers import engine
from harness.environments.backend import Request, Resolution
from harness.environments.store import Store
from harness.environments.uv import Uv
from harness.errors import EngineError
from tests.place import Fixed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="containers are for POSIX machines")


def test_engine_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Else on the first socket there is; podman's own counts."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2375")
    assert engine.address() == "tcp://127.0.0.1:2375"
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman" / "podman.sock").touch()
    usual = Path("/var/run/docker.sock")
    assert engine.address() == f"unix://{usual if usual.exists() else tmp_path / 'podman' / 'podman.sock'}"


def test_missing_engine_is_told_with_the_remedy(tmp_path: Path) -> None:
    """No socket; a socket behind which nobody is; one behind which is something else; another machine."""
    with pytest.raises(EngineError, match=r"no container engine at unix://.*; start one .*DOCKER_HOST"):
        engine.connect(f"unix://{tmp_path}/none")
    dead = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(dead))
    with pytest.raises(EngineError, match=r"leads nowhere.*start the engine, or say in DOCKER_HOST"):
        engine.connect(f"unix://{dead}")
    with pytest.raises(EngineError, match="on another machine, whose loopback cannot be reached"):
        engine.connect("ssh://somebody@elsewhere.invalid")


def test_no_right_to_the_socket_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the group that has it."""
    path = tmp_path / "s"
    path.touch()

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket.socket, "connect", refuse)  # root has every right
    with pytest.raises(EngineError, match=rf"no right to the container engine's socket {path}; join its group \w+"):
        engine.connect(f"unix://{path}")


def test_failure_of_the_engine_is_not_remembered(tmp_path: Path) -> None:
    """It says nothing about the release: the next call asks again."""
    store = Store(tmp_path, uv=Uv(lambda: Fixed("0" * 32, tmp_path)))
    request = _request()
    told: list[Exception] = [EngineError("no engine")]

    def resolve() -> Resolution:
        if told:
            raise told.pop()
        return Resolution(request=request, interpreter="/python", python_full="3.8.1", pins=())

    with pytest.raises(EngineError, match="no engine"):
        store.resolution(request, "3.8", resolve)
    assert store.resolution(request, "3.8", resolve).python_full == "3.8.1"


def _request() -> Request:
    day = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    return Request(subject="uvicorn", requirements=(), as_of=day, python="3.8", platform="docker:x")


@pytest.mark.parametrize(
    ("where", "known"),
    [
        ("unix:///run/docker.sock", True),
        ("tcp://127.0.0.1:2375", True),
        ("", False),
        ("/etc/passwd", False),
        ("unix:///run/docker.sock\nmore", False),
        ("file:///etc/passwd", False),
        (f"unix://{'x' * 2000}", False),
    ],
)
def test_address_of_an_engine_is_one(where: str, known: bool) -> None:  # noqa: FBT001 - a row of the table
    """What a file says is not taken as it is."""
    assert engine.is_address(where) is known


@pytest.mark.parametrize("where", ["tcp://localhost.example:1", "tcp://example/127.0.0.1", "http://127.0.0.1@example"])
def test_engine_whose_address_only_looks_like_this_machine_s_is_refused(where: str) -> None:
    """The host counts, not what else stands in the address."""
    with pytest.raises(EngineError, match="on another machine"):
        engine.connect(where)
