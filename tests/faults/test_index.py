"""Kinds 2, 3 and 7: what a package index sends, how much of it, and what everybody can read of how it is asked."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
import zlib
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.minimatrix.driving import User, ended, servers
from tests.minimatrix.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Seen

_MIB = 1024 * 1024
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.pypi.simple.v1+json\r\n"
SECRET = "hunter2"  # noqa: S105 - of nobody


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(64 * 1024)
        with contextlib.suppress(OSError):  # whoever asked has had enough
            for part in self.server.parts():  # type: ignore[attr-defined]
                self.request.sendall(part)


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[[], Iterator[bytes]]], str]]:
    """Serve the same bytes to whoever asks; returns the address."""
    servers_: list[socketserver.ThreadingTCPServer] = []

    def serve(parts: Callable[[], Iterator[bytes]]) -> str:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
        server.daemon_threads = True
        server.parts = parts  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers_.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/simple"

    yield serve
    for server in servers_:
        server.shutdown()
        server.server_close()


def endless() -> Iterator[bytes]:
    """Three gigabytes of a list of files."""
    yield _HEAD + b'Connection: close\r\n\r\n{"files": ['
    for _ in range(3 * 1024):
        yield b'{"filename": "x"},   ' * (_MIB // 21)


def bomb() -> Iterator[bytes]:
    """Three megabytes that unpack to three gigabytes."""
    yield _HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n"
    packer = zlib.compressobj(wbits=31)
    yield packer.compress(b'{"files": [')
    for _ in range(3 * 1024):
        yield packer.compress(b" " * _MIB)
    yield packer.flush()


def objects() -> Iterator[bytes]:
    """A list of two million things that fits into the bound of a list."""
    yield _HEAD + b'Connection: close\r\n\r\n{"files": [' + b'{"filename":"a"},' * 2_000_000 + b'{"filename":"a"}]}'


@pytest.mark.fault(3, "the index sends 3 GB, 3 MB of gzip that unpack to 3 GB, or two million files")
@pytest.mark.parametrize("parts", [endless, bomb, objects])
def test_an_index_that_sends_too_much_is_told(
    parts: Callable[[], Iterator[bytes]],
    serving: Callable[[Callable[[], Iterator[bytes]]], str],
    tmp_path: Path,
    seen: Seen,
) -> None:
    """One line, and little memory."""
    user = User(folder=tmp_path / "user", cache=tmp_path / "cache", index=serving(parts))
    called = user.run(*servers("1.0"))
    assert called.status == 3, called.stderr
    assert "no usable list of the releases of 'toyserver'" in called.last_line
    assert "longer than" in called.last_line or "lists more than" in called.last_line
    assert user.left_in_the_end() == []
    seen("ends in one line; reads no more than a list of files has", called)


@pytest.mark.fault(2, "the address of the index holds a password")
@pytest.mark.parametrize("configured", [True, False], ids=["by a file", "by its environment"])
def test_a_password_of_an_index_is_in_no_argument_and_no_message(
    configured: bool,  # noqa: FBT001 - a column of the table
    tmp_path: Path,
    seen: Seen,
) -> None:
    """Every user of a machine reads the arguments of every process."""
    with Index() as index:
        user = _Configured if configured else User
        one = user(
            folder=tmp_path / "user",
            cache=tmp_path / "cache",
            index=index.url.replace("://", f"://somebody:{SECRET}@"),
        )
        index.hold()
        with one.start("run", *one.selection, *servers("1.1", "1.8")) as running:
            words = _words_of_uv(running.pid)
            index.let_go()
            called = ended(running)
    assert words
    assert not [word for word in words if SECRET in word]
    assert SECRET not in called.stdout + called.stderr
    kept = [path for path in one.results.rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET in path.read_text(errors="replace")]
    assert one.left_in_the_end() == []
    seen("uv is told of it in a file of its owner's, or in its environment", called)


class _Configured(User):
    """Someone whose uv reads configurations."""

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a call."""
        return {name: value for name, value in super().environment().items() if name != "UV_NO_CONFIG"}


def _words_of_uv(pid: int) -> list[str]:
    """Return the arguments of the uv that a call has started to fetch files, once it has."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(pid).children(recursive=True):
                words = process.cmdline()
                if "--exclude-newer" in words:
                    return words
        time.sleep(0.01)
    return []
