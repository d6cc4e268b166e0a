"""``harness new``: a folder with a scenario that runs, to be finished by its author."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness import escaping
from harness.catalog import loading
from harness.catalog.drafts import Start, draft
from harness.catalog.finding import refuse_name
from harness.commands.arguments import PlacePath
from harness.errors import UsageError
from harness.model.declared import check_subject
from harness.selection.options import Options
from harness.selection.plan import load_scenarios

if TYPE_CHECKING:
    from collections.abc import Mapping

_STARTS = ("cli", "run")  # the functions that start a server, in order of preference; see `harness.subjects`


@click.command("new")
@click.argument("name")
@click.option("--subject", required=True, help="The package whose releases are put on trial, such as uvicorn.")
@click.option("--in", "place", type=PlacePath(), metavar="DIR", help="Folder of scenarios.  [default: scenarios]")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def command(*, name: str, subject: str, place: Path | None, quiet: bool) -> int:
    """Write a folder with a scenario that runs, DIR/SUBJECT/NAME.

    The scenario says nothing of the server until its trigger is written: till then its cells are inconclusive.

    \b
    Example:
      harness new lost-second-answer --subject uvicorn
    """  # noqa: D301 - click takes the character for: leave the lines of this paragraph as they are
    place = _default() if place is None else place
    folder = place / subject / name
    _refuse(name, subject, place, folder)
    _write(folder, draft(name, subject, _start_of(subject)))
    if not quiet:
        for line in _told(name, subject, place, folder):
            click.echo(escaping.line(line))
    return 0


def _default() -> Path:
    """Return the folder of scenarios of the checkout that the call is made in, else ``scenarios`` where it is made."""
    own = loading.bundled("scenarios")
    is_in_checkout = (own.parent / "pyproject.toml").is_file() and Path.cwd().is_relative_to(own.parent)
    return Path(os.path.relpath(own)) if is_in_checkout else Path("scenarios")


def _refuse(name: str, subject: str, place: Path, folder: Path) -> None:
    """Refuse a call that would write nothing usable.

    Raises:
        UsageError: the name is no id or another scenario has it, the subject is no package's name, or there is
            something else where a folder is to be.

    """
    refuse_name(name, f"'{name}'")
    try:
        check_subject(subject)
    except ValueError as error:
        raise UsageError(f"--subject: {error}") from None
    if place.exists() and not place.is_dir():
        raise UsageError(f"--in: {place} is no folder")
    if os.path.lexists(folder):
        raise UsageError(f"{folder} exists already; choose another name, or remove it")
    scenarios = load_scenarios(Options(scenarios=(place,) if place.exists() else ()))
    if name in scenarios:
        raise UsageError(f"the id '{name}' is taken by {scenarios.modules[name]}; choose another")


def _start_of(subject: str) -> Start | None:
    """Return how the harness starts a subject; None where it has no module of the subject."""
    name = subject.replace("-", "_")
    package = importlib.util.find_spec("harness.subjects")
    if package is None or importlib.util.find_spec(f"harness.subjects.{name}") is None:
        return None
    module = importlib.import_module(f"harness.subjects.{name}")
    function = next((one for one in _STARTS if hasattr(module, one)), None)
    if function is None or not hasattr(module, "PYTHONS"):
        return None
    script = (f"run_{name}.py",) if function == "run" else ()
    return Start(
        module=name,
        function=function,
        applications=("ready.py", *script),
        needs_companions=hasattr(module, "COMPANIONS"),
    )


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write a new folder whole or not at all.

    Raises:
        UsageError: the folder cannot be written.

    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(missing[-1], ignore_errors=True)
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from None


def _told(name: str, subject: str, place: Path, folder: Path) -> list[str]:
    """Return the lines that say which files were written, and which commands come next."""
    is_found = place.resolve() == loading.bundled("scenarios").resolve()
    further = "" if is_found else f" --scenarios {shlex.quote(str(place))}"
    return [
        *(f"wrote {path}" for path in sorted(folder.iterdir(), reverse=True)),
        "next, before and after its trigger is written:",
        f"  harness run {name} --server {subject}==latest{further}",
        f"  harness show '{name}_*' --diff{further}",
        f"  harness history {name} --write{further}",
    ]
