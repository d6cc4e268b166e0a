"""Joining results folders into one, evidence included; or refusing, with nothing written.

A measured result stands above one that was not measured: where one folder could not run a cell, the other folder's
result counts. Two folders that measured the same cell have to agree. Histories and claims are not joined: they are
recomputed from the results.
"""

from __future__ import annotations

import collections
import filecmp
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.errors import ResultsError, StorageError
from harness.results.journal import FILE, SEARCHES
from harness.results.received import files_of, receive
from harness.storage.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.analysis.document import Searched
    from harness.model.coordinates import SeriesKey
    from harness.model.release import Release
    from harness.results.entries import Entry
    from harness.results.received import Received, Scenarios


def merge(folders: Sequence[Path], output: Path, *, scenarios: Scenarios, tell: Callable[[str], None]) -> int:
    """Join the folders into a new one; return how many cells it has results of.

    Args:
        folders: results folders, from anywhere.
        output: the folder to make.
        scenarios: the scenarios at hand, by id; their judges judge the evidence of the folders.
        tell: takes a line about each fault that does not prevent the merge.

    Raises:
        ResultsError: a folder is not what a run writes, two folders contradict each other, or the output exists.
        StorageError: the output cannot be written.

    """
    _check_output(output, folders)
    different = {os.path.realpath(folder): folder for folder in folders}
    received = [receive(folder, scenarios=scenarios, tell=tell) for folder in different.values()]
    entries = joined(received)
    if unjudged := {entry.result.id for entry in entries if entry.result.unjudged_here}:
        tell(f"{len(unjudged)} cells are as their shards say: no scenario here has judged them, see --scenarios")
    releases, searched = _joined_releases(received), _joined_searches(received)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as name:
            made = Path(name) / "merged"
            made.mkdir()
            _copy_evidence(received, made)
            (made / FILE).write_bytes(b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))
            for subject, known in releases.items():
                write_json(made / "releases" / f"{subject}.json", known)
            if searched:
                write_json(made / SEARCHES, tuple(searched.items()))
            if output.is_dir():
                output.rmdir()  # an empty one
            made.rename(output)
    except OSError as error:
        raise StorageError(f"{output} cannot be written: {error.strerror or error}; nothing of it was kept") from None
    return len({entry.result.id for entry in entries})


def joined(received: Iterable[Received]) -> tuple[Entry, ...]:
    """Return the entries of all folders, each once; last, for each key and each cell, the entry with the most trials.

    Raises:
        ResultsError: two folders have one key with different cells or verdicts, or measured a cell differently.

    """
    by_key: dict[str, tuple[Entry, Path]] = {}
    by_cell: dict[str, tuple[Entry, Path]] = {}
    every: dict[bytes, Entry] = {}
    for folder in received:
        every |= {msgspec.json.encode(entry): entry for entry in folder.entries}
        for entry in {entry.key: entry for entry in folder.entries if entry.key}.values():
            other, where = by_key.setdefault(entry.key, (entry, folder.folder))
            _agree(entry, folder.folder, (other, where))
            if entry.result.trials > other.result.trials:
                by_key[entry.key] = (entry, folder.folder)
        for entry in {entry.result.id: entry for entry in folder.entries}.values():
            other, where = by_cell.setdefault(entry.result.id, (entry, folder.folder))
            if entry.key and other.key:
                _agree(entry, folder.folder, (other, where))
            if entry.result.trials > other.result.trials:
                by_cell[entry.result.id] = (entry, folder.folder)
    for entry, _ in (*by_key.values(), *by_cell.values()):
        text = msgspec.json.encode(entry)
        every[text] = every.pop(text)  # moved to the end
    return tuple(every.values())


def _agree(entry: Entry, folder: Path, known: tuple[Entry, Path]) -> None:
    other, where = known
    one, two = (other.result.id, other.result.verdict), (entry.result.id, entry.result.verdict)
    if one != two:
        told = f"{where} has {one[0]} as {one[1]}, {folder} has {two[0] if two[0] != one[0] else 'it'} as {two[1]}"
        raise ResultsError(f"the folders contradict each other: {told}; look at both with 'harness show'")


def _joined_releases(received: Iterable[Received]) -> dict[str, tuple[Release, ...]]:
    """Return the releases that any folder knows; a release may have been yanked between two runs."""
    found: dict[str, dict[str, Release]] = collections.defaultdict(dict)
    for folder in received:
        for subject, known in folder.releases.items():
            for release in known:
                other = found[subject].setdefault(release.version, release)
                yanked = other.yanked or release.yanked
                if msgspec.structs.replace(other, yanked=release.yanked) != release:
                    raise ResultsError(
                        f"the folders contradict each other on {subject} {release.version}: {folder.folder}"
                    )
                found[subject][release.version] = msgspec.structs.replace(other, yanked=yanked)
    return {subject: tuple(sorted(known.values(), key=lambda one: one.parsed)) for subject, known in found.items()}


def _joined_searches(received: Iterable[Received]) -> dict[SeriesKey, Searched]:
    """Return how series were searched, where the folders agree: cells that two ways chose are a mere selection."""
    found: dict[SeriesKey, set[Searched]] = collections.defaultdict(set)
    for folder in received:
        for key, searched in folder.searched.items():
            found[key].add(searched)
    return {key: next(iter(ways)) for key, ways in found.items() if len(ways) == 1}


def _copy_evidence(received: Iterable[Received], made: Path) -> None:
    """Copy the evidence of all entries; two results folders may hold one evidence folder, if its files are equal."""
    for folder in received:
        for entry in folder.entries:
            for file in files_of(entry, folder.folder):
                copy = made / str(entry.result.evidence) / file.name
                copy.parent.mkdir(parents=True, exist_ok=True)
                if copy.exists() and not filecmp.cmp(file, copy, shallow=False):
                    raise ResultsError(f"the folders contradict each other: {file} is another one's too, and differs")
                shutil.copyfile(file, copy)


def _check_output(output: Path, folders: Iterable[Path]) -> None:
    """Refuse an output that exists already, or that lies inside a folder that is read."""
    if output.is_symlink() or (output.exists() and not (output.is_dir() and not any(output.iterdir()))):
        raise ResultsError(f"--output: {output} is there already; name a new folder")
    place = os.path.realpath(output)
    for folder in folders:
        if Path(place).is_relative_to(os.path.realpath(folder)):
            raise ResultsError(f"--output: {output} is inside of {folder}, which is read")
