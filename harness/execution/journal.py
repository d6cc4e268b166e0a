"""The journal: one line of JSON per finished cell, only ever appended, and the evidence folders beside it.

A line counts once it is whole, so a run that is killed loses what was in flight and nothing else. A torn last
line is passed over when reading and closed off before the next is written. What counts is the order of the lines, not
what a clock said. Several runs may share a folder: each finds what the others have finished meanwhile.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
import shutil
import threading
import uuid
from typing import TYPE_CHECKING

import filelock
import msgspec

from harness.analysis.document import Searched
from harness.analysis.series import Key
from harness.decoding import decode
from harness.environments.files import read_json, write_json
from harness.environments.uses import Uses
from harness.errors import StorageError, UsageError
from harness.model.evidence import Evidence
from harness.model.release import Release
from harness.model.result import CellResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from io import FileIO
    from pathlib import Path

PROTOCOL = 3
FILE = "journal.jsonl"
LOCK = "journal.lock"
SEARCHES = "searches.json"
Searches = tuple[tuple[Key, Searched], ...]
STAMP = "%Y%m%dT%H%M%S.%fZ"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One finished cell.

    Attributes:
        protocol: in which the entry is written.
        key: digests all that its verdict depends on; empty where the verdict is none to be found again.
        trial_key: digests all that its trials depend on; empty where it has none.
        at: when it was entered, ISO 8601.
        result: the cell's.
        evidence_bytes: the size of the evidence, by which damage to it is seen.

    """

    protocol: int
    key: str
    trial_key: str = ""
    at: str
    result: CellResult
    evidence_bytes: int = 0


class Journal:
    """The results folder: ``journal.jsonl`` and ``evidence/CELL/…``; made when first written to."""

    def __init__(self, folder: Path) -> None:
        """Read what is there.

        Raises:
            UsageError: the folder is not one.

        """
        if folder.exists() and not folder.is_dir():
            message = f"--results: {folder} is not a folder"
            raise UsageError(message)
        self.folder = folder
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
        self._file: tuple[int, int] | None = None

    def _catch_up(self) -> None:
        """Read what was added since the last time, by whomever; all of it where the file is another one."""
        try:
            if (status := self._path.stat()).st_size == self._read_to and self._file == (status.st_dev, status.st_ino):
                return
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                if self._file != (status.st_dev, status.st_ino) or status.st_size < self._read_to:
                    self._forget()
                self._file = (status.st_dev, status.st_ino)
                file.seek(self._read_to)
                added = file.read()
        except FileNotFoundError:
            return
        for entry in entries_in(added):
            self._keep(entry)
        self._read_to += added.rfind(b"\n") + 1  # the rest may be a line that is being written

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
        """Return the newest result that has evidence of this very trial, however it was judged; its evidence is there.

        Its verdict is that of another judge, or of none.
        """
        with self._guard:
            self._catch_up()
            found = self._whole(self._by_trial.get(trial_key)) if trial_key else None
        return found if found and found.evidence else None

    def _whole(self, entry: Entry | None) -> CellResult | None:
        if entry is None or entry.evidence_bytes != self._size(entry.result):
            return None
        return msgspec.structs.replace(entry.result, cached=True)

    @property
    def releases(self) -> dict[str, tuple[Release, ...]]:
        """The releases of each subject that were known when cells were selected."""
        return {
            path.stem: decode(path.read_bytes(), tuple[Release, ...])
            for path in sorted(self.folder.glob("releases/*.json"))
        }

    def know(self, releases: Mapping[str, Sequence[Release]]) -> None:
        """Keep what is known of the releases, by subject, beside the results: what histories are recomputed by."""
        for subject, known in releases.items():
            with self._writing():
                write_json(self.folder / "releases" / f"{subject}.json", tuple(known))

    @property
    def searched(self) -> dict[Key, Searched]:
        """How histories came about, where a strategy chose their cells."""
        return dict(read_json(self._searches, Searches) or ())

    def remember(self, searched: Mapping[Key, Searched]) -> None:
        """Keep how histories came about."""
        with self._writing():
            write_json(self._searches, tuple({**self.searched, **searched}.items()))

    @property
    def _searches(self) -> Path:
        return self.folder / SEARCHES

    def _size(self, result: CellResult) -> int:
        """Return the bytes of a result's evidence that are there now."""
        if not result.evidence:
            return 0
        return sum(path.stat().st_size for path in (self.folder / result.evidence).glob("trial-*.json"))

    def note(self, result: CellResult) -> None:
        """Append the result of a cell that was not run, unless the journal says so already."""
        if self._by_cell.get(result.id) != result:
            self.add("", result)

    def add(self, key: str, result: CellResult, *, trial_key: str = "") -> None:
        """Append a finished cell, on disk when this returns."""
        at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        size = self._size(result)
        entry = Entry(protocol=PROTOCOL, key=key, trial_key=trial_key, at=at, result=result, evidence_bytes=size)
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._guard, filelock.FileLock(self.folder / LOCK), self._path.open("ab+", buffering=0) as file:
                self._catch_up()
                _append(file, msgspec.json.encode(entry) + b"\n")
                status = os.fstat(file.fileno())
                self._read_to, self._file = status.st_size, (status.st_dev, status.st_ino)
                self._keep(entry)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Say what it means that the folder cannot be written to."""
        try:
            yield
        except OSError as error:
            message = (
                f"{self.folder} cannot be written to: {error.strerror or error}; what was finished before is kept, "
                "make room and the same call goes on"
            )
            raise StorageError(message) from None

    def keep_evidence(self, evidence: Sequence[Evidence]) -> str:
        """Write the trials of one cell into a new folder; return it relative to the results folder."""
        with self._writing():
            self._uses.add("evidence")
            folder = _new_folder(self.folder / "evidence" / evidence[0].cell)
            try:
                for trial in evidence:
                    _write_trial(trial, folder)
            except OSError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        return folder.relative_to(self.folder).as_posix()

    def close(self) -> None:
        """Use the folder no more."""
        self._uses.close()

    def evidence_of(self, result: CellResult) -> tuple[Evidence, ...]:
        """Return the stored evidence of a result, trial by trial."""
        if not result.evidence:
            return ()
        folder = self.folder / result.evidence
        trials = [decode(path.read_bytes(), Evidence) for path in folder.glob("trial-*.json")]
        return tuple(sorted(trials, key=lambda trial: trial.trial))


def entries_in(text: bytes) -> Iterator[Entry]:
    """Yield the entries of a journal, or of a part of one, and pass over what is torn or another program's."""
    for line in text.splitlines():
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            entry = decode(line, Entry)
            if entry.protocol == PROTOCOL:
                yield entry


def _append(file: FileIO, line: bytes) -> None:
    """Append a line as a whole or not at all, closing off a torn one; it is on disk when this returns."""
    size = file.seek(0, os.SEEK_END)
    if size:
        file.seek(-1, os.SEEK_END)
        line = line if file.read(1) == b"\n" else b"\n" + line
    try:
        while line:
            line = line[file.write(line) :]
        os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            file.truncate(size)
        raise


def _new_folder(parent: Path) -> Path:
    """Make a folder that is named by the moment; by the next one where a clock that jumped gives the same again."""
    now = dt.datetime.now(dt.UTC)
    for later in itertools.count():
        folder = parent / (now + dt.timedelta(microseconds=later)).strftime(STAMP)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise AssertionError  # pragma: no cover - there is always a later moment


def _write_trial(trial: Evidence, folder: Path) -> None:
    for server in trial.servers:
        log = folder / f"trial-{trial.trial}.{server.name}.log"
        log.write_text(server.log + server.log_stopping, encoding="utf-8", errors="backslashreplace")
    text = msgspec.json.format(msgspec.json.encode(trial), indent=1)
    (folder / f"trial-{trial.trial}.json").write_bytes(text)
