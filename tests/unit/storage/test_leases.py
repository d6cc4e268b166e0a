"""What a run uses is known to others as long as it lives, and no longer."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from harness.storage.leases import Uses, in_use

if TYPE_CHECKING:
    from pathlib import Path

USING = """
import sys, pathlib
from harness.storage.leases import Uses
uses = Uses(pathlib.Path(sys.argv[1]), "other")
uses.add("theirs")
print("used", flush=True)
sys.stdin.read()
"""


def test_use_is_known_until_it_ends(tmp_path: Path) -> None:
    """Of all runs; what one of them uses twice it uses."""
    one, other = Uses(tmp_path, "one"), Uses(tmp_path, "other")
    one.add("a")
    one.add("a")
    other.add("b")
    assert in_use(tmp_path) == {"a", "b"}
    one.close()
    assert in_use(tmp_path) == {"b"}
    other.close()
    assert in_use(tmp_path) == frozenset()
    assert [path.suffix for path in (tmp_path / "in-use").iterdir() if path.suffix == ".txt"] == []


def test_nothing_is_made_where_nothing_is_used(tmp_path: Path) -> None:
    """Looking is no use."""
    Uses(tmp_path / "cache", "one").close()
    assert in_use(tmp_path / "cache") == frozenset()
    assert not (tmp_path / "cache").exists()


def test_use_of_a_killed_run_is_none(tmp_path: Path) -> None:
    """The system lets go of its lock; what it left is cleared away."""
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", USING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout
        assert running.stdout.readline().split() == [b"used"]
        assert in_use(tmp_path) == {"theirs"}
        running.kill()
    assert in_use(tmp_path) == frozenset()
    assert list((tmp_path / "in-use").glob("*.txt")) == []
