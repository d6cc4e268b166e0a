"""What commands say on standard error beside what they print: remarks, and the exit status with its reason."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from harness import escaping
from harness.execution import interruption
from harness.model.outcome import outcome_of
from harness.model.verdict import Verdict
from harness.report.table import summary
from harness.selection.options import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.environments.diagnosis import Finding
    from harness.model.result import CellResult
    from harness.selection.plan import Plan

_OBSERVED = (Verdict.UNHEALTHY, Verdict.INCONCLUSIVE)  # what a cell that could not be judged may be after its trials


def remarks(plan: Plan) -> None:
    """Say what had to be left out of the selection, or was read in place of something else."""
    for line in plan.remarks:
        click.echo(f"harness: {escaping.line(line)}", err=True)


def going_on(plan: Plan, call: str) -> str:
    """Return the line that says how to go on after an interruption."""
    return f"interrupted; what is finished is kept in {plan.options.results}, go on with: {escaping.line(call)}"


def where_to_look(results: Iterable[CellResult], plan: Plan) -> None:
    """Name the call that shows why a cell could not be judged by what was observed, for the first such cell."""
    unjudged = (one for one in results if one.verdict in _OBSERVED and one.evidence and one.verdict != one.expected)
    if cell := next(unjudged, None):
        options = plan.options
        further = [] if options.results == RESULTS else ["--results", str(options.results)]
        further += [word for place in options.scenarios for word in ("--scenarios", str(place))]
        call = shlex.join(["harness", "show", cell.id, "--diff", *further])
        click.echo(f"what was expected and what was seen: {escaping.line(call)}", err=True)


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
