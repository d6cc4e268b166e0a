"""Every subject: each names Pythons for every release, and one way to start."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from harness import subjects
from harness.catalog.applications import READY_MADE
from harness.model.addresses import Tcp, Unix
from harness.subjects import cheroot, daphne, granian, hypercorn, waitress
from harness.subjects.eras import version

if TYPE_CHECKING:
    from types import ModuleType

SHARED = {"command_lines", "eras", "libraries", "options", "starting", "windows"}
NAMES = sorted({module.name for module in pkgutil.iter_modules(subjects.__path__)} - SHARED)


@pytest.fixture(params=NAMES)
def subject(request: pytest.FixtureRequest) -> ModuleType:
    """Return each subject's module."""
    return importlib.import_module(f"harness.subjects.{request.param}")


def test_every_release_has_a_python(subject: ModuleType) -> None:
    """The eras of the Pythons meet, whatever the release."""
    eras = [SpecifierSet(releases) for releases, _ in subject.PYTHONS]
    for release in ("0", "0.1", "0.4.4", "1.9", "3.2", "8.0", "19.9", "20.0.4", "25.12", "99"):
        assert sum(era.contains(release) for era in eras) == 1, release


def test_a_subject_can_be_started(subject: ModuleType) -> None:
    """By a command line or by a script; the script is ready-made."""
    assert hasattr(subject, "cli") or (READY_MADE / f"run_{subject.__name__.rpartition('.')[2]}.py").is_file()


def test_hypercorn_changes_its_dialect_and_its_log() -> None:
    """ASGI 3 came with 0.6, the longer names of its logs with 0.7."""
    older = hypercorn.command(version("0.5.4"), "linux", "ready", at=Tcp(), access_log="-")
    newer = hypercorn.command(version("0.17.3"), "linux", "ready", "--debug", at=Unix(), access_log="-")
    assert older.arguments == ("--bind", "127.0.0.1:{port}", "--access-log", "-", "ready:ASGI2")
    assert newer.arguments == ("--bind", "unix:{socket}", "--access-logfile", "-", "--debug", "ready:asgi3")


def test_servers_listen_where_the_client_reaches_them() -> None:
    """Each in its own words."""
    assert daphne.command(version("4.2"), "linux", "ready", at=Unix()).arguments == ("-u", "{socket}", "ready:asgi3")
    assert granian.command(version("2.8.1"), "linux", "ready", at=Unix(), interface="asgi").arguments == (
        *("--uds", "{socket}"),
        *("--interface", "asgi", "ready:asgi3"),
    )
    assert waitress.command(version("3.0.2"), "windows", "ready", at=Tcp(port=80)).arguments == (
        *("-m", "waitress"),
        *("--host=127.0.0.1", "--port=80", "ready:wsgi"),
    )
    assert cheroot.words(version("10.0"), "own:app", "numthreads=1", at=Tcp(host="::1")) == (
        "own:app",
        "[::1]:{port}",
        "numthreads=1",
    )
