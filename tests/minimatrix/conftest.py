"""What the tests share: an index, a cache of environments, users, and one run of the whole matrix.

The cache and that run are shared by all workers of pytest-xdist. A golden document is compared with what was
printed after `golden.normal`; ``MINIMATRIX_REGENERATE=1 pytest tests/minimatrix`` writes them anew, to be read
and committed by a person.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import filelock
import pytest

from .driving import User
from .index import Index
from .whole import WholeRun, run_whole_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytest.register_assert_rewrite(f"{__package__}.golden")
collect_ignore = ["hub", "life", "relay", "scenarios", "toyserver.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where the toy's cells cannot exist: its matrix is for Linux."""
    if sys.platform != "linux":
        for item in items:
            if "minimatrix" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason="the toy matrix is for Linux"))


@pytest.fixture(scope="session")
def index() -> Iterator[Index]:
    """The package index of the toy."""
    with Index() as running:
        yield running


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder that all workers share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def user(tmp_path: Path, shared: Path, index: Index) -> User:
    """A user whose cache has, or will have, what other tests built as well."""
    return User(folder=tmp_path / "user", cache=shared / "cache", index=index.url)


@pytest.fixture
def newcomer(tmp_path: Path, index: Index) -> User:
    """A user for whom nothing has been fetched or built yet."""
    return User(folder=tmp_path / "newcomer", cache=tmp_path / "cache", index=index.url)


@pytest.fixture(scope="session")
def whole(shared: Path, index: Index) -> WholeRun:
    """One run of the whole matrix with two trials of every cell, made by the worker that needs it first."""
    user = User(folder=shared / "whole", cache=shared / "cache", index=index.url)
    with filelock.FileLock(shared / "whole.lock"):
        return run_whole_matrix(user, shared / "whole.json")
