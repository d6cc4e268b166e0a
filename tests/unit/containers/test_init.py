"""The first process of a container, without a container."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import harness.containers

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


class First:
    """The first process of a container, run as an ordinary one."""

    def __init__(self, folder: Path, *argv: str, port: int = 1, **more: object) -> None:
        """Start it."""
        self.published, self.folder = free_port(), folder
        order = {
            "argv": argv,
            "env": {},
            "folder": str(folder),
            "address": ("127.0.0.1", port),
            "published": self.published,
            "inherits": False,
            "stdin": None,
            "console": False,
            "stop": STOP,
            "socket": str(folder / "socket"),
        }
        self.process = subprocess.Popen(  # noqa: S603 - the program on test
            [sys.executable, "-I", "-S", str(INIT), json.dumps({**order, **more})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def told(self) -> dict[str, Any]:
        """Return the next thing it reports."""
        assert self.process.stderr is not None
        said: dict[str, Any] = json.loads(self.process.stderr.readline())
        return said

    def asked(self, do: str, **about: object) -> dict[str, Any]:
        """Ask something and return the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"number": 7, "do": do, **about}) + "\n")
        self.process.stdin.flush()
        said = self.told()
        assert said.pop("answer") == 7
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
        assert first.asked("signal", pid=None, signal=signal.SIGUSR2) == {"sent": True}
        assert first.printed() == "heard"
        first.process.send_signal(signal.SIGTERM)
        assert first.printed() == f"{STOP}after"
        assert first.told()["exit_status"] == 0


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


def test_no_signal_is_ignored_because_the_first_process_ignores_it(tmp_path: Path) -> None:
    """An engine may have been started by a shell in the background."""
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, flush=True)"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        first = First(tmp_path, sys.executable, "-c", code)
    finally:
        signal.signal(signal.SIGINT, before)
    with first.process:
        assert first.printed() == "False"


@pytest.mark.parametrize("is_left", [False, True])
def test_whether_a_socket_was_left_is_told_with_the_end(tmp_path: Path, is_left: bool) -> None:  # noqa: FBT001 - a case
    """The container's files are gone by then."""
    path = str(tmp_path / "socket")
    code = (
        "import os, signal, socket, sys, time\n"
        f"signal.signal(signal.SIGUSR2, lambda *_: ({is_left} or os.unlink({path!r}), sys.exit()))\n"
        f"one = socket.socket(socket.AF_UNIX); one.bind({path!r}); print('bound', flush=True)\n"
        "while True: time.sleep(0.05)\n"
    )
    first = First(tmp_path, sys.executable, "-c", code)
    with first.process:
        first.told()
        assert first.printed() == "bound"
        assert first.asked("exists", path=path) == {"exists": True}
        assert first.asked("exists", path=str(tmp_path)) == {"exists": False}
        first.asked("signal", pid=None, signal=signal.SIGUSR2)
        assert first.told()["exists"] is is_left


@pytest.mark.parametrize("unix", [False, True])
def test_server_can_inherit_a_descriptor_that_listens(tmp_path: Path, unix: bool) -> None:  # noqa: FBT001 - a case
    """Its fourth."""
    address = str(tmp_path / "socket") if unix else ("127.0.0.1", free_port())
    code = (
        "import os, socket; print(sorted(os.listdir('/proc/self/fd')), flush=True)\n"
        "client, _ = socket.socket(fileno=3).accept(); client.recv(100)"
    )
    first = First(tmp_path, sys.executable, "-c", code, address=address, inherits=True)
    with first.process:
        first.told()
        assert first.printed() == "['0', '1', '2', '3', '4']"  # the last one lists the others
        assert first.asked("knock", address=address) == {"accepted": True}
        assert first.told()["exit_status"] == 0
        assert first.process.stderr is not None
        assert first.process.stderr.read() == ""
