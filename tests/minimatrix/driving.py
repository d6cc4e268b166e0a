"""Driving the command line as a user does, and looking at what it leaves behind on the machine."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
SCENARIOS = HERE / "scenarios"
MATRIX = HERE / "toy.toml"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
PATIENCE_S = 120.0  # a bound against hanging for ever, nothing that is measured
_MEBIBYTE = 1024 * 1024
_LOOK_S = 0.02  # between two looks at the memory of a call


def cell_id(version: str) -> str:
    """Return the id of the toy's cell for a release."""
    return f"toy-failure_default_toyserver-{version}_py{PYTHON}_linux"


def servers(*versions: str) -> list[str]:
    """Return the options that select exactly these releases."""
    return [part for version in versions for part in ("--server", f"toyserver=={version}")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Called:
    """What a user sees of a call that has ended."""

    status: int
    stdout: str
    stderr: str
    peak_mib: float = 0.0  # the most memory that the program itself had

    @property
    def cells(self) -> dict[str, dict[str, Any]]:
        """The cells of the printed JSON document, by release."""
        return {cell["version"]: cell for cell in json.loads(self.stdout)["cells"]}

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdicts of the printed JSON document, by release."""
        return {version: cell["verdict"] for version, cell in self.cells.items()}

    @property
    def last_line(self) -> str:
        """The last line on standard error."""
        return self.stderr.splitlines()[-1]


@dataclasses.dataclass(frozen=True, kw_only=True)
class User:
    """Someone at a machine of their own: a working folder, a cache, an index, and nothing of the tester's."""

    folder: Path
    cache: Path
    index: str
    scenarios: Path = SCENARIOS
    patience_s: float = 1.5  # with the releases that never answer; changes no verdict

    def __post_init__(self) -> None:
        """Make the folders."""
        for folder in (self.folder, self.temporary, self.cache):
            folder.mkdir(parents=True, exist_ok=True)
        self.ledger.touch()

    @property
    def temporary(self) -> Path:
        """Where everything temporary of their runs lies, and nobody else's."""
        return self.folder / "tmp"

    @property
    def ledger(self) -> Path:
        """Where every process of the toy server enters itself."""
        return self.folder / "ledger"

    @property
    def results(self) -> Path:
        """The results folder that a call uses when nothing is said."""
        return self.folder / ".harness"

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a call."""
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "HARNESS_CACHE": str(self.cache),
            "XDG_CACHE_HOME": str(platformdirs.user_cache_path()),  # the leases of ports are the machine's
            "TOY_LEDGER": str(self.ledger),
            "TOY_PATIENCE_S": str(self.patience_s),
            "UV_CACHE_DIR": str(self.cache.with_name("uv")),
            "UV_DEFAULT_INDEX": self.index,
            "UV_HTTP_RETRIES": "0",
            "UV_NO_CONFIG": "1",
            "UV_PYTHON_INSTALL_DIR": str(self.folder / "none"),
            "PYENV_ROOT": str(self.folder / "none"),
        }

    def start(self, *arguments: str | Path, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
        """Start a call and return it while it runs; ``before`` is done in its process first."""
        return subprocess.Popen(  # noqa: S603 - the program that is tested
            [sys.executable, "-m", "harness", *map(str, arguments)],
            env=self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            preexec_fn=before,  # noqa: PLW1509 - only where a test says so, which has no threads
        )

    def call(self, *arguments: str | Path) -> Called:
        """Make a call and wait for its end."""
        with self.start(*arguments) as running:
            return ended(running)

    def run(self, *arguments: str | Path) -> Called:
        """Call ``harness run`` on the toy matrix, for JSON."""
        return self.call("run", *self.selection, "--format", "json", *arguments)

    @property
    def selection(self) -> list[str]:
        """The options that choose the toy matrix on this Python."""
        return ["--matrix", str(MATRIX), "--scenarios", str(self.scenarios), "--python", PYTHON]

    def started(self, version: str | None = None) -> list[tuple[int, int]]:
        """Return process id and port of every process of the toy server so far, of one release or of all."""
        rows = [line.split() for line in self.ledger.read_text().splitlines()]
        return [(int(pid), int(port)) for release, pid, port in rows if version in (None, release)]

    def left(self) -> list[str]:
        """Return what is still there of the user's runs: processes, listening ports, temporary folders."""
        folders = [f"folder {path.name}" for path in self.temporary.iterdir()]
        return [*folders, *processes_of(self.folder), *self._listening()]

    def left_in_the_end(self) -> list[str]:
        """Return what is still there once whoever cleans up after a killed run has had the time to."""
        end = time.monotonic() + PATIENCE_S / 4
        while (left := self.left()) and time.monotonic() < end:
            time.sleep(0.1)
        return left

    def _listening(self) -> list[str]:
        """Return the toy's ports that someone listens on, unless it is the toy of another run of the tests."""
        ports = {port for _, port in self.started()}
        found = []
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.status == psutil.CONN_LISTEN and connection.laddr.port in ports:
                words = _words_of(connection.pid)
                if "--ledger" not in words or str(self.ledger) in words:
                    found.append(f"port {connection.laddr.port}: {' '.join(words)}")
        return found


def ended(running: subprocess.Popen[str]) -> Called:
    """Wait for the end of a call, and watch its memory meanwhile."""
    peaks, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            with contextlib.suppress(OSError, AssertionError):  # it has just ended
                peaks.append(peak_memory(running.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        stdout, stderr = running.communicate(timeout=PATIENCE_S)
    finally:
        over.set()
        watcher.join()
        running.kill()
    return Called(status=running.returncode, stdout=stdout, stderr=stderr, peak_mib=max(peaks))


def processes_of(folder: Path) -> list[str]:
    """Return the living processes whose command line or environment names the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), *process.environ().values()]
            if any(str(folder) in word for word in told) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"process {process.pid}: {' '.join(process.cmdline())}")
        except (psutil.Error, OSError):
            continue
    return found


def peak_memory(pid: int) -> float:
    """Return the most memory that a process has had so far, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1]) * 1024 / _MEBIBYTE


def _words_of(pid: int | None) -> list[str]:
    try:
        return psutil.Process(pid).cmdline() if pid else []
    except psutil.Error:
        return []
