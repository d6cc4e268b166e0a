"""A package index in one thread: the simple API in JSON (PEP 691, PEP 700) on loopback, with the toys."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import threading
from typing import TYPE_CHECKING, Self

from .packages import ALL, Package, uploaded

if TYPE_CHECKING:
    from collections.abc import Sequence

_TYPE = "application/vnd.pypi.simple.v1+json"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer with the list of files, one of them, or 404."""
        parts = self.path.strip("/").split("/")
        self.server.asked.append(self.path)
        if parts[0] == "simple" and parts[-1] in self.server.listings:
            self._answer(200, self.server.listings[parts[-1]], _TYPE)
        elif parts[0] == "files" and parts[-1] in self.server.files:
            self.server.gate.wait()
            self._answer(200, self.server.files[parts[-1]], "application/octet-stream")
        else:
            self._answer(404, b"no such page\n", "text/plain")

    do_HEAD = do_GET  # noqa: N815 - the base class looks for this name

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            with contextlib.suppress(ConnectionError):  # whoever asked may have been ended
                self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, packages: Sequence[Package]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.files = {package.filename: package.content() for package in packages}
        names = {package.name for package in packages}
        self.listings = {name: self._listing([one for one in packages if one.name == name]) for name in names}

    def _listing(self, packages: Sequence[Package]) -> bytes:
        page = {
            "meta": {"api-version": "1.1"},
            "name": packages[0].name,
            "versions": [package.version for package in packages],
            "files": [
                {
                    "filename": package.filename,
                    "url": f"../../files/{package.filename}",
                    "hashes": {"sha256": hashlib.sha256(self.files[package.filename]).hexdigest()},
                    "size": len(self.files[package.filename]),
                    "requires-python": package.requires_python,
                    "upload-time": uploaded(package).isoformat().replace("+00:00", "Z"),
                    "yanked": "taken back" if package.yanked else False,
                }
                for package in packages
            ],
        }
        return json.dumps(page).encode()


class Index:
    """The index, up from the moment it is made until `stop`."""

    def __init__(self, packages: Sequence[Package] = ALL) -> None:
        """Listen on a free port, with these packages."""
        self._server = _Server(packages)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="index", daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/simple"

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for so far."""
        return list(self._server.asked)

    def replace(self, filename: str, content: bytes) -> None:
        """Serve something else than the file that is listed."""
        self._server.files[filename] = content

    def hold(self) -> None:
        """Let whoever asks for a file from here on wait."""
        self._server.gate.clear()

    def let_go(self) -> None:
        """Answer those who wait, and everyone after them."""
        self._server.gate.set()

    def stop(self) -> None:
        """Be down: connections are refused from here on."""
        self.let_go()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        """Be up inside the context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Be down after it."""
        if self._thread.is_alive():
            self.stop()
