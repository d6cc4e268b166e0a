"""A results folder that came from elsewhere, read as hostile: it is whole and what it says it is, or it is refused.

Nothing in the folder is followed out of it, no file is trusted for its name, and no file may be larger than a run makes
it. What a line says of a cell has to agree with the evidence that the line names: where the scenario is at hand, its
judge judges that evidence again.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import os
import re
import stat
from typing import TYPE_CHECKING

import msgspec

from harness.errors import ResultsError
from harness.model.platforms import platform_of
from harness.model.verdict import Verdict
from harness.processes.capture import KEPT_OF_OUTPUT
from harness.results import reading
from harness.results.entries import PROTOCOL, Entry, lines_of
from harness.results.evidence import TRIAL
from harness.results.journal import FILE, SEARCHES
from harness.results.rejudging import judged_again
from harness.storage.files import MOST_OF_JSON, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from harness.analysis.document import Searched
    from harness.catalog.loading import LoadedScenario
    from harness.model.coordinates import SeriesKey
    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.model.result import CellResult

    Scenarios = Mapping[str, LoadedScenario]
    Tell = Callable[[str], None]

MOST_OF_JOURNAL = 128 * 1024 * 1024  # bytes
MOST_ENTRIES = 100_000
MOST_OF_LOG = 16 * KEPT_OF_OUTPUT + 4096  # bytes: both ends of both parts, each byte shown as four
MOST_OF_EVIDENCE = 4 * 1024**3  # bytes of a whole folder
_KEY = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Received:
    """A results folder that holds: its entries in order, its releases by subject, and how its series were searched."""

    folder: Path
    entries: tuple[Entry, ...]
    releases: dict[str, tuple[Release, ...]]
    searched: dict[SeriesKey, Searched]


def receive(folder: Path, *, scenarios: Scenarios, tell: Tell) -> Received:
    """Read a results folder.

    Args:
        folder: the folder, which somebody else made.
        scenarios: the scenarios at hand, by id; their judges judge the evidence again.
        tell: takes a line about each part that a kill tore, which does not count.

    Raises:
        ResultsError: it is no results folder, or something in it is not what a run writes; one line that says where.

    """
    try:
        return _received(folder, scenarios, tell)
    except OSError as error:
        raise ResultsError(f"{reading.name_of(folder)} cannot be read: {error.strerror or error}") from None


def _received(folder: Path, scenarios: Scenarios, tell: Tell) -> Received:
    if not folder.is_dir():
        raise ResultsError(f"{folder} is not a folder of results")
    _refuse_what_leaves(folder)
    if not (folder / FILE).is_file() and not (folder / "releases").is_dir():
        raise ResultsError(f"{folder} holds no results: there is no {FILE} in it")
    entries = list(_entries(folder, tell))
    _refuse_too_much(entries, folder)
    _refuse_both_verdicts(entries, folder)
    return Received(
        folder=folder,
        entries=tuple(_checked(entry, folder, scenarios) for entry in entries),
        releases={path.stem: reading.releases_in(path) for path in sorted((folder / "releases").glob("*.json"))},
        searched=reading.searches_in(folder / SEARCHES) if (folder / SEARCHES).is_file() else {},
    )


def files_of(entry: Entry, folder: Path) -> tuple[Path, ...]:
    """Return the files of an entry's evidence."""
    place = folder / entry.result.evidence if entry.result.evidence else None
    return tuple(sorted(place.iterdir())) if place and place.is_dir() else ()


def _refuse_what_leaves(folder: Path) -> None:
    """Refuse links, which may lead anywhere, and what is neither file nor folder: a pipe would never end."""
    for where, folders, names in os.walk(folder):
        for name in (*folders, *names):
            mode = os.lstat(path := os.path.join(where, name)).st_mode  # noqa: PTH118 - there may be very many
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                what = "a symbolic link" if stat.S_ISLNK(mode) else "neither a file nor a folder"
                raise ResultsError(f"{folder}: {os.path.relpath(path, folder)} is {what}; a results folder has none")


def _entries(folder: Path, tell: Tell) -> Iterator[Entry]:
    """Yield the entries of the journal; there is no journal where a run had nothing to do.

    A kill tears the line that is being written, which is the last one unless a later run has closed it off and gone on.
    """
    if not (folder / FILE).is_file():
        return
    with opened(folder / FILE) as file:
        if (size := os.fstat(file.fileno()).st_size) > MOST_OF_JOURNAL:
            raise ResultsError(f"{folder}: {FILE}: it has {size} bytes, more than the {MOST_OF_JOURNAL} that are taken")
        for number, line in enumerate(lines_of(file), start=1):
            where = f"{folder}: {FILE}: line {number}"
            if number > MOST_ENTRIES:
                raise ResultsError(f"{where}: there are more than {MOST_ENTRIES} entries")
            if line.protocol != PROTOCOL:
                told = f"this harness writes {PROTOCOL}; run it again with this one"
                raise ResultsError(f"{where} is of protocol {line.protocol}, {told}")
            if line.fault:
                raise ResultsError(f"{where}: {line.fault}")
            if line.entry is None:
                tell(f"{where} was torn by a kill and does not count; where its cell is missing, run it again")
                continue
            yield line.entry


def _refuse_too_much(entries: list[Entry], folder: Path) -> None:
    """Refuse files that are larger than a run makes them, before any is read."""
    left = MOST_OF_EVIDENCE
    for entry in entries:
        for file in files_of(entry, folder):
            size, most = file.stat().st_size, MOST_OF_JSON if file.suffix == ".json" else MOST_OF_LOG
            left -= size
            if size > most:
                where = file.relative_to(folder).as_posix()
                raise ResultsError(f"{folder}: {where} has {size} bytes; a run writes no more than {most}")
            if left < 0:
                raise ResultsError(f"{folder}: its evidence has more than the {MOST_OF_EVIDENCE} bytes that are taken")


def _refuse_both_verdicts(entries: list[Entry], folder: Path) -> None:
    """Refuse a key that is both reproduced and absent, unless the later entry rests on the earlier trials and more."""
    known: dict[str, CellResult] = {}
    for entry in entries:
        result, other = entry.result, known.get(entry.key)
        both = other and {result.verdict, other.verdict} == {Verdict.REPRODUCED, Verdict.ABSENT}
        if other and both and result.trials <= other.trials:
            told = f"the same key has it as {other.verdict} and as {result.verdict}"
            raise ResultsError(f"{folder}: {FILE}: {result.id}: {told}; run it again with more trials")
        if entry.key:
            known[entry.key] = result


def _checked(entry: Entry, folder: Path, scenarios: Scenarios) -> Entry:
    """Check an entry by itself and by its evidence; return it with the judgement of the judge at hand."""
    try:
        fault = _fault(entry) or _fault_in_files(entry, folder)
        if fault is None and entry.result.evidence:
            trials = (_trial(file, entry.result) for file in _trials(entry, folder))
            if not entry.key:  # trials of a cell in which the harness failed: whole, and not judged yet
                collections.deque(trials, maxlen=0)
                return entry
            result = judged_again(entry.result, trials, scenarios.get(entry.result.scenario))
            return msgspec.structs.replace(entry, result=result)
    except reading.FileError:
        raise
    except (ValueError, ResultsError) as error:
        fault = str(error)
    if fault:
        raise ResultsError(f"{folder}: {FILE}: {entry.result.id}: {fault}")
    return entry


def _fault(entry: Entry) -> str | None:
    """Say what is wrong with an entry by itself, see also `CellResult.fault`; None where nothing is.

    Raises:
        ValueError: the moment of the entry is not in ISO 8601.

    """
    result = entry.result
    dt.datetime.fromisoformat(entry.at)
    runtime = result.environment.runtime if result.environment else None
    ran = result.trials > 0
    faults = {
        "its key is none": not (_KEY.fullmatch(entry.key) and _KEY.fullmatch(entry.trial_key)),
        "its trials are not those that it counts": result.trials != sum(result.tally.values())
        or min(result.tally.values(), default=1) < 1,
        "evidence, key, environment and trials do not go together": {ran}
        != {bool(entry.trial_key), result.evidence is not None, result.environment is not None}
        or bool(entry.key) > ran
        or (result.verdict.is_judged and not entry.key),
        f"it ran under {runtime}, which is never called windows": result.platform == "windows" and bool(runtime),
        "it does not say under which Wine it ran": ran and platform_of(result.platform).has_runtime and not runtime,
    }
    return next((fault for fault, found in faults.items() if found), None)


def _trials(entry: Entry, folder: Path) -> list[Path]:
    return [file for file in files_of(entry, folder) if file.suffix == ".json"]


def _trial(file: Path, result: CellResult) -> Evidence:
    trial = reading.trial_in(file, result)
    facts = (trial.scenario, trial.variant, trial.subject, trial.version, trial.python, trial.platform)
    if facts != (result.scenario, result.variant, result.subject, result.version, result.python, result.platform):
        raise reading.FileError(file, "it is of another trial")
    return trial


def _fault_in_files(entry: Entry, folder: Path) -> str | None:
    """Say what is wrong with the files of the evidence that an entry names, before any is read."""
    result = entry.result
    if result.evidence is None:
        return None
    if not (folder / result.evidence).is_dir():
        return "its evidence is not there"
    files = files_of(entry, folder)
    if strange := [file.name for file in files if not (TRIAL.fullmatch(file.name) and file.is_file())]:
        return f"'{strange[0]}' is no file of a trial"
    trials = _trials(entry, folder)
    if sum(file.stat().st_size for file in trials) != entry.evidence_bytes:
        return "its evidence is damaged"
    whole = {file.name for file in trials} == {f"trial-{number}.json" for number in range(1, result.trials + 1)}
    return None if whole else "its evidence is not that of its trials"
