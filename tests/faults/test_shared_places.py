"""Kind 1: what lies in a shared place is somebody else's until proven ours."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness import marks

if TYPE_CHECKING:
    from tests.minimatrix.driving import User

    from .conftest import Seen


@pytest.mark.parametrize("mark", ["", "x", "0" * 31, "0" * 33, "/" + "0" * 32, "O" * 32])
def test_a_malformed_mark_matches_nothing(mark: str) -> None:
    """The function that ends processes refuses it by itself."""
    with pytest.raises(ValueError, match="is no mark"):
        marks.end_marked(mark)


@pytest.mark.fault(1, "a folder 'harness-run-' without a mark in the temporary folder")
def test_an_empty_mark_ends_nobody(user: User, seen: Seen) -> None:
    """A process of the same user lives on; in a process namespace of its own, since the failure ends them all."""
    folder = user.temporary / "harness-run-"
    folder.mkdir()
    script = 'sleep 60 & "$0" -m harness doctor --fix >/dev/null 2>&1; kill -0 $! && echo lives; kill $!'
    argv = ["unshare", "--pid", "--fork", "--mount-proc", "--mount", "/bin/sh", "-c", script, sys.executable]
    done = subprocess.run(  # noqa: S603 - the program that is tested
        argv, env=user.environment(), cwd=user.folder, capture_output=True, text=True, timeout=60, check=False
    )
    folder.rmdir()
    assert done.stdout == "lives\n", done.stderr
    seen("the folder is nobody's run; no process is ended")
