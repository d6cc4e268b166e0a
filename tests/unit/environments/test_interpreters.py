"""Which Pythons a machine has: by the names of folders and programs, whichever Pythons there are by now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from harness.environments import interpreters

if TYPE_CHECKING:
    from pathlib import Path

OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs here are scripts of a shell")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be on a machine whose Pythons lie below this folder, which nobody has asked for any yet."""
    for folder in ("pyenv/versions", "uv", "bin", "shims"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{tmp_path / 'shims'}:{tmp_path / 'gone'}")
    interpreters._newest.cache_clear()
    interpreters._uv_folder.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def _forget() -> object:
    """Leave nothing of a machine that is none."""
    yield
    interpreters._newest.cache_clear()
    interpreters._uv_folder.cache_clear()


def python(path: Path, full: str, *, name: str = "cpython", level: str = "final") -> None:
    """Make a program that answers as a Python does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {name} {full} {level}\n")
    path.chmod(0o755)


def test_a_python_of_tomorrow_is_found(machine: Path) -> None:
    """From each of the places; the newest patch counts, oldest minor version first."""
    python(machine / "pyenv/versions/3.27.1/bin/python3", "3.27.1")
    python(machine / "uv/cpython-3.27.3-linux-x86_64-gnu/bin/python3", "3.27.3")
    python(machine / "bin/python3.16", "3.16.0")
    found = {one: at.full for one, at in interpreters.installed().items() if one != OWN}
    assert list(found.items()) == [("3.16", "3.16.0"), ("3.27", "3.27.3")]
    assert interpreters.find("3.27").source == "uv"


def test_what_is_no_released_cpython_is_passed_over(machine: Path) -> None:
    """Pre-releases, other implementations, shims, a program that lies about its version, one that does not work."""
    python(machine / "bin/python3.20", "3.20.0", level="alpha")
    python(machine / "bin/python3.21", "3.21.0", name="pypy")
    python(machine / "shims/python3.22", "3.22.0")
    python(machine / "bin/python3.23", "3.24.0")
    (machine / "bin/python3.25").write_text("not a program")
    (machine / "bin/python3.26-config").touch()
    assert list(interpreters.installed()) == [OWN]


def test_the_harness_itself_has_one(machine: Path) -> None:
    """So that there always is a Python that a release can run on."""
    assert list(machine.rglob("python*")) == []
    assert interpreters.installed()[OWN].path == sys.executable
