"""Calling the program as a user does, and the images that the tests use."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

DEBIAN, UBUNTU = "harness-debian:12", "harness-ubuntu:24.04"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Caller:
    """Someone who calls the program in a folder, with everything temporary below it."""

    folder: Path

    @property
    def temporary(self) -> Path:
        """Where the runs of the caller have their temporary files."""
        return self.folder / "tmp"

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start a call."""
        self.temporary.mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(  # noqa: S603 - the harness itself
            [sys.executable, "-m", "harness", *arguments],
            cwd=self.folder,
            env={**os.environ, "TMPDIR": str(self.temporary), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Make a call and wait for its end."""
        with self.start(*arguments, **env) as running:
            stdout, stderr = running.communicate()
        return subprocess.CompletedProcess(running.args, running.returncode, stdout, stderr)

    def run(self, *arguments: str, **env: str) -> list[dict[str, Any]]:
        """Run cells and return them as the printed document has them."""
        done = self.call("run", "--format", "json", "--quiet", *arguments, **env)
        assert done.stdout, done.stderr
        cells: list[dict[str, Any]] = json.loads(done.stdout)["cells"]
        return cells
