"""A memory: values in one file of the user's cache, by what they follow from. Whatever is lost is made again."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Generic, TypeVar

from harness.storage.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

T = TypeVar("T")
_MOST = 2000  # values, the newest


class Memory(Generic[T]):
    """A memory of values of one type; several programs may use it at once, of which one may forget what others kept."""

    def __init__(self, path: Path, kind: type[T]) -> None:
        """Use this file, which need not exist; ``kind`` is the type of a value."""
        self._path = path
        self._kind = kind

    def values(self) -> dict[str, T]:
        """Return what is remembered, by key; nothing where the file is missing or damaged."""
        return read_json(self._path, dict[str, self._kind]) or {}  # type: ignore[name-defined]

    def keep(self, values: Mapping[str, T]) -> None:
        """Remember values beside those that are there, or in their place; what cannot be written is forgotten."""
        every = {**self.values(), **values}
        with contextlib.suppress(OSError):
            write_json(self._path, dict(list(every.items())[-_MOST:]))

    def forget(self) -> None:
        """Remember nothing."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
