"""``harness cache``: the size of what the program keeps, and the removal of what is not used."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING

import click

from harness.commands.arguments import RESULTS_FOLDER
from harness.environments import pruning
from harness.errors import UsageError
from harness.results import compaction
from harness.selection.options import Options

if TYPE_CHECKING:
    from pathlib import Path

_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*([kMGT]?)B?", re.ASCII)
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def _reading_size(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """Read ``500MB`` or ``2.5 GB``."""
    if value is None:
        return None
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        message = f"--down-to: '{value}' is not a size such as 500MB or 2.5GB"
        raise UsageError(message)
    return round(float(match[1]) * _UNITS[match[2]])


def _said(size: int) -> str:
    unit = next((unit for unit in ("G", "M", "k") if size >= _UNITS[unit]), "")
    return f"{size / _UNITS[unit]:.1f} {unit}B" if unit else f"{size} B"


@click.group("cache", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> int | None:
    """Print the size of what is kept, or remove what is not used."""
    if context.invoked_subcommand is None:
        return int(context.invoke(size, results=Options().results))
    return None


@command.command()
@RESULTS_FOLDER
def size(*, results: Path) -> int:
    """Print how much is kept, by kind, and where."""
    root = Options().cache
    kept = pruning.sizes(root)
    for kind, (count, taken) in kept.items():
        click.echo(f"{kind:<13} {count:>6}  {_said(taken):>9}  {root / kind}")
    count, taken = compaction.size(results)
    click.echo(f"{'results':<13} {count:>6}  {_said(taken):>9}  {results}")
    return 0


@command.command()
@RESULTS_FOLDER
@click.option(
    "--unused-for",
    "days",
    type=click.FloatRange(min=0, max=36500),
    default=30.0,
    show_default=True,
    metavar="DAYS",
    help="Remove what nobody has used for so long.",
)
@click.option(
    "--down-to",
    "limit",
    callback=_reading_size,
    metavar="SIZE",
    help="Remove environments too, the longest unused first, until they take no more than 500MB, 2.5GB …",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
def prune(*, results: Path, days: float, limit: int | None, dry_run: bool) -> int:
    """Remove environments and resolutions that are not used, and results that no report shows any more.

    What a run uses at this moment stays, and so does the newest result of every cell.
    """
    if math.isnan(days):
        message = "--unused-for: 'nan' is no number of days"
        raise UsageError(message)
    before = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    removed = pruning.prune(Options().cache, before=before, limit=limit, dry_run=dry_run)
    removed["results"] = compaction.prune(results, before=before, dry_run=dry_run)
    for kind, (count, taken) in removed.items():
        click.echo(f"{kind:<13} {count:>6}  {_said(taken):>9}  {'would be removed' if dry_run else 'removed'}")
    return 0
