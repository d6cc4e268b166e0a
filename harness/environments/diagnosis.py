"""What this machine can run, and the remedy for each lack."""

from __future__ import annotations

import dataclasses
import shutil

from harness.environments import interpreters, own_platform, uv
from harness.errors import IndexUnavailableError
from harness.model.matrix import PYTHONS

_LATER = "this version of the harness does not run it yet"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is present or lacking; ``needed``: nothing at all can be run without it."""

    what: str
    present: bool
    detail: str
    needed: bool = False


def findings() -> tuple[Finding, ...]:
    """Look at the machine; starts nothing but interpreters, to ask their version."""
    return (_index(), *_pythons(), _compiler(), _wine(), _engine())


def _index() -> Finding:
    try:
        uv.index_url()
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


def _wine() -> Finding:
    path = shutil.which("wine64") or shutil.which("wine")
    return Finding(
        what="platform windows-wine", present=False, detail=_LATER + (f"; Wine is at {path}" if path else "")
    )


def _engine() -> Finding:
    return Finding(what="platform docker:IMAGE", present=False, detail=_LATER)
