"""What this machine can run, and the remedy for each lack."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from typing import TYPE_CHECKING

from harness.containers import engine
from harness.environments import indexes, interpreters, own_platform, runtimes, settings, wine
from harness.errors import EngineError, EnvironmentFailedError, IndexUnavailableError
from harness.model.matrix import PYTHONS

if TYPE_CHECKING:
    from pathlib import Path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is present or lacking; ``needed``: nothing at all can be run without it."""

    what: str
    present: bool
    detail: str
    needed: bool = False


def findings(root: Path) -> tuple[Finding, ...]:
    """Look at the machine and the cache folder; interpreters, Wine and the engine are asked their version."""
    return (_index(), *_pythons(), _compiler(), *_wine(root), _engine())


def _index() -> Finding:
    try:
        indexes.configured()
    except IndexUnavailableError as error:
        return Finding(what="package index", present=False, detail=str(error), needed=True)
    return Finding(what="package index", present=True, detail="as uv or pip is configured", needed=True)


def _pythons() -> tuple[Finding, ...]:
    found = interpreters.installed()
    return tuple(
        Finding(
            what=f"platform {own_platform()}, Python {python}",
            present=python in found,
            detail=f"{found[python].full} from {found[python].source}"
            if python in found
            else interpreters.remedy(python),
        )
        for python in PYTHONS
    )


def _compiler() -> Finding:
    path = shutil.which("cc") or shutil.which("gcc")
    remedy = "releases without wheels of their time cannot be built; install gcc and the Python headers"
    return Finding(what="C compiler", present=path is not None, detail=path or remedy)


def _wine(root: Path) -> tuple[Finding, ...]:
    """Look for Wine and for the Windows CPythons, without making any."""
    what = "platform windows-wine"
    program = wine.loader() if sys.platform == "linux" else None
    if program is None:
        remedy = "no Wine; 'harness setup --yes' installs it" if sys.platform == "linux" else "it is for Linux"
        return (Finding(what=what, present=False, detail=remedy),)
    try:
        told = wine.version(program)
    except EnvironmentFailedError as failure:
        return (Finding(what=what, present=False, detail=str(failure)),)
    return (Finding(what=what, present=True, detail=told), *(_runtime(python, root) for python in runtimes.PYTHONS))


def _runtime(python: str, root: Path) -> Finding:
    what = f"platform windows-wine, Python {python}"
    own = settings.windows_python(python)
    if own:
        there = (own / "python.exe").is_file()
        return Finding(what=what, present=there, detail=f"your own in {own}" if there else f"no python.exe in {own}")
    if runtimes.is_made(python, root):
        return Finding(what=what, present=True, detail="made from packages")
    if python not in interpreters.installed():
        lack = f"its library comes from a CPython {python} of this machine; {interpreters.remedy(python)}"
        return Finding(what=what, present=False, detail=lack)
    return Finding(what=what, present=False, detail=f"made when first needed, or by 'harness setup --python {python}'")


def _engine() -> Finding:
    """Ask the container engine for its version."""
    what, where = "platform docker:IMAGE", engine.address()
    if sys.platform == "win32":
        return Finding(what=what, present=False, detail="it is for Linux and macOS machines")
    try:
        found = engine.connect(where)
    except EngineError as error:
        return Finding(what=what, present=False, detail=str(error))
    return Finding(what=what, present=True, detail=f"{found.version} at {where}")
