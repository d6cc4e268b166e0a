"""Real releases from the configured package index, real servers, on the Pythons of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that calls the program as a user would, in a folder of this session's own.

    ``temporary`` is where the program puts its temporary files, to see what is left of them.
    """
    folder: Path = tmp_path_factory.mktemp("integration")

    def call(*arguments: str, temporary: Path | None = None) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "TMPDIR": str(temporary)} if temporary else None
        argv = [sys.executable, "-m", "harness", *arguments]
        return subprocess.run(  # noqa: S603 - the harness itself
            argv, cwd=folder, env=env, capture_output=True, text=True, check=False
        )

    return call


@pytest.fixture(scope="session")
def verdicts(harness: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., dict[str, str]]:
    """Return a function that runs cells and gives their verdicts by id, without the platform."""

    def run(*arguments: str) -> dict[str, str]:
        done = harness("run", "--format", "json", "--quiet", *arguments)
        cells: list[dict[str, Any]] = json.loads(done.stdout)["cells"]
        return {cell["id"].removesuffix("_linux"): cell["verdict"] for cell in cells}

    return run
