"""The platform ``windows-wine``: environments of Windows CPythons under Wine, never called ``windows``."""

from __future__ import annotations

import functools
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.environments import interpreters, inventory, runtimes
from harness.environments.backend import MakesItsOwn, Request, Resolution, StartsHere, Surroundings
from harness.environments.uv import TransientEnvironmentError
from harness.environments.wine import PROTOCOL, Wine, find
from harness.errors import EnvironmentFailedError
from harness.processes import process
from harness.storage.files import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environments.store import Store
    from harness.environments.uv import Uv

_PLATFORM = ("--python-platform", "x86_64-pc-windows-msvc")
_START_DEADLINE_S = 30.0
_STARTS = 3
# The C extension of websockets had no Windows wheels for every Python at first; no scenario here speaks WebSocket.
_NOT_NEEDED = "websockets ; sys_platform == 'never'"
# Variables that tell releases without a Windows wheel to leave their optional C extensions out: an extension that is
# built on this machine would be compiled for Linux. Each variable is read by the project's own setup.py, such as
# https://github.com/tornadoweb/tornado/blob/v6.0.3/setup.py.
_PURE = {
    "TORNADO_EXTENSION": "0",
    "AIOHTTP_NO_EXTENSIONS": "1",
    "FROZENLIST_NO_EXTENSIONS": "1",
    "MULTIDICT_NO_EXTENSIONS": "1",
    "PROPCACHE_NO_EXTENSIONS": "1",
    "YARL_NO_EXTENSIONS": "1",
    "MSGPACK_PUREPYTHON": "1",
    "DISABLE_SQLALCHEMY_CEXT": "1",
}


class WineEnvironment(msgspec.Struct, StartsHere, frozen=True, kw_only=True):
    """Windows packages in a folder, for a Windows CPython under Wine."""

    folder: Path
    resolution: Resolution
    wine: Wine

    @property
    def files(self) -> dict[str, str]:
        """See `harness.environments.backend.Environment.files`."""
        return inventory.of(self.folder)

    def command(self, program: str, arguments: Sequence[str]) -> tuple[str, ...]:
        """See `harness.environments.backend.OnMachine`; a console script runs as the module of its name."""
        module = () if program == "python" else ("-m", program)
        return (self.wine.program, self.resolution.interpreter, *module, *arguments)

    def surroundings(self, folder: Path, mark: str) -> Surroundings:
        """See `harness.environments.backend.OnMachine`; makes the server's prefix and starts Wine's own server.

        Where Wine's server does not start, another prefix is made: no Windows program has run yet, so that the failure
        is Wine's.

        Raises:
            EnvironmentFailedError: Wine's server started in no prefix.

        """
        folder.mkdir(parents=True, exist_ok=True)
        search = ";".join(f"Z:{place}".replace("/", "\\") for place in (folder, self.folder))
        for _ in range(_STARTS):
            prefix = self.wine.new_prefix(Path(tempfile.mkdtemp(prefix="wine-", dir=folder)))
            env = self.wine.variables(prefix, folder)
            argv = (str(Path(self.wine.program).parent / "wineserver"), "-p")
            service = process.Process(argv, env=env, cwd=folder, mark=mark)
            status = service.wait(_START_DEADLINE_S)  # the program ends, and leaves Wine's server running
            if status == 0:
                return Surroundings({**env, "PYTHONPATH": search}, (service,))
            service.end()
            service.close()
        raise EnvironmentFailedError(
            f"{self.wine.version} does not start in a new prefix: wineserver ended with {status}"
        )


class WineEnvironments(MakesItsOwn):
    """Resolves and installs Windows packages with uv."""

    def __init__(self, store: Store) -> None:
        """Build into a store."""
        self._store = store
        self._runtime = functools.cache(self._ensure)  # each CPython is checked once in a run, not once a cell

    def _ensure(self, python: str, *, is_run: bool) -> runtimes.Runtime:
        uv, root = self._store.uv, self._store.root
        return runtimes.ensure(python, root=root, uv=uv, wine=find(root=root, uv=uv), is_run=is_run)

    def resolve(self, request: Request) -> Resolution:
        """See `harness.environments.backend.Backend.resolve`."""
        uv, root = self._store.uv, self._store.root
        wine = find(root=root, uv=uv)
        runtime = self._runtime(request.python, is_run=False)

        def ask() -> Resolution:
            return Resolution(
                request=request,
                interpreter=str(runtime.folder / "python.exe"),
                python_full=runtime.full,
                pins=self._pins(request),
                runtime=wine.version,
            )

        return self._store.resolution(request, f"{runtime.full} {runtime.folder} {wine.version} {PROTOCOL}", ask)

    def _pins(self, request: Request) -> tuple[str, ...]:
        """Resolve a request; where that fails, resolve it without websockets."""
        python = Path(interpreters.find(request.python).path)
        options = (*_PLATFORM, "--python-version", request.python)
        try:
            return self._uv().resolve(request, python=python, options=(*options, "--only-binary", "websockets"))
        except TransientEnvironmentError:
            raise
        except EnvironmentFailedError:
            overrides = Path(tempfile.mkdtemp(dir=self._store.uv.temporary)) / "overrides.txt"
            overrides.write_text(_NOT_NEEDED)
            return self._uv().resolve(request, python=python, options=(*options, "--override", str(overrides)))

    def build(self, resolution: Resolution) -> WineEnvironment:
        """See `harness.environments.backend.Backend.build`."""
        request, uv = resolution.request, self._uv()
        wine = find(root=self._store.root, uv=uv)
        self._runtime(request.python, is_run=True)

        def make(folder: Path) -> None:
            python, pythons = Path(interpreters.find(request.python).path), ("--python-version", request.python)
            uv.install(resolution, python=python, options=("--target", str(folder), *_PLATFORM, *pythons))
            argv = (sys.executable, "-I", "-S", "-c", inventory.SCRIPT, str(folder))
            told = process.run(argv, env={}, cwd=folder, mark=uv.mark, deadline_s=_START_DEADLINE_S)
            wheels = uv.with_wheels(resolution, python=python, options=(*_PLATFORM, *pythons))
            write_json(folder / inventory.FILE, inventory.files_in(told, wheels=wheels))

        return WineEnvironment(folder=self._store.environment(resolution, make), resolution=resolution, wine=wine)

    def _uv(self) -> Uv:
        """Return a uv that builds releases in pure Python where they allow it.

        This uv has a cache of its own: for Linux the same releases are built with their extensions.
        """
        apart = self._store.root / "uv-pure"
        return self._store.uv.varied({**_PURE, "UV_CACHE_DIR": str(apart)})
