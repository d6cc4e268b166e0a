"""The evidence of a result as files: a folder for each time that a cell was finished, in it a file for each trial.

The file of a trial is JSON. The log of each of its servers lies beside that file, for people.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import re
import shutil
from typing import TYPE_CHECKING

import msgspec

from harness.model.coordinates import joined

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.model.evidence import Evidence
    from harness.model.result import CellResult

FOLDER = "evidence"
STAMP = "%Y%m%dT%H%M%S.%fZ"
TRIAL = re.compile(r"trial-([1-9][0-9]{0,3})\.(?:json|[A-Za-z0-9.+_-]{1,200}\.log)", re.ASCII)  # a file of evidence


def keep(evidence: Sequence[Evidence], results: Path) -> str:
    """Write the trials of one cell into a new folder; return its path relative to the results folder.

    Raises:
        OSError: the trials cannot be written; nothing of them is left.

    """
    folder = _new_folder(results / FOLDER / evidence[0].cell)
    try:
        for trial in evidence:
            _write_trial(trial, folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder.relative_to(results).as_posix()


def trials_of(result: CellResult, results: Path) -> list[Path]:
    """Return the files of the trials of a result, in a results folder."""
    return sorted((results / result.evidence).glob("trial-*.json")) if result.evidence else []


def size(result: CellResult, results: Path) -> int:
    """Return how many bytes the files of a result's trials have now; -1 where they cannot be looked at."""
    try:
        return sum(path.stat().st_size for path in trials_of(result, results))
    except OSError:
        return -1


def _new_folder(parent: Path) -> Path:
    """Make a folder that is named by the moment, or by a later one where a clock that jumped gives a moment twice."""
    now = dt.datetime.now(dt.UTC)
    for later in itertools.count():
        folder = parent / (now + dt.timedelta(microseconds=later)).strftime(STAMP)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise AssertionError  # pragma: no cover - there is always a later moment


def _write_trial(trial: Evidence, folder: Path) -> None:
    taken: set[str] = set()
    for server in trial.servers:
        log = folder / f"trial-{trial.trial}.{_file_name(server.name, taken)}.log"
        log.write_text(server.log + server.log_stopping, encoding="utf-8", errors="backslashreplace")
    text = msgspec.json.format(msgspec.json.encode(trial), indent=1)
    (folder / f"trial-{trial.trial}.json").write_bytes(text)


def _file_name(server: str, taken: set[str]) -> str:
    """Return a server's name as a part of a file's name, different for each server of a trial."""
    name = joined(server) or "server"
    one = next(
        one
        for one in itertools.chain([name], (f"{name}-{n}" for n in itertools.count(2)))
        if one.casefold() not in taken
    )
    taken.add(one.casefold())
    return one
