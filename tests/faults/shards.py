"""Shards that a run has written, and what somebody has done to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.minimatrix.driving import User, servers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.minimatrix.index import Index

FILE = "journal.jsonl"


def entries(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of a shard's journal."""
    return [json.loads(line) for line in (folder / FILE).read_bytes().splitlines()]


def rewrite(folder: Path, entries: list[dict[str, Any]]) -> None:
    """Put a journal of these entries in the place of a shard's own."""
    lines = (json.dumps(entry, separators=(",", ":"), ensure_ascii=False) for entry in entries)
    (folder / FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def change(folder: Path, **fields: Any) -> None:  # noqa: ANN401 - whatever JSON has
    """Change fields of the result of the first entry."""
    every = entries(folder)
    every[0]["result"] |= fields
    rewrite(folder, every)


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path, index: Index) -> Path:
    """A results folder of two cells, to be copied: the toy has the failure in 1.0, and not in 1.1."""
    user = User(folder=tmp_path_factory.mktemp("measured"), cache=shared_cache, index=index.url)
    assert user.run(*servers("1.0", "1.1")).status == 0
    rewrite(user.results, sorted(entries(user.results), key=lambda entry: str(entry["result"]["version"])))
    assert user.left_in_the_end() == []
    return user.results
