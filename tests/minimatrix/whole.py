"""One run of the whole toy matrix, watched from outside while it goes on."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import msgspec

from .driving import PATIENCE_S, Called, User, peak_memory

_FINISHED = re.compile(r"\[\d+/\d+\] \S \S*_toyserver-(?P<version>[^_]+)_\S* (?P<verdict>\S+)")


class WholeRun(msgspec.Struct, frozen=True, kw_only=True):
    """What the run printed, and what was seen of it.

    ``left`` holds, by release, what was still there of the cell when the run said that the cell was finished;
    ``left_at_end`` the same when the run had ended; ``peak_mib`` is the most memory that the program itself had.
    """

    folder: str
    status: int
    stdout: str
    stderr: str
    left: dict[str, list[str]]
    left_at_end: list[str]
    peak_mib: float

    @property
    def called(self) -> Called:
        """The run as a call that has ended."""
        return Called(status=self.status, stdout=self.stdout, stderr=self.stderr)

    def evidence(self, version: str) -> list[dict[str, Any]]:
        """Return the stored evidence of a release, trial by trial."""
        folder = self.results_of(version)
        return [json.loads(path.read_bytes()) for path in sorted(folder.glob("trial-*.json"))]

    def results_of(self, version: str) -> Path:
        """Return the evidence folder of a release."""
        return Path(self.folder) / ".harness" / str(self.called.cells[version]["evidence"])


def run_whole_matrix(user: User, kept: Path) -> WholeRun:
    """Run it and keep what was seen in a file, or return what is kept there."""
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=WholeRun)
    seen = _run(user)
    kept.write_bytes(msgspec.json.encode(seen))
    return seen


def _run(user: User) -> WholeRun:
    printed: list[str] = []
    lines: list[str] = []
    left: dict[str, list[str]] = {}
    peak = 0.0
    with user.start("run", *user.selection, "--format", "json", "--trials", "2") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        stdout = running.stdout
        reader = threading.Thread(target=lambda: printed.append(stdout.read()))
        reader.start()
        guard = threading.Timer(PATIENCE_S, running.kill)
        guard.start()
        for line in running.stderr:
            lines.append(line)
            if match := _FINISHED.match(line):
                left[match["version"]] = _left_of(user, match["version"])
                peak = max(peak, peak_memory(running.pid))
        reader.join()
        guard.cancel()
    return WholeRun(
        folder=str(user.folder),
        status=running.wait(),
        stdout=printed[0],
        stderr="".join(lines),
        left=left,
        left_at_end=user.left(),
        peak_mib=peak,
    )


def _left_of(user: User, version: str) -> list[str]:
    """Return the processes and listening ports of one release's cell."""
    ids = {f"process {pid}:" for pid, _ in user.started(version)}
    ports = {f"port {port}:" for _, port in user.started(version)}
    return [one for one in user.left() if one.startswith((*ids, *ports))]
