"""Containers without an engine: where one is looked for, what is said where none is, and the first process itself."""

from __future__ import annotations

import datetime as dt
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import pytest

import harness.containers
from harness.containers import engine
from harness.containers.contained import PUBLISHED, Contained
from harness.environments.backend import Request, Resolution
from harness.environments.store import Store
from harness.environments.uv import Uv
from harness.errors import EngineError
from harness.execution.ports import RANGE
from harness.processes.capture import Capture
from harness.reaper import reaper
from tests.place import Fixed

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="containers are for POSIX machines")
INIT = Path(harness.containers.__file__).with_name("init.py")
STOP = "\0stop 0123\0"
ECHO = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
while True:
    client, _ = listener.accept()
    data = client.recv(100)
    client.sendall(data.upper() * (1000000 if data == b"bye" else 1))
    if data == b"bye":
        sys.exit(7)
    client.close()
"""


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


def test_published_port_is_no_servers_port() -> None:
    """The first process listens on it beside the server."""
    assert PUBLISHED not in RANGE


def test_run_is_owned_as_long_as_its_lock_is_held(tmp_path: Path) -> None:
    """A run that is gone holds none; what is no run's folder, or not this user's, is not ours to judge."""
    folder = tmp_path / f"harness-run-{'0' * 32}"
    assert not reaper._is_owned(folder)
    folder.mkdir(mode=0o700)
    with filelock.FileLock(folder / "lock"):
        assert reaper._is_owned(folder)
    assert not reaper._is_owned(folder)
    folder.chmod(0o755)
    assert reaper._is_owned(folder)
    assert reaper._is_owned(tmp_path / "something-else")


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


class First:
    """The first process of a container, run as an ordinary one."""

    def __init__(self, folder: Path, *argv: str, port: int, console: bool = False) -> None:
        """Start it."""
        self.published, self.folder = free_port(), folder
        order = {
            "argv": argv,
            "env": {},
            "folder": str(folder),
            "port": port,
            "published": self.published,
            "stop": STOP,
        }
        self.process = subprocess.Popen(  # noqa: S603 - the program on test
            [sys.executable, "-I", "-S", str(INIT), json.dumps({**order, "console": console})],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def told(self) -> dict[str, Any]:
        """Return the next thing it reports."""
        assert self.process.stderr is not None
        said: dict[str, Any] = json.loads(self.process.stderr.readline())
        return said

    def printed(self) -> str:
        """Return the next line of the server's output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, data: bytes) -> bytes:
        """Send bytes to the published port and return what comes back until the end."""
        with socket.create_connection(("127.0.0.1", self.published), timeout=20) as connection:
            connection.sendall(data)
            received = b""
            while part := connection.recv(100_000):
                received += part
            return received


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[First]:
    """A first process with a server on loopback."""
    port = free_port()
    first = First(tmp_path, sys.executable, "-c", ECHO, str(port), port=port)
    with first.process:
        yield first
        first.process.kill()


def test_published_port_reaches_the_servers_loopback(echo: First) -> None:
    """Bytes both ways, and the end of the connection; the server's status is told."""
    assert echo.told()["started"] > 0
    assert echo.printed() == "listening"
    assert echo.ask(b"hello") == b"HELLO"
    assert echo.ask(b"bye") == b"BYE" * 1_000_000, "what a server sends last is passed on after its end"
    assert echo.told()["exit_status"] == 7


@pytest.mark.parametrize(("sent", "ends"), [("SIGTERM", "SIGTERM"), ("SIGUSR1", "SIGKILL")], ids=["asked", "made"])
def test_server_is_ended_by_the_signal_it_was_sent(echo: First, sent: str, ends: str) -> None:
    """The first process passes on the request to end, and outlives the server to tell."""
    echo.told()
    assert echo.printed() == "listening"
    echo.process.send_signal(signal.Signals[sent])
    assert echo.told()["exit_status"] == -signal.Signals[ends]


def test_what_was_printed_before_the_stop_is_told_apart(tmp_path: Path) -> None:
    """The first process writes a mark in between; a signal of a scenario is passed on by its number."""
    code = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGUSR2, lambda *_: os.write(1, b'heard\\n'))\n"  # may interrupt the print below
        "signal.signal(signal.SIGTERM, lambda *_: (print('after'), sys.exit()))\n"
        "print('before', flush=True)\n"
        "while True: time.sleep(0.05)\n"
    )
    first = First(tmp_path, sys.executable, "-c", code, port=free_port())
    with first.process:
        first.told()
        assert first.printed() == "before"
        first.process.send_signal(signal.SIGRTMIN + signal.SIGUSR2)
        assert first.printed() == "heard"
        first.process.send_signal(signal.SIGTERM)
        assert first.printed() == f"{STOP}after"
        assert first.told()["exit_status"] == 0


def test_a_stop_is_found_however_the_stream_is_cut() -> None:
    """Also where its mark comes in pieces, or the server prints something that begins like it."""
    mark = b"\0stop 0123\0"
    for printed in (b"before" + mark + b"after", b"\0stop before" + mark + b"after" + mark, mark, b"before\0stop 01"):
        before, _, after = printed.partition(mark)
        for place in range(len(printed) + 1):
            contained = Contained.__new__(Contained)
            contained.capture, contained._held, contained._stop, contained._asked = Capture(), b"", mark, True
            contained._take(printed[:place])
            contained._take(printed[place:])
            contained.capture.add(contained._held)
            assert (contained.capture.before, contained.capture.after) == (before.decode(), after.decode())


def test_nobody_listens(tmp_path: Path) -> None:
    """A connection is closed at once where the server does not listen."""
    first = First(
        tmp_path, sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)", port=free_port()
    )
    with first.process:
        first.told()
        assert first.printed() == "up"
        assert first.ask(b"") == b""
        first.process.send_signal(signal.SIGUSR1)
        assert first.told()["exit_status"] == -signal.SIGKILL


def test_program_that_is_not_there(tmp_path: Path) -> None:
    """It is told as the system tells it."""
    first = First(tmp_path, str(tmp_path / "none"), port=1)
    with first.process:
        told = first.told()
    assert told["reason"] == "No such file or directory"


def test_server_can_have_a_terminal(tmp_path: Path) -> None:
    """As its standard input."""
    code = "import os; print(os.isatty(0), os.isatty(1), flush=True)"
    first = First(tmp_path, sys.executable, "-c", code, port=1, console=True)
    with first.process:
        assert first.printed() == "True False"
        first.told()
        assert first.told()["exit_status"] == 0
