"""Files of the cache: a reader sees the old one or the whole new one, and holds no writer up for good."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from harness.storage.files import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path


def test_file_that_is_being_read_is_replaced(tmp_path: Path) -> None:
    """Where the system refuses that, as Windows does, it is tried until the reader is through."""
    path = tmp_path / "a.json"
    write_json(path, ["old"])
    with path.open("rb") as reader:
        threading.Timer(0.2, reader.close).start()
        write_json(path, ["new"])
    assert read_json(path, list[str]) == ["new"]


def test_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """And nothing beside it."""
    path = tmp_path / "a.json"
    write_json(path, ["old"])
    with pytest.raises(TypeError):
        write_json(path, [object()])
    assert read_json(path, list[str]) == ["old"]
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]
