"""Virtual environments on this machine's own CPythons: the platforms ``linux``, ``macos`` and ``windows``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_name

from harness.environments import interpreters, inventory
from harness.environments.backend import Request, Resolution, StartsHere, Surroundings
from harness.errors import EnvironmentFailedError
from harness.processes import process
from harness.storage.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.environments.store import Store
    from harness.environments.uv import Uv

DEADLINE_S = 60.0


class VirtualEnvironment(msgspec.Struct, StartsHere, frozen=True, kw_only=True):
    """One virtual environment, on this machine itself."""

    folder: Path
    resolution: Resolution

    @property
    def files(self) -> dict[str, str]:
        """See `harness.environments.backend.Environment.files`."""
        return inventory.of(self.folder)

    @property
    def scripts(self) -> Path:
        """The folder of the environment's programs."""
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    @property
    def packages(self) -> Path:
        """The folder of the environment's installed packages."""
        library = "Lib" if sys.platform == "win32" else f"lib/python{self.resolution.request.python}"
        return self.folder / library / "site-packages"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return Path(self.command("python", ())[0])

    def command(self, program: str, arguments: Sequence[str]) -> tuple[str, ...]:
        """See `harness.environments.backend.OnMachine`."""
        suffix = ".exe" if sys.platform == "win32" else ""
        return (str(self.scripts / f"{program}{suffix}"), *arguments)

    def surroundings(self, folder: Path, mark: str) -> Surroundings:  # noqa: ARG002 - nothing is started
        """See `harness.environments.backend.OnMachine`."""
        return Surroundings(process.server_environment(folder, [self.scripts]))


class VirtualEnvironments:
    """Builds with uv; an environment is healthy when its Python runs and every pin is installed."""

    def __init__(self, store: Store) -> None:
        """Build into a store."""
        self._store = store

    def resolve(self, request: Request) -> Resolution:
        """See `harness.environments.backend.Backend.resolve`."""
        interpreter = interpreters.find(request.python)

        def ask() -> Resolution:
            pins = self._store.uv.resolve(request, python=Path(interpreter.path))
            return Resolution(request=request, interpreter=interpreter.path, python_full=interpreter.full, pins=pins)

        return self._store.resolution(request, f"{interpreter.full} {interpreter.path}", ask)

    def adopt(self, request: Request, interpreter: str) -> Resolution:
        """See `harness.environments.backend.Backend.adopt`."""
        found = interpreters.asked(interpreter)
        if found.python != request.python:
            raise EnvironmentFailedError(f"{interpreter} is CPython {found.full}, not {request.python}")
        holds = self._store.uv.installed(python=Path(interpreter))
        pins = tuple(sorted(f"{name}=={version}" for name, version in holds.items()))
        return Resolution(request=request, interpreter=interpreter, python_full=found.full, pins=pins, in_place=True)

    def build(self, resolution: Resolution) -> VirtualEnvironment:
        """See `harness.environments.backend.Backend.build`; an environment in place is used as it is."""
        if resolution.in_place:
            return VirtualEnvironment(folder=Path(resolution.interpreter).parents[1], resolution=resolution)

        def make(folder: Path) -> None:
            environment = VirtualEnvironment(folder=folder, resolution=resolution)
            env = environment.surroundings(folder, self._store.uv.mark).variables

            def run(argv: Sequence[str]) -> process.Completed:
                return process.run(argv, env=env, cwd=folder, mark=self._store.uv.mark, deadline_s=DEADLINE_S)

            write_json(folder / inventory.FILE, fill(environment, uv=self._store.uv, run=run))

        return VirtualEnvironment(folder=self._store.environment(resolution, make), resolution=resolution)


def fill(
    environment: VirtualEnvironment, *, uv: Uv, run: Callable[[Sequence[str]], process.Completed]
) -> dict[str, str]:
    """Make a virtual environment where uv and ``run`` run programs, with every pin installed.

    Byte code is written here, since servers may not write it and would compile again at each start. A file that does
    not compile is for other Pythons, and no failure.

    Returns:
        The kind of file that each package came from, see `harness.environments.inventory`.

    Raises:
        EnvironmentFailedError: the environment cannot be made, or is not healthy.

    """
    uv.create(environment.folder, python=Path(environment.resolution.interpreter))
    uv.install(environment.resolution, python=environment.python)
    run(environment.command("python", ("-m", "compileall", "-q", str(environment.folder))))
    done = run(environment.command("python", ("-c", "import asyncio, ssl")))
    if done.exit_status != 0:
        message = f"the interpreter of the new environment does not work: {done.last_lines(3)}"
        raise EnvironmentFailedError(message)
    _check(environment, uv.installed(python=environment.python))
    told = run(environment.command("python", ("-I", "-S", "-c", inventory.SCRIPT, str(environment.packages))))
    return inventory.files_in(told, wheels=uv.with_wheels(environment.resolution, python=environment.python))


def _check(environment: VirtualEnvironment, present: Mapping[str, str]) -> None:
    """Refuse an environment that lacks a pin.

    The subject is not imported: a release that cannot be imported has the verdict `unhealthy`; its environment stands.
    """
    missing = [
        f"{name} {version}"
        for name, version in environment.resolution.pinned.items()
        if canonicalize_name(name) not in present or ("/" not in version and present[name] != version)
    ]
    if missing:
        message = f"the new environment lacks {', '.join(missing)} although the installation ended well"
        raise EnvironmentFailedError(message)
