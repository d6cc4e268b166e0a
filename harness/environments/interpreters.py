"""The CPythons of this machine, in uv's own folder, pyenv's versions folder and PATH; each is asked for its version.

pyenv's shims are skipped: a shim exists for versions that it then refuses to run.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import os
import re
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from packaging.version import Version

from harness.environments import answers, uv
from harness.errors import EnvironmentFailedError
from harness.processes import process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PATIENCE_S = 20.0
_QUESTION = "import sys; print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3], sys.version_info[3])"
_asking_uv = threading.Lock()
_asking: dict[str, threading.Lock] = {}  # by Python: threads that want the same Python ask for it once
_NAMED = re.compile(r"(?:cpython-|python)?(3\.\d{1,2})(?:\.\d+(?:-.*)?|\.exe)?$", re.ASCII)  # 3.8.18, python3.8
_ANSWER = re.compile(r"^cpython ((3\.\d+)\.\d+) final\r?$", re.MULTILINE)


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """One CPython: its minor version (``3.8``), its full version (``3.8.18``), its path, and who provides it."""

    python: str
    full: str
    path: str
    source: str


def remedy(python: str) -> str:
    """Say how to install a missing Python."""
    return f"install it with 'uv python install {python}', pyenv or the system's packages"


def find(python: str) -> Interpreter:
    """Return the newest CPython of a minor version on the machine.

    Raises:
        EnvironmentFailedError: there is no such CPython.

    """
    found = _asked(python)
    if found is None:
        message = f"no CPython {python} on this machine; {remedy(python)}"
        raise EnvironmentFailedError(message)
    return found


def asked(path: str) -> Interpreter:
    """Return the CPython at a path.

    Raises:
        EnvironmentFailedError: the file at the path is no working, released CPython.

    """
    found = _ask(path, "named")
    if found is None:
        raise EnvironmentFailedError(f"{path} is not an interpreter of a released CPython that works")
    return found


def is_here(python: str) -> bool:
    """Whether a CPython of this minor version is on the machine."""
    return _asked(python) is not None


def installed() -> dict[str, Interpreter]:
    """Return the newest working CPython of each minor version on the machine, by that version, oldest first.

    A Python is found by the name of its folder or program, so that a new one needs no new version of the harness.
    """
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = pool.map(_asked, _present())
    return {one.python: one for one in found if one}


def installable() -> tuple[str, ...]:
    """Return the minor versions that uv can fetch, oldest first; uv is asked without the network."""
    argv = [uv.PROGRAM, "python", "list", "--only-downloads", "--offline", "--no-config", "--color", "never"]
    output = process.ask(argv, deadline_s=_PATIENCE_S).output
    return _in_order(match[1] for match in re.finditer(r"^cpython-(3\.\d+)\.\d+-", output, re.MULTILINE))


def _present() -> tuple[str, ...]:
    """Return the minor versions in the names of folders and programs, oldest first."""
    names = [f"python{sys.version_info[0]}.{sys.version_info[1]}"]
    for folder in (_pyenv_versions(), _uv_folder(), *map(Path, _path_without_shims().split(os.pathsep))):
        with contextlib.suppress(OSError):
            names += [path.name for path in folder.iterdir()]
    return _in_order(match[1] for name in names if (match := _NAMED.match(name)))


def _in_order(pythons: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(pythons), key=Version))


def _asked(python: str) -> Interpreter | None:
    """Return the newest CPython of a minor version; threads that ask for another version do not wait."""
    with _asking_uv:
        _uv_folder()
    with _asking.setdefault(python, threading.Lock()):
        return _newest(python)


@functools.cache
def _newest(python: str) -> Interpreter | None:
    best: Interpreter | None = None
    for source, path in _candidates(python):
        full = _full_in(path)
        if best and full and Version(full) <= Version(best.full):
            continue
        found = _ask(str(path), source)
        if found and found.python == python and (best is None or Version(found.full) > Version(best.full)):
            best = found
    return best


def _candidates(python: str) -> Iterator[tuple[str, Path]]:
    """Yield where interpreters of a minor version may be, with their provider; none is started."""
    program = "python.exe" if sys.platform == "win32" else "bin/python3"
    for folder in sorted(_pyenv_versions().glob(f"{python}.*"), reverse=True):
        yield "pyenv", folder / program
    for folder in sorted(_uv_folder().glob(f"cpython-{python}.*"), reverse=True):
        yield "uv", folder / program
    if found := shutil.which(f"python{python}", path=_path_without_shims()):
        yield "PATH", Path(found)
    if python == f"{sys.version_info[0]}.{sys.version_info[1]}":
        yield "the harness itself", Path(sys.executable)


def _pyenv_versions() -> Path:
    root = os.environ.get("PYENV_ROOT")
    return (Path(root) if root else Path.home() / ".pyenv") / "versions"


@functools.cache
def _uv_folder() -> Path:
    """Return the folder of uv's own Pythons."""
    if folder := os.environ.get("UV_PYTHON_INSTALL_DIR"):
        return Path(folder)
    told = answers.ask([uv.PROGRAM, "python", "dir", "--no-config"], deadline_s=_PATIENCE_S).output.strip()
    return Path(told or os.devnull)


def _path_without_shims() -> str:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if Path(folder).name != "shims")


def _full_in(path: Path) -> str | None:
    """Return the full version in the name of a folder (``3.8.18``, ``cpython-3.8.20-linux…``); None without one."""
    for part in reversed(path.parts):
        if match := re.match(r"(?:cpython-)?(3\.\d+\.\d+)(?:-|$)", part):
            return match[1]
    return None


def _ask(path: str, source: str) -> Interpreter | None:
    """Run a program and return the CPython that it says it is; None unless it is a working, released CPython.

    ``-S`` keeps packages that are installed in it from changing the answer.
    """
    if not Path(path).is_file():
        return None
    try:
        done = answers.ask([path, "-I", "-S", "-c", _QUESTION], deadline_s=_PATIENCE_S)
    except OSError:
        return None
    match = _ANSWER.search(done.output)
    if done.exit_status != 0 or match is None:
        return None
    return Interpreter(python=match[2], full=match[1], path=path, source=source)
