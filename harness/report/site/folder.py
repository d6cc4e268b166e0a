"""The files of the site on disk: a new site replaces an earlier one when it is whole."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.report.site import names
from harness.report.site.content import content_of
from harness.report.site.proof import proof_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from harness.analysis.document import Document
    from harness.model.evidence import Evidence
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario
    from harness.model.verdict import Judgement

    Trials = Callable[[CellResult], Sequence[tuple[Evidence, Judgement | None]]]

_MARK = "made-by-harness.txt"
_NEXT = ".next"  # the new site, until it is whole
_OLD = ".old"
_FOLDERS = ("cells", "failures")


def write(
    document: Document, scenarios: Mapping[str, Scenario], trials_of: Trials, *, folder: Path, made_by: str
) -> int:
    """Write the site and return how many pages it has.

    The new site takes the place of an earlier one when it is whole; where it cannot be made, the earlier one stays as
    it was.

    Args:
        document: the document that the site shows.
        scenarios: the scenarios at hand, by id.
        trials_of: returns the evidence of a cell, trial by trial, each with its judgement.
        folder: a new or empty folder, or that of an earlier site, which is replaced.
        made_by: the call, for the foot of the pages.

    Raises:
        UsageError: the folder has other files in it, or cannot be written to.

    """
    try:
        _claim(folder)
        try:
            pages = _fill(folder / _NEXT, document, scenarios, trials_of, made_by=made_by)
            _put_in_place(folder)
        finally:
            for name in (_NEXT, _OLD):
                shutil.rmtree(folder / name, ignore_errors=True)
    except OSError as error:
        message = f"--output: {folder} cannot be written: {error.strerror or error}"
        raise UsageError(message) from None
    return pages


def _fill(
    folder: Path, document: Document, scenarios: Mapping[str, Scenario], trials_of: Trials, *, made_by: str
) -> int:
    """Write all files into a new folder, and return how many pages there are."""
    from harness.report.site import render  # noqa: PLC0415 - templates, which no other format needs

    shutil.rmtree(folder, ignore_errors=True)
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    content = content_of(document, scenarios)
    widest = max((failure.axis.width for failure in content.failures), default=1)
    (folder / "site.css").write_text(render.style(widest), encoding="utf-8")
    for name in ("site.js", "icon.svg"):
        (folder / name).write_text(render.asset(name), encoding="utf-8")
    (folder / "index.html").write_text(render.start(content, made_by=made_by), encoding="utf-8")
    for failure in content.failures:
        path = folder / "failures" / failure.page
        path.write_text(render.failure(failure, made_by=made_by), encoding="utf-8")
    about = {(failure.id, failure.subject): failure.page for failure in content.failures}
    for cell in document.cells:
        page = about.get((cell.scenario, cell.subject), names.page(cell.scenario))
        path = folder / "cells" / names.page(cell.id)
        path.write_text(render.cell(proof_of(cell, trials_of(cell)), failure=page), encoding="utf-8")
    return 1 + len(content.failures) + len(document.cells)


def _claim(folder: Path) -> None:
    """Mark the folder as the site's, before anything else is written."""
    mark = folder / _MARK
    if folder.exists() and not (mark.is_file() or (folder.is_dir() and not any(folder.iterdir()))):
        what = "has other files in it" if folder.is_dir() else "is not a folder"
        message = f"--output: {folder} {what}; name a new folder, or that of an earlier site"
        raise UsageError(message)
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text("The files beside this one are replaced by 'harness report --format html'.\n", encoding="utf-8")


def _put_in_place(folder: Path) -> None:
    """Move the new site over the old one; an old folder moves away first, since no folder can replace another."""
    shutil.rmtree(folder / _OLD, ignore_errors=True)
    (folder / _OLD).mkdir()
    for path in (folder / _NEXT).iterdir():
        if path.is_dir() and (folder / path.name).exists():
            (folder / path.name).replace(folder / _OLD / path.name)
        path.replace(folder / path.name)
