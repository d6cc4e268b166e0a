"""Looking after the machine: ``harness doctor`` says what it can run, ``harness setup`` makes what it lacks."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from harness.arguments import splitting
from harness.environments import diagnosis, runtimes
from harness.environments import setup as preparation
from harness.environments.uv import Uv
from harness.errors import EngineError
from harness.execution import keeper
from harness.execution.keeper import Kept
from harness.model.matrix import refuse_unknown
from harness.plan import Options
from harness.report import clean

if TYPE_CHECKING:
    from harness.environments.diagnosis import Finding


@click.command()
@click.option("--fix", is_flag=True, help="First remove what killed runs left on this machine and its engine.")
def doctor(*, fix: bool) -> int:
    """Print what this machine can run, and the remedy for each lack; 3 where nothing can be run."""
    if fix:
        _fix()
    lacking = False
    for finding in diagnosis.findings(Options().cache):
        _tell(finding)
        lacking |= finding.needed and not finding.present
    return 3 if lacking else 0


@click.command()
@click.option(
    "--python", "pythons", multiple=True, callback=splitting, help="Windows CPythons to make.  [default: all]"
)
@click.option("--yes", is_flag=True, help="Install system packages too, where that is possible.")
def setup(*, pythons: tuple[str, ...], yes: bool) -> int:
    """Fetch and build what 'harness doctor' finds lacking and can be had here."""
    refuse_unknown(pythons, runtimes.PYTHONS, what="Windows CPython", where="--python")
    lacking = False
    with Kept() as kept:
        uv = Uv(mark=kept.mark, temporary=kept.folder)
        for finding in preparation.steps(pythons, root=Options().cache, uv=uv, install=yes):
            _tell(finding)
            lacking |= not finding.present
    return 3 if lacking else 0


def _fix() -> None:
    """Clean up after killed runs, and say what of theirs was on the engine; no engine, nothing on it."""
    with contextlib.suppress(EngineError):
        for line in keeper.sweep_engine():
            click.echo(f"removed  {clean.line(line)}, left by a run that was killed")
    keeper.sweep()


def _tell(finding: Finding) -> None:
    click.echo(f"{'ok     ' if finding.present else 'lacking'}  {finding.what}: {clean.line(finding.detail)}")
