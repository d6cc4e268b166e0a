"""The journal: one line of JSON per finished cell, only ever appended, and the evidence folders beside it.

A line counts once it is whole, so a run that is killed loses what was in flight and nothing else. A torn last
line is passed over when reading and closed off before the next is written. What counts is the order of the lines, not
what a clock said. Several runs may share a folder: each finds what the others have finished meanwhile.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import errno
import itertools
import os
import re
import shutil
import stat
import threading
import uuid
from typing import TYPE_CHECKING, TypeVar

import filelock
import msgspec

from harness.decoding import decode
from harness.errors import ResultsError, StorageError, UsageError
from harness.model.coordinates import joined
from harness.model.result import CellResult
from harness.results import reading
from harness.storage.files import lines_in, opened, write_json
from harness.storage.leases import Uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from io import BufferedReader, FileIO
    from pathlib import Path

    from harness.analysis.document import Searched
    from harness.model.coordinates import SeriesKey
    from harness.model.evidence import Evidence
    from harness.model.release import Release

PROTOCOL = 3
FILE = "journal.jsonl"
LOCK = "journal.lock"
SEARCHES = "searches.json"
T = TypeVar("T")
STAMP = "%Y%m%dT%H%M%S.%fZ"
MOST_OF_LINE = 1024 * 1024  # bytes of one entry; a usual one has a thousandth of that
TRIAL = re.compile(r"trial-([1-9][0-9]{0,3})\.(?:json|[A-Za-z0-9.+_-]{1,200}\.log)", re.ASCII)  # a file of evidence
_BEGINNING = b'{"protocol":'  # of every line, whole or torn
_TORN = "Input data was truncated"  # what msgspec says of the beginning of a whole line
_REMEDIES = {
    errno.ENOSPC: "make room and the same call goes on",
    errno.EDQUOT: "make room and the same call goes on",
    errno.EFBIG: "make room and the same call goes on",
    errno.EACCES: "let this user write there, or name another folder by --results",
    errno.EPERM: "let this user write there, or name another folder by --results",
    errno.EROFS: "the place is read-only, name another folder by --results",
    errno.ENAMETOOLONG: "its path is too long, name a shorter folder by --results",
    errno.ENOTDIR: "what is no folder is in the way, move it or name another folder by --results",
    errno.EEXIST: "what is no folder is in the way, move it or name another folder by --results",
    errno.EISDIR: "a folder is in the way, move it or name another folder by --results",
}


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


class _Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry of any protocol has."""

    protocol: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a journal: its entry, or what is wrong with it; neither where it was torn by a kill.

    ``text`` has the line's end where there is one; it is empty where the line is longer than any entry. ``taken`` are
    its bytes in the file. ``protocol`` is that of an entry of another one.
    """

    text: bytes
    taken: int
    entry: Entry | None = None
    fault: str | None = None
    protocol: int = PROTOCOL


class Journal:
    """The results folder: ``journal.jsonl`` and ``evidence/CELL/…``; made when first written to.

    Somebody else may have made it. What does not hold in it is passed over and told, each once; the rest is as good.
    """

    def __init__(self, folder: Path, *, tell: Callable[[str], None] = lambda _: None) -> None:
        """Read what is there; ``tell`` takes a line about each part that does not hold.

        Raises:
            UsageError: the folder is not one, or its journal cannot be read.

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
        """Read what was added since the last time, by whomever; all of it where the file is another one."""
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
        """Keep what a line says, once it is whole: the last one may be just being written."""
        if line.text and not line.text.endswith(b"\n"):
            return
        self._lines += 1
        self._read_to += line.taken
        if line.entry:
            self._keep(line.entry)
        elif line.fault:
            self._pass_over(f"{self._path}: line {self._lines}: {line.fault}")

    def _pass_over(self, what: str) -> None:
        """Say once that a part does not hold and does not count."""
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
        paths = sorted(self.folder.glob("releases/*.json"))
        found = {path.stem: self._read(path, reading.releases_in) for path in paths}
        return {subject: known for subject, known in found.items() if known is not None}

    def know(self, releases: Mapping[str, Sequence[Release]]) -> None:
        """Add to what is known of the releases, by subject: what histories are recomputed by."""
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
        """Return what a file beside the journal holds; None where it is not there, or does not hold and is told."""
        try:
            return read(path) if os.path.lexists(path) else None
        except ResultsError as error:
            self._pass_over(str(error))
            return None

    def _read_to_change(self, path: Path, read: Callable[[Path], T]) -> T | None:
        """Return the same; what does not hold is put aside under another name, so that nothing of it is lost."""
        found = self._read(path, read)
        if found is None and os.path.lexists(path):
            path.replace(path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:8]}"))
        return found

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Have the folder's files for oneself: what is read now is still so when it is written."""
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._guard, filelock.FileLock(self.folder / LOCK):
                yield

    def _size(self, result: CellResult) -> int:
        """Return the bytes of a result's evidence that are there now; -1 where they cannot be looked at."""
        try:
            return sum(path.stat().st_size for path in self._trials_of(result))
        except OSError:
            return -1

    def _trials_of(self, result: CellResult) -> list[Path]:
        return sorted((self.folder / result.evidence).glob("trial-*.json")) if result.evidence else []

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
            code = error.errno or 0
            remedy = _REMEDIES.get(code, "see to it and the same call goes on")
            told = f"{self.folder} cannot be written to: {error.strerror or error}"
            raise StorageError(f"{told}; what was finished before is kept, {remedy}") from None

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
        """Return the stored evidence of a result, trial by trial; a trial that is damaged is told and left out."""
        found = (self._read(path, lambda one: reading.trial_in(one, result)) for path in self._trials_of(result))
        trials = sorted((trial for trial in found if trial), key=lambda trial: trial.trial)
        if len(trials) < result.trials:
            self._pass_over(f"{self.folder}: {result.id}: evidence of {len(trials)} of {result.trials} trials is there")
        return tuple(trials)


def lines_of(file: BufferedReader) -> Iterator[Line]:
    """Yield the lines of a journal from where the file stands."""
    for text, taken in lines_in(file, most=MOST_OF_LINE):
        yield _too_long(taken) if text is None else _line(text)


def entries_in(file: BufferedReader) -> Iterator[Entry]:
    """Yield the entries of a journal, and pass over what is torn, damaged or another program's."""
    return (line.entry for line in lines_of(file) if line.entry)


def _line(text: bytes) -> Line:
    try:
        entry = decode(text.removesuffix(b"\n"), Entry)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        beginning = text[: len(_BEGINNING)].rstrip(b"\n")
        if _BEGINNING.startswith(beginning) and str(error) == _TORN:
            return Line(text=text, taken=len(text))
        protocol = _protocol(text)
        fault = reading.told(error) if protocol == PROTOCOL else None
        return Line(text=text, taken=len(text), fault=fault, protocol=protocol)
    if entry.protocol != PROTOCOL:
        return Line(text=text, taken=len(text), protocol=entry.protocol)
    fault = entry.result.fault
    return Line(
        text=text, taken=len(text), fault=fault and f"{entry.result.id}: {fault}", entry=None if fault else entry
    )


def _too_long(taken: int) -> Line:
    return Line(text=b"", taken=taken, fault=f"it has {taken} bytes, more than any entry")


def _protocol(text: bytes) -> int:
    """Return the protocol of a line whose entry is not one of this protocol; this one where it does not say."""
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decode(text, _Numbered).protocol
    return PROTOCOL


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
    taken: set[str] = set()
    for server in trial.servers:
        log = folder / f"trial-{trial.trial}.{_file_name(server.name, taken)}.log"
        log.write_text(server.log + server.log_stopping, encoding="utf-8", errors="backslashreplace")
    text = msgspec.json.format(msgspec.json.encode(trial), indent=1)
    (folder / f"trial-{trial.trial}.json").write_bytes(text)


def _file_name(server: str, taken: set[str]) -> str:
    """Return a server's name as a part of a file's name, another one for each server of a trial."""
    name = joined(server) or "server"
    one = next(
        one
        for one in itertools.chain([name], (f"{name}-{n}" for n in itertools.count(2)))
        if one.casefold() not in taken
    )
    taken.add(one.casefold())
    return one
