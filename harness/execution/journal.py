"""The journal: one line of JSON per finished cell, only ever appended, and the evidence folders beside it.

A line counts once it is whole, so a run that is killed loses what was in flight and nothing else. A torn last
line is passed over when reading and closed off before the next is written.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, BinaryIO

import filelock
import msgspec

from harness.analysis.document import Searched
from harness.analysis.series import Key
from harness.environments.files import read_json, write_json
from harness.errors import UsageError
from harness.model.evidence import Evidence
from harness.model.release import Release
from harness.model.result import CellResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PROTOCOL = 2
_Searches = tuple[tuple[Key, Searched], ...]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One finished cell; ``key`` digests all that its verdict depends on.

    ``evidence_bytes`` is the size of the evidence, by which damage to it is seen.
    """

    protocol: int
    key: str
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
        self._path = folder / "journal.jsonl"
        self._by_key: dict[str, Entry] = {}
        self._by_cell: dict[str, CellResult] = {}
        for entry in self._entries():
            self._keep(entry)

    def _entries(self) -> list[Entry]:
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        decoder = msgspec.json.Decoder(Entry)
        entries = []
        for line in lines:
            try:
                entry = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue  # torn by a kill, or of a later program
            if entry.protocol == PROTOCOL:
                entries.append(entry)
        return entries

    def _keep(self, entry: Entry) -> None:
        self._by_key[entry.key] = entry
        self._by_cell[entry.result.id] = entry.result

    def latest(self) -> tuple[CellResult, ...]:
        """Return the newest result of every cell, in the order in which cells first appeared."""
        return tuple(self._by_cell.values())

    def find(self, key: str) -> CellResult | None:
        """Return the stored result of exactly this key, marked as stored, if its evidence is still there."""
        entry = self._by_key.get(key)
        if entry is None or entry.evidence_bytes != self._size(entry.result):
            return None
        return msgspec.structs.replace(entry.result, cached=True)

    @property
    def releases(self) -> dict[str, tuple[Release, ...]]:
        """The releases of each subject that were known when cells were selected."""
        decoder = msgspec.json.Decoder(tuple[Release, ...])
        return {path.stem: decoder.decode(path.read_bytes()) for path in sorted(self.folder.glob("releases/*.json"))}

    def know(self, releases: Mapping[str, Sequence[Release]]) -> None:
        """Keep what is known of the releases, by subject, beside the results: what histories are recomputed by."""
        for subject, known in releases.items():
            path = self.folder / "releases" / f"{subject}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, tuple(known))

    @property
    def searched(self) -> dict[Key, Searched]:
        """How histories came about, where a strategy chose their cells."""
        return dict(read_json(self._searches, _Searches) or ())

    def remember(self, searched: Mapping[Key, Searched]) -> None:
        """Keep how histories came about."""
        write_json(self._searches, tuple({**self.searched, **searched}.items()))

    @property
    def _searches(self) -> Path:
        return self.folder / "searches.json"

    def _size(self, result: CellResult) -> int:
        """Return the bytes of a result's evidence that are there now."""
        if not result.evidence:
            return 0
        return sum(path.stat().st_size for path in (self.folder / result.evidence).glob("trial-*.json"))

    def note(self, result: CellResult) -> None:
        """Append the result of a cell that was not run, unless the journal says so already."""
        if self._by_cell.get(result.id) != result:
            self.add("", result)

    def add(self, key: str, result: CellResult) -> None:
        """Append a finished cell, on disk when this returns."""
        at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        entry = Entry(protocol=PROTOCOL, key=key, at=at, result=result, evidence_bytes=self._size(result))
        line = msgspec.json.encode(entry) + b"\n"
        self.folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.folder / "journal.lock"), self._path.open("ab+") as file:
            if self._is_torn(file):
                line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._keep(entry)

    @staticmethod
    def _is_torn(file: BinaryIO) -> bool:
        """Whether the last byte of the file, which is open at its end, is not the end of a line."""
        if not file.tell():
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"

    def keep_evidence(self, evidence: Sequence[Evidence]) -> str:
        """Write the trials of one cell into a new folder; return it relative to the results folder."""
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        relative = f"evidence/{evidence[0].cell}/{stamp}"
        folder = self.folder / relative
        folder.mkdir(parents=True)
        for trial in evidence:
            for server in trial.servers:
                log = folder / f"trial-{trial.trial}.{server.name}.log"
                log.write_text(server.log + server.log_stopping, encoding="utf-8", errors="backslashreplace")
            text = msgspec.json.format(msgspec.json.encode(trial), indent=1)
            (folder / f"trial-{trial.trial}.json").write_bytes(text)
        return relative

    def evidence_of(self, result: CellResult) -> tuple[Evidence, ...]:
        """Return the stored evidence of a result, trial by trial."""
        if not result.evidence:
            return ()
        folder = self.folder / result.evidence
        decoder = msgspec.json.Decoder(Evidence)
        trials = [decoder.decode(path.read_bytes()) for path in folder.glob("trial-*.json")]
        return tuple(sorted(trials, key=lambda trial: trial.trial))
