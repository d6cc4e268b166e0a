"""An edited file is whole at every moment, and newer afterwards."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.execution.editing import edit

if TYPE_CHECKING:
    from pathlib import Path


def test_text_is_replaced_and_the_file_is_newer(tmp_path: Path) -> None:
    """However coarse the clock of the file system is; line ends and mode stay, and nothing lies beside."""
    file = tmp_path / "app.py"
    file.write_bytes(b"one\r\ntwo\n")
    file.chmod(0o750)
    before = file.stat()
    edit(tmp_path, "app.py", "two", "three")
    assert file.read_bytes() == b"one\r\nthree\n"
    assert file.stat().st_mtime - before.st_mtime >= 2
    if sys.platform != "win32":
        assert file.stat().st_mode == before.st_mode
        assert file.stat().st_ino != before.st_ino
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]


@pytest.mark.parametrize(
    ("name", "old", "told"),
    [
        ("app.py", "four", "it says 'four' 0 times instead of once"),
        ("app.py", "o", "it says 'o' 2 times instead of once"),
        ("app.py", "", "instead of once"),
        ("none.py", "one", "none.py cannot be edited: "),
        ("../outside.py", "one", "does not lie in the trial's folder"),
        ("binary", "one", "it is no text in UTF-8"),
    ],
)
def test_what_cannot_be_edited_is_said(name: str, old: str, told: str, tmp_path: Path) -> None:
    """In one line; the file stays as it is."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside.py").write_text("one")
    (folder / "app.py").write_text("one two")
    (folder / "binary").write_bytes(b"\xff one")
    with pytest.raises(HarnessError, match=told):
        edit(folder, name, old, "new")
    assert (folder / "app.py").read_text() == "one two"
    assert (tmp_path / "outside.py").read_text() == "one"
