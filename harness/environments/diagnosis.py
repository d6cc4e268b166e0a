"""The diagnosis says what this machine can run, and names a remedy for each thing that it lacks."""

from __future__ import annotations

import dataclasses
import queue
import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING

from packaging.version import Version

from harness.containers import engine
from harness.environments import answers, interpreters, runtimes, settings, simple, wine
from harness.errors import EngineError, EnvironmentFailedError, IndexUnavailableError
from harness.model.platforms import own_platform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE_S = 2.5  # for all questions together
_ASKED_FOR = "uvicorn"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is present or lacking; where ``needed``, nothing at all runs without it."""

    what: str
    present: bool
    detail: str
    needed: bool = False


def findings(root: Path) -> tuple[Finding, ...]:
    """Diagnose the machine and the cache folder; the index, interpreters, Wine and engine are asked concurrently."""
    answers.forget()  # what a program said before is no sign that it works
    parts = {
        "package index": _index,
        f"platform {own_platform()}": _pythons,
        "C compiler": _compiler,
        "platform windows-wine": lambda: _wine(root),
        "platform docker:IMAGE": _engine,
    }
    asked = {what: _Asked(part) for what, part in parts.items()}
    end = time.monotonic() + PATIENCE_S
    return tuple(finding for what, one in asked.items() for finding in one.answer(what, end))


class _Asked:
    """A question that a daemon thread asks, so that a missing answer does not keep the program from ending."""

    def __init__(self, question: Callable[[], tuple[Finding, ...]]) -> None:
        self._answers: queue.SimpleQueue[tuple[Finding, ...] | Exception] = queue.SimpleQueue()
        threading.Thread(target=self._ask, args=(question,), daemon=True).start()

    def _ask(self, question: Callable[[], tuple[Finding, ...]]) -> None:
        try:
            self._answers.put(question())
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            self._answers.put(error)

    def answer(self, what: str, end: float) -> tuple[Finding, ...]:
        """Wait for the answer, at most until the moment ``end`` of `time.monotonic`."""
        try:
            found = self._answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            late = f"did not answer in {PATIENCE_S:.0f} s; is the machine busy, or does what it asks hang?"
            return (Finding(what=what, present=False, detail=late, needed=what == "package index"),)
        if isinstance(found, Exception):
            raise found
        return found


def _index() -> tuple[Finding, ...]:
    """Ask the index for the page of a package; any answer counts, and the index need not have the package."""
    try:
        present, detail = simple.reach(_ASKED_FOR)
    except IndexUnavailableError as error:
        present, detail = False, f"{error}; check the network, and the index that uv or pip is configured for"
    return (Finding(what="package index", present=present, detail=detail, needed=True),)


def _pythons() -> tuple[Finding, ...]:
    found = interpreters.installed()
    every = sorted({*found, *interpreters.installable()}, key=Version)
    return tuple(
        Finding(
            what=f"platform {own_platform()}, Python {python}",
            present=python in found,
            detail=f"{found[python].full} from {found[python].source}"
            if python in found
            else interpreters.remedy(python),
        )
        for python in every
    )


def _compiler() -> tuple[Finding, ...]:
    path = shutil.which("cc") or shutil.which("gcc")
    remedy = "releases without wheels of their time cannot be built; install gcc and the Python headers"
    return (Finding(what="C compiler", present=path is not None, detail=path or remedy),)


def _wine(root: Path) -> tuple[Finding, ...]:
    """Look for Wine and for the Windows CPythons; none is made."""
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


def _engine() -> tuple[Finding, ...]:
    """Ask the container engine for its version."""
    what, where = "platform docker:IMAGE", engine.address()
    if sys.platform == "win32":
        return (Finding(what=what, present=False, detail="it is for Linux and macOS machines"),)
    try:
        found = engine.connect(where)
    except EngineError as error:
        return (Finding(what=what, present=False, detail=str(error)),)
    return (Finding(what=what, present=True, detail=f"{found.version} at {where}"),)
