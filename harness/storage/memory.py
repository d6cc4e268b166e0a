"""A memory keeps computed values in one file of the user's cache; a value that is lost is computed again."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Generic, TypeVar

from harness.storage.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

T = TypeVar("T")
_MOST = 2000  # values; the newest are kept


class Memory(Generic[T]):
    """Values of one type by key, in a file; of programs that write it at once, one may drop values of the others."""

    def __init__(self, path: Path, kind: type[T]) -> None:
        """Use a file, which need not exist; ``kind`` is the type of a value."""
        self._path = path
        self._kind = kind

    def values(self) -> dict[str, T]:
        """Return the remembered values by key; none where the file is missing or damaged."""
        return read_json(self._path, dict[str, self._kind]) or {}  # type: ignore[name-defined]

    def keep(self, values: Mapping[str, T]) -> None:
        """Add values, or replace those of the same keys; where the file cannot be written, nothing changes."""
        every = {**self.values(), **values}
        with contextlib.suppress(OSError):
            write_json(self._path, dict(list(every.items())[-_MOST:]))

    def forget(self) -> None:
        """Remove all remembered values."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
