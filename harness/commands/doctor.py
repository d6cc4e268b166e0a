"""``harness doctor``: what this machine can run, and the remedy for each lack."""

from __future__ import annotations

import contextlib

import click

from harness import escaping
from harness.commands import saying
from harness.environments import diagnosis
from harness.errors import EngineError
from harness.reaper import reaper
from harness.selection.options import Options


@click.command("doctor")
@click.option("--fix", is_flag=True, help="First remove what killed runs left on this machine and its engine.")
def command(*, fix: bool) -> int:
    """Print what this machine can run, and the remedy for each lack; 3 where nothing can be run."""
    if fix:
        _fix()
    lacking = False
    for finding in diagnosis.findings(Options().cache):
        saying.finding(finding)
        lacking |= finding.needed and not finding.present
    return 3 if lacking else 0


def _fix() -> None:
    """Clean up after killed runs, and print what was removed from the engine; without an engine, nothing is there."""
    with contextlib.suppress(EngineError):
        for line in reaper.sweep_engine():
            click.echo(f"removed  {escaping.line(line)}, left by a run that was killed")
    reaper.sweep()
