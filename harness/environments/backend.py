"""What every platform's backend offers to trials: environments that servers are started in."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec
from packaging.utils import canonicalize_name

from harness.errors import EnvironmentFailedError
from harness.processes import child, process, sockets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.processes.launch import Launch
    from harness.processes.started import Started


_END_OF_NAME = re.compile(r"\[|==| @ ")


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an environment is to hold: requirements (PEP 508) as of a moment, on a Python, on a platform.

    ``subject`` is the package on trial. ``moments`` are pairs of a package's canonical name and the moment (UTC) that
    this package alone is resolved as of. ``constraints`` are pins of packages that need not be part of the answer.
    """

    subject: str
    requirements: tuple[str, ...]
    as_of: dt.datetime
    python: str
    platform: str
    moments: tuple[tuple[str, dt.datetime], ...] = ()
    constraints: tuple[str, ...] = ()


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """The exact answer to a request: the interpreter, its full version, and the pins; the digest names the environment.

    ``runtime`` is what the interpreter runs in where that is not the machine itself, such as ``Wine 8.0``. ``copy``
    distinguishes environments that are otherwise the same. ``in_place`` says that somebody else made the environment.
    ``not_exchanged`` says of packages, by canonical name, why each has not the version that an exchange asked for.
    """

    request: Request
    interpreter: str
    python_full: str
    pins: tuple[str, ...]
    runtime: str | None = None
    copy: int = 0
    in_place: bool = False
    not_exchanged: dict[str, str] = {}

    @property
    def digest(self) -> str:
        """The content address: the same platform, interpreter and pins give the same digest."""
        where = [self.request.platform, self.interpreter, self.python_full]
        where += [self.runtime] if self.runtime else []
        where += [f"copy {self.copy}"] if self.copy else []
        where += ["in place"] if self.in_place else []
        content = "\n".join((*where, *sorted(self.pins)))
        return hashlib.sha256(content.encode()).hexdigest()[:20]

    @property
    def pinned(self) -> dict[str, str]:
        """The version of each pinned package by canonical name, without extras; the address of one that is a file."""
        return {name: version_of(pin) for name, pin in self.by_name.items()}

    @property
    def by_name(self) -> dict[str, str]:
        """The pins by the canonical names of their packages."""
        return {name_of(pin): pin for pin in self.pins}


def name_of(pin: str) -> str:
    """Return the canonical name of a pin's package, without extras."""
    return canonicalize_name(_END_OF_NAME.split(pin, maxsplit=1)[0])


def version_of(pin: str) -> str:
    """Return the version of a pin; the address of one that is a file."""
    return pin.split(" @ " if is_file(pin) else "==", 1)[1].split(";", maxsplit=1)[0].strip()


def is_file(pin: str) -> bool:
    """Whether a pin names a file by its address."""
    return " @ " in pin


class Environment(Protocol):
    """A built environment, in which a trial starts servers."""

    @property
    def resolution(self) -> Resolution:
        """What the environment holds."""

    @property
    def files(self) -> dict[str, str]:
        """The kind of file that each package came from, by canonical name, see `harness.environments.inventory`."""

    def start(self, launch: Launch) -> Started:
        """Start a server, whose placeholders are filled in here.

        Raises:
            OSError: the program cannot be started.
            EnvironmentFailedError: the container or the Wine prefix that the program runs in cannot be started.
            HarnessError: the platform has not what the launch needs.

        """


class Surroundings(NamedTuple):
    """What one server is started with: its whole set of environment variables, and the services it needs, started."""

    variables: dict[str, str]
    services: tuple[process.Process, ...] = ()


class OnMachine(Protocol):
    """An environment whose servers are ordinary processes of this machine."""

    def command(self, program: str, arguments: Sequence[str]) -> tuple[str, ...]:
        """Return the command line of a program of the environment: ``python`` or a console script like ``uvicorn``."""

    def surroundings(self, folder: Path, mark: str) -> Surroundings:
        """Make what one server needs below the trial's folder, and return it.

        Services that are started for the server carry the mark.
        """


class StartsHere:
    """Starts servers as processes of this machine, see `OnMachine`."""

    def start(self: OnMachine, launch: Launch) -> Started:
        """See `Environment.start`."""
        inherited = sockets.listener(sockets.on_machine(launch.address, launch.folder)) if launch.inherits else None
        try:
            filled = launch.filled(
                socket=str(sockets.on_machine(launch.socket, launch.folder)) if launch.has_socket else "",
                descriptor=child.inherited_number(inherited.fileno()) if inherited else None,
            )
            argv = self.command(filled.program, filled.arguments)
            env, services = self.surroundings(filled.folder, filled.mark)
            return process.Process(
                argv,
                env=env,
                variables=filled.variables,
                cwd=filled.folder,
                mark=filled.mark,
                console=filled.console,
                stdin=filled.stdin,
                inherited=inherited,
                services=services,
            )
        finally:
            if inherited:
                inherited.close()  # the program has its own, and a client that comes after its end is refused


class MakesItsOwn:
    """A backend that has no environments but those that it makes, and so cannot adopt one."""

    def adopt(self, request: Request, interpreter: str) -> Resolution:
        """See `Backend.adopt`."""
        message = f"{interpreter}: an environment in place is one of this machine's own, not of {request.platform}"
        raise EnvironmentFailedError(message)


class Backend(Protocol):
    """One way to make environments."""

    def resolve(self, request: Request) -> Resolution:
        """Return the resolution of a request, from the store where the request was resolved before.

        Raises:
            EnvironmentFailedError: the request cannot be resolved; the message is one line, with the remedy if any.

        """

    def adopt(self, request: Request, interpreter: str) -> Resolution:
        """Return what an existing environment holds, by the path of its interpreter; nothing is installed.

        Raises:
            EnvironmentFailedError: there is no such environment, or the platform has no environments but its own.

        """

    def build(self, resolution: Resolution) -> Environment:
        """Return the built, healthy environment; it is built at most once, however many callers ask at the same time.

        Raises:
            EnvironmentFailedError: the environment cannot be built or is not healthy.

        """
