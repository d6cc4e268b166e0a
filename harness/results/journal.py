"""The journal of a results folder: one line per finished cell, only ever appended, and the evidence beside it.

A line counts once it is whole, so that a run that is killed loses what was in flight and nothing else. The order of the
lines says which result is the newest, whatever a clock said. Several runs may share a folder: each finds what the
others have finished meanwhile.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import stat
import threading
import uuid
from typing import TYPE_CHECKING, TypeVar

import filelock
import msgspec

from harness.errors import ResultsError, UsageError
from harness.results import evidence as evidences
from harness.results import reading
from harness.results.entries import PROTOCOL, Entry, Line, append, lines_of
from harness.results.writing import explained
from harness.storage.files import opened, write_json
from harness.storage.leases import Uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.analysis.document import Searched
    from harness.model.coordinates import SeriesKey
    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.model.result import CellResult

FILE = "journal.jsonl"
LOCK = "journal.lock"
SEARCHES = "searches.json"
T = TypeVar("T")


class Journal:
    """The results folder: ``journal.jsonl`` and ``evidence/CELL/…``; made when first written to.

    Somebody else may have made it. Each part that does not hold is passed over and reported once; the rest counts.
    """

    def __init__(self, folder: Path, *, tell: Callable[[str], None] = lambda _: None) -> None:
        """Read what is there; ``tell`` takes a line about each part that does not hold.

        Raises:
            UsageError: the path is not that of a folder, or the journal cannot be read.

        """
        try:
            if not stat.S_ISDIR(folder.stat().st_mode):
                message = f"--results: {folder} is not a folder"
                raise UsageError(message)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise UsageError(f"--results: {reading.name_of(folder)} cannot be read: {error.strerror}") from None
        self.folder = folder
        self._tell = tell
        self._told: set[str] = set()
        self._path = folder / FILE
        self._guard = threading.Lock()
        self._uses = Uses(folder, uuid.uuid4().hex)
        self._forget()
        self._catch_up()

    def _forget(self) -> None:
        self._by_key: dict[str, Entry] = {}
        self._by_trial: dict[str, Entry] = {}
        self._by_cell: dict[str, CellResult] = {}
        self._read_to = 0
        self._lines = 0
        self._file: tuple[int, int] | None = None

    def _catch_up(self) -> None:
        """Read the lines that any run has added since the last time; all lines where the file is another one."""
        try:
            if (status := self._path.stat()).st_size == self._read_to and self._file == (status.st_dev, status.st_ino):
                return
            with opened(self._path) as file:
                status = os.fstat(file.fileno())
                if self._file != (status.st_dev, status.st_ino) or status.st_size < self._read_to:
                    self._forget()
                self._file = (status.st_dev, status.st_ino)
                file.seek(self._read_to)
                for line in lines_of(file):
                    self._take(line)
        except FileNotFoundError:
            return
        except OSError as error:
            raise UsageError(f"--results: {self._path} cannot be read: {error.strerror}") from None

    def _take(self, line: Line) -> None:
        """Keep the entry of a line that is whole; the last line may be half written just now."""
        if line.text and not line.text.endswith(b"\n"):
            return
        self._lines += 1
        self._read_to += line.taken
        if line.entry:
            self._keep(line.entry)
        elif line.fault:
            self._pass_over(f"{self._path}: line {self._lines}: {line.fault}")

    def _pass_over(self, what: str) -> None:
        """Report once that a part does not hold and does not count."""
        if what not in self._told:
            self._told.add(what)
            self._tell(f"passed over: {what}")

    def _keep(self, entry: Entry) -> None:
        self._by_key[entry.key] = entry
        self._by_trial[entry.trial_key] = entry
        self._by_cell[entry.result.id] = entry.result

    def latest(self) -> tuple[CellResult, ...]:
        """Return the newest result of every cell, in the order in which cells first appeared."""
        return tuple(self._by_cell.values())

    def find(self, key: str) -> CellResult | None:
        """Return the stored result of exactly this key, marked as stored, if its evidence is still there."""
        with self._guard:
            self._catch_up()
            return self._whole(self._by_key.get(key))

    def find_trials(self, trial_key: str) -> CellResult | None:
        """Return the newest result of exactly this trial key, whoever judged it, if its evidence is still there.

        Its verdict may be another judge's, or nobody's.
        """
        with self._guard:
            self._catch_up()
            found = self._whole(self._by_trial.get(trial_key)) if trial_key else None
        return found if found and found.evidence else None

    def _whole(self, entry: Entry | None) -> CellResult | None:
        if entry is None or entry.evidence_bytes != evidences.size(entry.result, self.folder):
            return None
        return msgspec.structs.replace(entry.result, cached=True)

    @property
    def releases(self) -> dict[str, tuple[Release, ...]]:
        """The releases of each subject that were known when cells were selected."""
        paths = sorted(self.folder.glob("releases/*.json"))
        found = {path.stem: self._read(path, reading.releases_in) for path in paths}
        return {subject: known for subject, known in found.items() if known is not None}

    def know(self, releases: Mapping[str, Sequence[Release]]) -> None:
        """Add to the known releases, by subject, from which histories are recomputed."""
        for subject, known in releases.items():
            path = self.folder / "releases" / f"{subject}.json"
            with self._changing():
                before = self._read_to_change(path, reading.releases_in)
                every = {release.version: release for release in (*(before or ()), *known)}
                ordered = tuple(sorted(every.values(), key=lambda release: release.parsed))
                if ordered != before:
                    write_json(path, ordered)

    @property
    def searched(self) -> dict[SeriesKey, Searched]:
        """How histories came about, where a strategy chose their cells."""
        return dict(self._read(self.folder / SEARCHES, reading.searches_in) or {})

    def remember(self, searched: Mapping[SeriesKey, Searched]) -> None:
        """Add how histories came about."""
        path = self.folder / SEARCHES
        with self._changing():
            before = self._read_to_change(path, reading.searches_in) or {}
            write_json(path, tuple({**before, **searched}.items()))

    def _read(self, path: Path, read: Callable[[Path], T]) -> T | None:
        """Return what a file beside the journal holds; None where it is missing, or does not hold and is reported."""
        try:
            return read(path) if os.path.lexists(path) else None
        except ResultsError as error:
            self._pass_over(str(error))
            return None

    def _read_to_change(self, path: Path, read: Callable[[Path], T]) -> T | None:
        """Do as `_read` does, and put a file that does not hold aside under another name, so that nothing is lost."""
        found = self._read(path, read)
        if found is None and os.path.lexists(path):
            path.replace(path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:8]}"))
        return found

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Lock the folder's files: what is read in the context is still so when it is written."""
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._guard, filelock.FileLock(self.folder / LOCK):
                yield

    def note(self, result: CellResult) -> None:
        """Append the result of a cell that was not run, unless the journal says so already."""
        if self._by_cell.get(result.id) != result:
            self.add("", result)

    def add(self, key: str, result: CellResult, *, trial_key: str = "") -> None:
        """Append a finished cell; its line is on disk when this returns."""
        at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        size = evidences.size(result, self.folder)
        entry = Entry(protocol=PROTOCOL, key=key, trial_key=trial_key, at=at, result=result, evidence_bytes=size)
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._guard, filelock.FileLock(self.folder / LOCK), self._path.open("ab+", buffering=0) as file:
                self._catch_up()
                append(file, msgspec.json.encode(entry) + b"\n")
                status = os.fstat(file.fileno())
                self._read_to, self._file = status.st_size, (status.st_dev, status.st_ino)
                self._keep(entry)

    def keep_evidence(self, evidence: Sequence[Evidence]) -> str:
        """Write the trials of one cell into a new folder; return its path relative to the results folder."""
        with explained(self.folder):
            self._uses.add(evidences.FOLDER)
            return evidences.keep(evidence, self.folder)

    def close(self) -> None:
        """End the use of the folder."""
        self._uses.close()

    def evidence_of(self, result: CellResult) -> tuple[Evidence, ...]:
        """Return the stored evidence of a result, trial by trial; a damaged trial is reported and left out."""
        found = (
            self._read(path, lambda one: reading.trial_in(one, result))
            for path in evidences.trials_of(result, self.folder)
        )
        trials = sorted((trial for trial in found if trial), key=lambda trial: trial.trial)
        if len(trials) < result.trials:
            self._pass_over(f"{self.folder}: {result.id}: evidence of {len(trials)} of {result.trials} trials is there")
        return tuple(trials)
