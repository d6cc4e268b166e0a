"""The platforms that cells run on, in one table: `platform_of` says what holds on a platform, and nothing else does.

Four of the five kinds of platform are named by one word; the fifth is named with an image, ``docker:python:3.8-slim``.
`harness.environments.backends.BACKENDS` has the backend of each, which makes its environments.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import msgspec

from harness.errors import UsageError, refuse_unknown
from harness.model.names import PlatformName, fits

if TYPE_CHECKING:
    from collections.abc import Iterable

BY_PYTHON = "docker"  # in a matrix: stands for the image that the matrix has for the Python of the cell
CONTAINER = "docker:"  # begins the name of a platform with an image
MACHINES = ("linux", "macos")
SYSTEMS = (*MACHINES, "windows")
"""The systems that a failure may exist on."""
_LINUX_RUNNER = "ubuntu-24.04"
_PYTHON = re.compile(r"3\.(?:[0-9]|[1-9][0-9])", re.ASCII)

_ENDING = frozenset({9, 15})  # SIGKILL and SIGTERM
_BREAK = frozenset({1})  # CTRL_BREAK_EVENT


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """What holds on a kind of platform.

    Attributes:
        name: as a matrix has it, ``IMAGE`` in the place of an image.
        system: the system whose failures exist on the platform, one of `SYSTEMS`.
        machines: the machines that can run cells of the platform, each named as `own_platform` names it.
        runner: the image of a GitHub runner that can run cells of the platform.
        wheels: the beginning of the platform tags of its wheels.
        works: whether its cells work more than they wait, so that hardly more of them run at once than there are cores.
        has_runtime: whether its interpreters run in something that a result has to name, such as Wine.
        lacks: what a trial cannot do on it, each in the words that a scenario's author uses.
        signals: the numbers of the signals that a program can be sent; None: all that the system has.
        signals_to_children: the same of the processes below the program.

    """

    name: str
    system: str
    machines: tuple[str, ...]
    runner: str
    wheels: str
    works: bool = False
    has_runtime: bool = False
    lacks: frozenset[str] = frozenset()
    signals: frozenset[int] | None = None
    signals_to_children: frozenset[int] | None = None


PLATFORMS = {
    one.name: one
    for one in (
        Platform(name="linux", system="linux", machines=("linux",), runner=_LINUX_RUNNER, wheels="linux"),
        Platform(
            name="windows",
            system="windows",
            machines=("windows",),
            runner="windows-2022",
            wheels="win",
            lacks=frozenset({"{fd}", "{socket}"}),
            signals=_BREAK | _ENDING,  # Windows ends a program that is sent any other number
            signals_to_children=_ENDING,
        ),
        Platform(name="macos", system="macos", machines=("macos",), runner="macos-14", wheels="macosx"),
        # A Python under Wine takes seconds of a core to start, and uvicorn 0.30 and later end a worker that has not
        # started in five.
        Platform(
            name="windows-wine",
            system="windows",
            machines=("linux",),
            runner=_LINUX_RUNNER,
            wheels="win",
            works=True,
            has_runtime=True,
            # Wine's server holds the sockets of all processes, and Linux counts what Wine itself uses in a process.
            lacks=frozenset({"{fd}", "{socket}", "look", "listening"}),
            signals_to_children=_ENDING,
        ),
        Platform(
            name="docker:IMAGE",
            system="linux",
            machines=MACHINES,
            runner=_LINUX_RUNNER,
            wheels="linux",
            lacks=frozenset({"reset"}),  # the engine's proxy of a published port ends the connection by a close instead
        ),
    )
}


def platform_of(name: str) -> Platform:
    """Return the kind of platform that a cell names.

    Raises:
        KeyError: there is none; the platform of a cell has been checked before, see `check_platform`.

    """
    return PLATFORMS["docker:IMAGE" if name.startswith(CONTAINER) else name]


def own_platform() -> str:
    """Return the platform that this machine itself is."""
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")


def check_platform(name: str, *, where: str) -> None:
    """Refuse a platform that the contract does not name; raises `UsageError`."""
    if name == BY_PYTHON or (name.startswith(CONTAINER) and fits(name, PlatformName)):
        return
    words = [one for one in PLATFORMS if not one.startswith(CONTAINER)]
    refuse_unknown([name], words, what="platform", where=where)


def check_pythons(pythons: Iterable[str], *, where: str) -> None:
    """Refuse a Python that is not written ``3.N``, with any N; raises `UsageError`.

    A Python that no machine has is reported when its environment is made.
    """
    for python in pythons:
        if _PYTHON.fullmatch(python) is None:
            raise UsageError(f"{where}: '{python}' is no Python such as 3.8 or 3.12")
