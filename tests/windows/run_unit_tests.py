"""Runs the project's unit tests under a Windows CPython 3.12, in Wine, on Linux.

    python tests/windows/run_unit_tests.py [PYTEST OPTIONS …]

The Windows CPython and the Windows packages are made once and kept in the user cache, as those of cells are; the
prefix and all temporary files are of this call alone and end with it. The exit status is pytest's, or 3 where it
could not be run or did not end in time.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click
import platformdirs
from packaging.requirements import Requirement

from harness.environments.backend import Request
from harness.environments.store import Store
from harness.environments.uv import Uv
from harness.environments.wine_environments import WineEnvironments
from harness.errors import HarnessError
from harness.processes import process
from harness.reaper.reaper import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
PYTHON = "3.12"
TOOLS = ("pytest", "hypothesis", "jsonschema", "xmlschema")  # what the unit tests need of the dependency group
# Later wheels need a DLL of Windows that Wine 8 lacks, bcryptprimitives.dll; with these, jsonschema and trustme work.
HELD_BACK = ("rpds-py<0.19", "cryptography<42.0.6")
DEADLINE_S = 900.0
NOT_RUN = 3
_POLL_S = 0.1


def requirements() -> tuple[str, ...]:
    """Return what the project needs, and the tools, as the project file has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [entry for group in project["dependency-groups"].values() for entry in group if isinstance(entry, str)]
    tools = (entry for entry in groups if Requirement(entry).name in TOOLS)
    return (*project["project"]["dependencies"], *tools, *HELD_BACK)


def follow(running: process.Process) -> int | None:
    """Print the output, line by line as it comes; return the exit status, None where the deadline passed."""
    end = time.monotonic() + DEADLINE_S
    printed = 0
    while True:
        status = running.wait(_POLL_S)
        ended = status is not None or time.monotonic() > end
        if ended:
            running.end()
            running.close()
        lines = running.capture.text.splitlines(keepends=True)
        whole = lines if ended or not lines or lines[-1].endswith("\n") else lines[:-1]
        click.echo("".join(whole[printed:]), nl=False)
        printed = len(whole)
        if ended:
            return status


def run(workspace: Workspace, options: Sequence[str]) -> int:
    """Make what is needed, run the tests, and return the exit status."""
    uv = Uv(lambda: workspace)
    root = Path(os.environ.get("HARNESS_CACHE") or platformdirs.user_cache_dir("harness", appauthor=False))
    kind = WineEnvironments(Store(root, uv=uv))
    request = Request(
        subject="harness",
        requirements=requirements(),
        as_of=dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0),
        python=PYTHON,
        platform="windows-wine",
    )
    environment = kind.build(kind.resolve(request))
    arguments = ("-m", "pytest", "tests/unit", "-p", "no:cacheprovider", "-q", "--tb=short", *options)
    mark = f"{workspace.mark}/tests"
    variables, services = environment.surroundings(workspace.folder, mark)
    running = process.Process(
        environment.command("python", arguments),
        env={
            **variables,
            "HARNESS_UNDER_WINE": "1",
            "PYTHONIOENCODING": "utf-8",
            "HYPOTHESIS_PROFILE": os.environ.get("HYPOTHESIS_PROFILE", ""),
            "HYPOTHESIS_STORAGE_DIRECTORY": f"Z:{workspace.folder}/hypothesis",
        },
        cwd=ROOT,
        mark=mark,
        services=services,
    )
    status = follow(running)
    if status is None:
        click.echo(f"the tests did not end within {DEADLINE_S:.0f} s", err=True)
    return NOT_RUN if status is None else status


def main() -> int:
    """Run the tests in a folder that is removed in any case."""
    try:
        with Workspace() as workspace:
            return run(workspace, sys.argv[1:])
    except HarnessError as error:
        click.echo(f"the tests cannot be run: {error}", err=True)
        return NOT_RUN


if __name__ == "__main__":
    sys.exit(main())
