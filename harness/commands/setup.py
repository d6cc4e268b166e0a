"""``harness setup``: make or fetch what the machine lacks."""

from __future__ import annotations

import click

from harness.commands import saying
from harness.commands.arguments import splitting
from harness.environments import runtimes
from harness.environments import setup as preparation
from harness.environments.uv import Uv
from harness.errors import refuse_unknown
from harness.reaper.reaper import Workspace
from harness.selection.options import Options


@click.command("setup")
@click.option(
    "--python", "pythons", multiple=True, callback=splitting, help="Windows CPythons to make.  [default: all]"
)
@click.option("--yes", is_flag=True, help="Install system packages too, where that is possible.")
def command(*, pythons: tuple[str, ...], yes: bool) -> int:
    """Fetch and build what 'harness doctor' finds lacking and can be had here."""
    refuse_unknown(pythons, runtimes.PYTHONS, what="Windows CPython", where="--python")
    lacking = False
    with Workspace() as workspace:
        uv = Uv(lambda: workspace)
        for finding in preparation.steps(pythons, root=Options().cache, uv=uv, install=yes):
            saying.finding(finding)
            lacking |= not finding.present
    return 3 if lacking else 0
