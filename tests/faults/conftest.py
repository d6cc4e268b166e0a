"""Faults that the program has to survive: hostile servers, folders, documents and users, and a machine that fails.

Each test says by ``@pytest.mark.fault(kind, "what happens")`` which fault it brings about, and by the fixture `seen`
what the program did: the words a user meets, the exit status, the most memory that the harness itself had. `tests/
conftest.py` makes a table of them. Whatever is left on the machine fails the test.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.minimatrix.driving import User
from tests.minimatrix.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.minimatrix.driving import Called

MOST_MIB = 150.0  # what the harness itself may need, whatever it is sent


class Seen(Protocol):
    """Says what was seen of a fault; `called` gives exit status and peak memory where a call was made."""

    def __call__(self, result: str, called: Called | None = None) -> None:
        """Enter it into the table."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where the faults cannot be brought about: they are those of a POSIX machine."""
    for item in items:
        if sys.platform != "linux" and "faults" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason="the faults are those of a Linux machine"))


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Seen:
    """Enter what was seen into the table, and demand that the harness stayed within its memory."""
    assert request.node.get_closest_marker("fault"), "a test of this folder says which fault it brings about"

    def enter(result: str, called: Called | None = None) -> None:
        told: dict[str, object] = {"result": result}
        if called is not None:
            told |= {"status": called.status, "peak_mib": round(called.peak_mib)}
        request.node.user_properties.append(("seen", told))
        assert called is None or called.peak_mib <= MOST_MIB, f"the harness took {called.peak_mib:.0f} MiB"

    return enter


@pytest.fixture(scope="session")
def index() -> Iterator[Index]:
    """The package index of the toy."""
    with Index() as running:
        yield running


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A cache of environments that all tests share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "faults"
    folder.mkdir(exist_ok=True)
    return folder / "cache"


@pytest.fixture
def user(tmp_path: Path, shared_cache: Path, index: Index) -> Iterator[User]:
    """A user of whose runs nothing may be left when the test is over."""
    one = User(folder=tmp_path / "user", cache=shared_cache, index=index.url)
    yield one
    assert one.left_in_the_end() == []


@pytest.fixture
def newcomer(tmp_path: Path, index: Index) -> Iterator[User]:
    """The same, for whom nothing has been fetched or built yet."""
    one = User(folder=tmp_path / "newcomer", cache=tmp_path / "cache", index=index.url)
    yield one
    assert one.left_in_the_end() == []
