"""A results folder that came from elsewhere, read as hostile: it is whole and what it says it is, or it is refused.

Nothing in it is followed out of it, no file of it is trusted for its name, and what a line says of a cell has to agree
with the evidence that it names. Only what was torn by a kill is passed over, as everywhere.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
from packaging.version import InvalidVersion

from harness.decoding import decode
from harness.errors import ResultsError, UsageError
from harness.execution.journal import FILE, PROTOCOL, SEARCHES, Entry, Searches
from harness.model import matrix as matrices
from harness.model.cell import printable
from harness.model.evidence import Evidence
from harness.model.release import Release
from harness.model.result import order_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.analysis.document import Searched
    from harness.analysis.series import Key
    from harness.model.result import CellResult

T = TypeVar("T")
_BEGINNING = b'{"protocol":'  # of every line, whole or torn
_KEY = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)
_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z", re.ASCII)
_TRIAL = re.compile(r"trial-([1-9][0-9]{0,5})\.(?:json|[A-Za-z0-9 ._+-]{1,100}\.log)", re.ASCII)
_SUBJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Received:
    """A results folder that holds: its entries in their order, the releases by subject, how series were searched."""

    folder: Path
    entries: tuple[Entry, ...]
    releases: dict[str, tuple[Release, ...]]
    searched: dict[Key, Searched]


def receive(folder: Path) -> Received:
    """Read a results folder.

    Raises:
        ResultsError: it is none, or anything in it is not what a run writes; one line that says where.

    """
    try:
        return _received(folder)
    except OSError as error:
        raise ResultsError(f"{folder} cannot be read: {error.strerror or error}") from None


def _received(folder: Path) -> Received:
    if not folder.is_dir():
        raise ResultsError(f"{folder} is not a folder of results")
    _refuse_what_leaves(folder)
    if not (folder / FILE).is_file() and not (folder / "releases").is_dir():
        raise ResultsError(f"{folder} holds no results: there is no {FILE} in it")
    entries = tuple(_entries(folder))
    for entry in entries:
        if fault := _fault(entry) or _fault_in_evidence(entry, folder):
            raise ResultsError(f"{folder}: {FILE}: {entry.result.id}: {fault}")
    searches = _decode(folder / SEARCHES, Searches) if (folder / SEARCHES).is_file() else ()
    return Received(folder=folder, entries=entries, releases=dict(_releases(folder)), searched=dict(searches))


def files_of(entry: Entry, folder: Path) -> tuple[Path, ...]:
    """Return the files of an entry's evidence."""
    return tuple(sorted((folder / entry.result.evidence).iterdir())) if entry.result.evidence else ()


def _refuse_what_leaves(folder: Path) -> None:
    """Refuse links, which may lead anywhere, and what is no file: a pipe would never end."""
    for where, folders, names in os.walk(folder):
        for name in (*folders, *names):
            mode = (path := Path(where) / name).lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                what = "a symbolic link" if stat.S_ISLNK(mode) else "neither a file nor a folder"
                raise ResultsError(f"{folder}: {path.relative_to(folder)} is {what}; a results folder has none")


def _entries(folder: Path) -> Iterator[Entry]:
    """Yield the entries of the journal; there is none where a run had nothing to do."""
    lines = (folder / FILE).read_bytes().splitlines() if (folder / FILE).is_file() else []
    for number, line in enumerate(lines, start=1):
        where = f"{folder}: {FILE}: line {number}"
        try:
            entry = decode(line, Entry)
        except (msgspec.ValidationError, RecursionError, UnicodeDecodeError) as error:
            raise ResultsError(f"{where}: {error}") from None
        except msgspec.DecodeError as error:
            if _BEGINNING.startswith(line[: len(_BEGINNING)]):
                continue  # torn by a kill
            raise ResultsError(f"{where}: {error}") from None
        if entry.protocol != PROTOCOL:
            message = (
                f"{where} is of protocol {entry.protocol}, this harness writes {PROTOCOL}; run it again with this one"
            )
            raise ResultsError(message)
        yield entry


def _fault(entry: Entry) -> str | None:
    """Say what is wrong with an entry by itself; None where nothing is."""
    result = entry.result
    try:
        dt.datetime.fromisoformat(entry.at)
        order_of(result)
        matrices.check_pythons([result.python], where="its Python")
        matrices.check_platform(result.platform, where="its platform")
    except (ValueError, InvalidVersion, UsageError) as error:
        return str(error)
    runtime = result.environment.runtime if result.environment else None
    ran = result.trials > 0
    faults = {
        "its key is none": not (_KEY.fullmatch(entry.key) and _KEY.fullmatch(entry.trial_key)),
        "its id is not that of its scenario, release, Python and platform": result.id != _id_of(result),
        "its trials are not those that it counts": result.trials != sum(result.tally.values())
        or min(result.tally.values(), default=1) < 1,
        "it took less than no time": result.duration_s < 0,
        f"it is {result.verdict} without a trial": result.verdict.is_judged and not ran,
        "evidence, key, environment and trials do not go together": {ran}
        != {bool(entry.trial_key), result.evidence is not None, result.environment is not None}
        or bool(entry.key) > ran
        or (result.verdict.is_judged and not entry.key),
        f"it ran under {runtime}, which is never called windows": result.platform == "windows" and bool(runtime),
        "it does not say under which Wine it ran": ran and result.platform == "windows-wine" and not runtime,
    }
    return next((fault for fault, found in faults.items() if found), None)


def _id_of(result: CellResult) -> str:
    """Return the id that a result's fields make."""
    subject = f"{result.subject}-{result.version}"
    fields = (result.scenario, result.variant, subject, f"py{result.python}", result.platform)
    return "_".join(printable(field) for field in (*fields, *([result.control] if result.control else [])))


def _fault_in_evidence(entry: Entry, folder: Path) -> str | None:
    """Say what is wrong with the evidence that an entry names; None where it backs the entry."""
    result = entry.result
    if result.evidence is None:
        return None
    base, _, stamp = result.evidence.rpartition("/")
    if base != f"evidence/{result.id}" or not _STAMP.fullmatch(stamp):
        return f"its evidence is not in a folder of its own: '{result.evidence}'"
    if not (folder / result.evidence).is_dir():
        return "its evidence is not there"
    files = files_of(entry, folder)
    if strange := [file.name for file in files if not (_TRIAL.fullmatch(file.name) and file.is_file())]:
        return f"'{strange[0]}' is no file of a trial"
    trials = [file for file in files if file.suffix == ".json"]
    if sum(file.stat().st_size for file in trials) != entry.evidence_bytes:
        return "its evidence is damaged"
    numbers = {_decoded_trial(file, result) for file in trials}
    whole = len(trials) == result.trials and numbers == set(range(1, len(trials) + 1))
    return None if whole else "its evidence is not that of its trials"


def _decoded_trial(file: Path, result: CellResult) -> int | None:
    """Return the number of the trial that a file holds; None where it is another one's."""
    trial = _decode(file, Evidence)
    facts = (trial.cell, trial.scenario, trial.variant, trial.subject, trial.version, trial.python, trial.platform)
    own = (result.id, result.scenario, result.variant, result.subject, result.version, result.python, result.platform)
    return trial.trial if facts == own and file.name == f"trial-{trial.trial}.json" else None


def _releases(folder: Path) -> Iterator[tuple[str, tuple[Release, ...]]]:
    for path in sorted((folder / "releases").glob("*.json")):
        known = _decode(path, tuple[Release, ...])
        if not _SUBJECT.fullmatch(path.stem) or not all(_is_on_an_index(release) for release in known):
            raise ResultsError(f"{folder}: releases/{path.name} is not a list of an index")
        yield path.stem, known


def _is_on_an_index(release: Release) -> bool:
    try:
        return release.source is None and bool(release.parsed)
    except InvalidVersion:
        return False


def _decode(path: Path, kind: type[T]) -> T:
    try:
        return decode(path.read_bytes(), kind)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise ResultsError(f"{path}: {error}") from None
