"""A server's whole life through the whole program: each verb does what it says, and the evidence has all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import filelock
import pytest

from tests.lives import SCENARIOS, Lives, lives_in

from .driving import PYTHON, User, servers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.model.evidence import Evidence

    from .index import Index


@pytest.fixture(scope="module")
def life(shared: Path, index: Index) -> Mapping[str, Evidence]:
    """The trial of each variant, of one run that is made by the worker that needs it first."""
    user = User(folder=shared / "life", cache=shared / "cache", index=index.url)
    with filelock.FileLock(shared / "life.lock"):
        if not user.results.is_dir():
            chosen = ["--scenarios", str(SCENARIOS), *servers("1.1"), "--python", PYTHON]
            called = user.call("run", "life", *chosen, "--format", "json", "--jobs", "2")
            assert called.status == 0, called.stderr
            assert user.left() == []
    return lives_in(user.results)


class TestLife(Lives):
    """On this machine itself."""
