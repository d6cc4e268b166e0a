"""What a requirement names on this machine is taken by its content: a path alone says nothing."""

from __future__ import annotations

import shutil
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from packaging.requirements import Requirement

from harness.environments.taken import Taken
from harness.errors import EnvironmentFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="executable bits, and links without privileges, are POSIX")


def taken(cache: Path, text: str, beside: Path) -> Path:
    """Return the file in the cache that a requirement is turned into."""
    url = Requirement(Taken(cache).requirement(text, beside)).url
    assert url is not None
    return Path(url2pathname(urlsplit(url).path))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a project folder."""
    project = tmp_path / "part"
    (project / "src" / "build").mkdir(parents=True)
    (project / "pyproject.toml").write_text("[project]\n")
    (project / "src" / "build" / "core.py").write_text("x = 1\n")
    (project / "run.sh").write_text("")
    return project


def test_the_same_content_is_the_same_file(tmp_path: Path) -> None:
    """Wherever it lies and whatever else is there; another content is another one."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "part.whl").write_bytes(b"one")
    first = taken(tmp_path / "cache", "part @ ./part.whl", tmp_path / "a")
    assert taken(tmp_path / "cache", f"part @ {(tmp_path / 'b' / 'part.whl').as_uri()}", tmp_path) == first
    (tmp_path / "a" / "part.whl").write_bytes(b"two")
    assert taken(tmp_path / "cache", "part @ ./part.whl", tmp_path / "a") != first
    assert first.read_bytes() == b"one"


def test_a_run_takes_a_file_once(tmp_path: Path) -> None:
    """Cells of one run have the same content, whatever is done to the file meanwhile."""
    (tmp_path / "part.whl").write_bytes(b"one")
    run = Taken(tmp_path / "cache")
    first = run.requirement("part @ ./part.whl", tmp_path)
    (tmp_path / "part.whl").write_bytes(b"two")
    assert run.requirement("part @ ./part.whl", tmp_path) == first


@pytest.mark.parametrize("text", ["h11<0.12", "part @ https://localhost/x.whl#sha256=0", "part @ ./gone.whl"])
def test_what_is_not_here_stays_as_it_is(text: str, tmp_path: Path) -> None:
    """Releases of the index, addresses, and files that are not there, which uv tells."""
    assert Taken(tmp_path / "cache").requirement(text, tmp_path) == text


def _edit(path: Path) -> None:
    path.write_text("x = 2\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: _edit(tree / "src" / "build" / "core.py"),
        lambda tree: _edit(tree / "new.py"),
        pytest.param(lambda tree: (tree / "run.sh").chmod(0o755), marks=POSIX),
        lambda tree: (tree / "run.sh").rename(tree / "walk.sh"),
        pytest.param(lambda tree: _edit(tree.parent / "outside" / "linked.py"), marks=POSIX),
    ],
    ids=["in a package called build", "added", "executable", "renamed", "behind a link"],
)
def test_any_change_of_a_tree_is_another_content(change: Callable[[Path], None], tree: Path, tmp_path: Path) -> None:
    """Also in a package whose name tools use for what they leave, and in a folder that a link leads to."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "linked.py").write_text("x = 1\n")
    (tree / "link").symlink_to(tmp_path / "outside")
    first = taken(tmp_path / "cache", "part @ ./part", tmp_path)
    change(tree)
    assert taken(tmp_path / "cache", "part @ ./part", tmp_path) != first


@pytest.mark.parametrize("left", ["build/lib/core.py", "dist/part.whl", "part.egg-info/PKG-INFO", ".git/HEAD", "env/x"])
def test_what_tools_leave_in_a_tree_is_no_content(left: str, tree: Path, tmp_path: Path) -> None:
    """Building it, or committing it, makes no other release; an environment is told by its own mark."""
    first = taken(tmp_path / "cache", "part @ ./part", tmp_path)
    (tree / left).parent.mkdir(parents=True)
    (tree / left).write_text("x")
    (tree / "env").mkdir(exist_ok=True)
    (tree / "env" / "pyvenv.cfg").write_text("")
    assert taken(tmp_path / "cache", "part @ ./part", tmp_path) == first


@POSIX
def test_a_tree_is_packed_whole_and_a_link_that_leads_back_ends(tree: Path, tmp_path: Path) -> None:
    """For uv to build from: one folder with everything in it."""
    (tree / "again").symlink_to(tree)
    with tarfile.open(taken(tmp_path / "cache", "part @ ./part", tmp_path)) as packed:
        assert sorted(packed.getnames()) == ["part/pyproject.toml", "part/run.sh", "part/src/build/core.py"]


def test_what_changes_while_it_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name would be that of another content."""
    (tmp_path / "part.whl").write_bytes(b"one")

    def copy(path: Path, folder: Path) -> None:
        (folder / path.name).write_bytes(b"two")
        path.write_bytes(b"two")

    monkeypatch.setattr(shutil, "copy", copy)
    with pytest.raises(EnvironmentFailedError, match="changed while it was read"):
        Taken(tmp_path / "cache").requirement("part @ ./part.whl", tmp_path)
