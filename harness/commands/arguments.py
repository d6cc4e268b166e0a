"""The options that several commands have in common: they select cells and say how these are executed."""

from __future__ import annotations

import errno
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import escaping
from harness.report.formats import FORMATS as REPORTS
from harness.selection.options import RESULTS, split
from harness.selection.shard import Shard, read_shard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FORMATS = ("terminal", "markdown", "json")


class PlacePath(click.Path):
    """The path of a file or folder that may not exist; a text that no system takes for a path is refused at once."""

    def __init__(self, *, exists: bool = False) -> None:
        """Take a path; with ``exists``, only that of a file or folder that exists."""
        super().__init__(exists=exists, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Return the path."""
        try:
            Path(value).lstat()
        except ValueError as error:  # a NUL
            self.fail(str(error), param, ctx)
        except OSError as error:
            if error.errno in {errno.ENAMETOOLONG, errno.EINVAL}:
                shown = escaping.line(str(value), limit=60)
                self.fail(f"'{shown}': {error.strerror}", param, ctx)
        return super().convert(value, param, ctx)


def splitting(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """Read ``--python 3.8,3.12`` and repetitions of the option alike."""
    return split(values)


def _reading_shard(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Shard | None:
    return None if value is None else read_shard(value)


SCENARIOS = click.option(
    "--scenarios",
    multiple=True,
    type=PlacePath(),
    metavar="DIR",
    help="Further scenario modules, of your own.",
)
RESULTS_FOLDER = click.option(
    "--results",
    type=PlacePath(),
    default=RESULTS,
    show_default=True,
    help="Results folder; to read from, also a JSON document that 'harness report' wrote.",
)
SELECTION: tuple[Callable[[Any], Any], ...] = (
    click.argument("names", metavar="[SCENARIO]...", nargs=-1),
    click.option("--matrix", type=PlacePath(), help="Matrix file.  [default: matrices/seeds.toml]"),
    click.option(
        "--server",
        "servers",
        multiple=True,
        metavar="SPEC",
        help="Releases instead of the matrix's: uvicorn==0.27.0, 'uvicorn>=0.26,<0.29', uvicorn==latest, ./folder.",
    ),
    click.option("--python", "pythons", multiple=True, callback=splitting, help="Pythons instead: 3.8,3.12."),
    click.option("--platform", "platforms", multiple=True, callback=splitting, help="Platforms instead: linux."),
    click.option(
        "--as-of",
        "moments",
        multiple=True,
        callback=splitting,
        metavar="release|today|DATE",
        help="Resolve all packages as of that moment: the release's own, the beginning of today or of a day (UTC).",
    ),
    click.option("--cell", "cells", multiple=True, metavar="GLOB", help="Only cells whose id matches."),
    SCENARIOS,
    RESULTS_FOLDER,
)
COSTS = click.option(
    "--costs",
    type=PlacePath(exists=True),
    metavar="PATH",
    help="Divide by what cells took in these results (a folder, or a JSON document).  [default: by what is typical]",
)
DIVISION: tuple[Callable[[Any], Any], ...] = (
    click.option("--shard", metavar="K/N", callback=_reading_shard, help="Only one of N parts of about the same cost."),
    COSTS,
)
EXECUTION: tuple[Callable[[Any], Any], ...] = (
    click.option("--trials", type=click.IntRange(1, 100), default=1, show_default=True, help="Trials of each cell."),
    click.option("--rerun", is_flag=True, help="Ignore stored results and remembered build failures."),
    click.option("--jobs", type=click.IntRange(1, 1000), help="Cells at once.  [default: by the load of the machine]"),
    click.option("--quiet", is_flag=True, help="No progress."),
)
ABSENT = click.option(
    "--absent", is_flag=True, help="Ask for the failure to be absent: 'reproduced' is 1, whatever was measured before."
)
FORMAT = click.option("--format", "form", type=click.Choice(FORMATS), default="terminal", show_default=True)
REPORT_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice((*REPORTS, "html", "json-schema")),
    default="terminal",
    show_default=True,
    help="'html' is a site; it and 'osv' take a folder for --output.",
)
OUTPUT = click.option("--output", type=PlacePath(), help="Write there instead of to standard output.")


def all_of(options: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Apply several click decorators, first on top."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(options), command)
