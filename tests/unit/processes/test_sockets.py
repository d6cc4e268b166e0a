"""What a server is reached at on this machine, and what a program is given: input, descriptors."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.model.addresses import Tcp, Unix
from harness.processes import listening, process, sockets
from harness.processes.marks import new_mark

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither Unix sockets nor inherited descriptors")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the number of the descriptor is Linux's")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_reached(host: str, tmp_path: Path) -> None:
    """By any of its addresses."""
    assert sockets.on_machine(Tcp(host=host, port=80), tmp_path) == (host, 80)


@pytest.mark.parametrize("host", ["192.0.2.1", "::", "0.0.0.0", "example.org", "", "2001:db8::1"])  # noqa: S104 - refused
def test_nothing_else_is_reached(host: str, tmp_path: Path) -> None:
    """No trial speaks to another machine."""
    with pytest.raises(HarnessError, match="is no address on loopback"):
        sockets.on_machine(Tcp(host=host, port=80), tmp_path)


@POSIX
def test_path_that_no_socket_can_have_is_refused(tmp_path: Path) -> None:
    """In one line, before anything starts; the longest path that there can be is one."""
    room = sockets.MOST_OF_PATH - len(os.fsencode(tmp_path)) - 1
    path = sockets.on_machine(Unix(name="s" * room), tmp_path)
    with sockets.listener(path):
        assert sockets.accepts(path)
    with pytest.raises(HarnessError, match=f"at most {sockets.MOST_OF_PATH} bytes, .* has more"):
        sockets.on_machine(Unix(name="s" * (room + 1)), tmp_path)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../b", "a\0b"])
def test_socket_lies_in_the_folder(name: str, tmp_path: Path) -> None:
    """And nowhere else."""
    with pytest.raises(HarnessError, match="is no name of a Unix socket"):
        sockets.on_machine(Unix(name=name), tmp_path)


@LINUX
@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_program_inherits_a_descriptor_and_nobody_else_keeps_it(kind: str, tmp_path: Path) -> None:
    """The program has it as its fourth; when the program has ended, a client meets nobody."""
    address = ("127.0.0.1", free_port()) if kind == "tcp" else str(tmp_path / "socket")
    code = "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))), flush=True); os.read(0, 1)"
    reading, writing = os.pipe()
    os.close(writing)
    with sockets.listener(address) as listener:
        started = process.Process(
            [sys.executable, "-S", "-c", code + "\nimport time; time.sleep(60)"],
            env={},
            cwd=tmp_path,
            mark=new_mark(),
            inherited=listener,
        )
    os.close(reading)
    until_printed(started, "]")
    assert started.capture.text == "[0, 1, 2, 3, 4]\n"  # the last one lists the others
    assert sockets.accepts(address)
    if not isinstance(address, str):
        assert started.listening() == (address[1],)
    started.stop(grace_s=0)
    started.end()
    started.close()
    assert not sockets.accepts(address)


@POSIX
@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 300_000])
def test_program_reads_what_it_is_given(size: int, tmp_path: Path) -> None:
    """To the end of the file; nothing is left, whether the program reads or not."""
    before, threads = descriptors(), threading.active_count()
    for code in ("import sys; print(len(sys.stdin.buffer.read()))", "print(0)"):
        started = process.Process(
            [sys.executable, "-S", "-c", code], env={}, cwd=tmp_path, mark=new_mark(), stdin=b"x" * size
        )
        assert started.wait(30) == 0
        started.stop(grace_s=0)
        started.end()
        started.close()
        assert started.capture.text == f"{size if 'read' in code else 0}\n"
    end = time.monotonic() + 10
    while threading.active_count() > threads and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() == threads
    assert descriptors() == before


@pytest.mark.skipif(os.environ.get("HARNESS_UNDER_WINE") == "1", reason="Wine does not tell which process listens")
def test_listening_ports_are_those_of_the_processes(tmp_path: Path) -> None:
    """By IPv4 and by IPv6, and of no process that has ended."""
    del tmp_path
    with socket.create_server(("127.0.0.1", 0)) as one:
        assert one.getsockname()[1] in listening.ports_of([os.getpid()])
    assert one.fileno() == -1
    assert listening.ports_of([2**22 + 1]) == ()


def descriptors() -> set[str]:
    """Return the numbers of the descriptors of this process."""
    return {path.name for path in Path("/dev/fd").iterdir()}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_printed(started: process.Process, word: str) -> None:
    """Wait for a word of the output."""
    end = time.monotonic() + 20
    while word not in started.capture.text:
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
