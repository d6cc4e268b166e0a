"""``harness merge``: results folders of many machines joined into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness import escaping
from harness.commands.arguments import SCENARIOS, PlacePath
from harness.results import merging
from harness.selection.options import Options
from harness.selection.plan import load_scenarios

if TYPE_CHECKING:
    from pathlib import Path


@click.command("merge")
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=PlacePath())
@click.option("--output", type=PlacePath(), required=True, help="The folder to make.")
@SCENARIOS
def command(*, folders: tuple[Path, ...], output: Path, scenarios: tuple[Path, ...]) -> int:
    """Join results folders into a new one, evidence included; refuse what is not whole or contradicts.

    The evidence is judged again by the project's own scenarios, and by those that '--scenarios' names.
    """
    at_hand = load_scenarios(Options(scenarios=scenarios))
    count = merging.merge(
        folders, output, scenarios=at_hand, tell=lambda line: click.echo(escaping.line(line), err=True)
    )
    click.echo(f"{count} cells of {len(folders)} folders are in {output}", err=True)
    return 0
