"""What commands say on standard error beside what they print: remarks, and the exit status with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness import escaping
from harness.execution import interruption
from harness.model.outcome import outcome_of
from harness.report.table import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environments.diagnosis import Finding
    from harness.model.result import CellResult
    from harness.selection.plan import Plan


def remarks(plan: Plan) -> None:
    """Say what had to be left out of the selection, or was read in place of something else."""
    for line in plan.remarks:
        click.echo(f"harness: {escaping.line(line)}", err=True)


def going_on(plan: Plan, call: str) -> str:
    """Return the line that says how to go on after an interruption."""
    return f"interrupted; what is finished is kept in {plan.options.results}, go on with: {escaping.line(call)}"


def interrupted(results: Sequence[CellResult], plan: Plan, call: str) -> int:
    """Say how to go on after an interruption; return the exit status."""
    click.echo(going_on(plan, call), err=True)
    return ended(results, is_interrupted=True)


def ended(results: Sequence[CellResult], *, is_interrupted: bool = False) -> int:
    """Say the exit status of the results and the reason for it; return it."""
    outcome = outcome_of(results)
    status, words = (interruption.STATUS, "interrupted") if is_interrupted else (outcome.exit_status, outcome.words)
    click.echo(f"{summary(results)}; {words} (exit status {status})", err=True)
    return status


def finding(found: Finding) -> None:
    """Print one thing that this machine has or lacks."""
    click.echo(f"{'ok     ' if found.present else 'lacking'}  {found.what}: {escaping.line(found.detail)}")
