"""The platform ``windows-wine``: Windows CPythons under Wine, on Linux. Never the platform ``windows``.

Every server has a Wine prefix of its own, so that no cell sees another cell's registry, user folders or processes. A
prefix is cheap: the registry and the user folders are copied from a template, and the rest of its drive, Windows' own
files, is linked to the template.
"""

from __future__ import annotations

import functools
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.environments import answers, interpreters, inventory, runtimes
from harness.environments.backend import MakesItsOwn, Request, Resolution, StartsHere, Surroundings
from harness.environments.uv import TransientEnvironmentError
from harness.errors import EnvironmentFailedError
from harness.processes import process
from harness.storage import sealed
from harness.storage.files import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environments.store import Store
    from harness.environments.uv import Uv

PACKAGES = ("wine", "wine64")  # names of Debian's packages
PROTOCOL = 2
_PLATFORM = ("--python-platform", "x86_64-pc-windows-msvc")
_TEMPLATE_DEADLINE_S = 180.0
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
# Wine's own errors belong to the evidence; its warnings that there is no desktop and no menu do not.
_TOLD = "err+all,fixme-all,-winediag,-systray,-wineboot"
_OWN = ("system.reg", "user.reg", "userdef.reg", ".update-timestamp")


class Wine(msgspec.Struct, frozen=True, kw_only=True):
    """The Wine of this machine: its loader, its version (``Wine 8.0``), and the template of all prefixes."""

    program: str
    version: str
    template: Path

    def variables(self, prefix: Path, folder: Path) -> dict[str, str]:
        """Return all environment variables of a program in a prefix; its temporary files go to the folder."""
        return {
            "PATH": f"{Path(self.program).parent}:/usr/bin:/bin",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "WINEPREFIX": str(prefix),
            "WINEDEBUG": _TOLD,
            "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d",
        }

    def run(self, arguments: Sequence[str], *, uv: Uv, deadline_s: float) -> process.Completed:
        """Run a Windows program to its end, in a prefix of its own."""
        folder = Path(tempfile.mkdtemp(prefix="wine-", dir=uv.temporary))
        prefix = self.new_prefix(folder)
        try:
            return process.run(
                [self.program, *arguments],
                env=self.variables(prefix, folder),
                cwd=folder,
                mark=uv.mark,
                deadline_s=deadline_s,
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def new_prefix(self, folder: Path) -> Path:
        """Make a prefix below a folder: files that Wine writes to are copies, the rest links to the template."""
        prefix = folder / "prefix"
        (prefix / "drive_c").mkdir(parents=True)
        for name in _OWN:
            shutil.copy(self.template / name, prefix)
        shutil.copytree(self.template / "dosdevices", prefix / "dosdevices", symlinks=True)
        for entry in (self.template / "drive_c").iterdir():
            own = prefix / "drive_c" / entry.name
            if entry.name == "users":
                shutil.copytree(entry, own, symlinks=True)
            else:
                own.symlink_to(entry)
        return prefix


def loader() -> str | None:
    """Return the path of Wine's 64-bit loader, or None. Debian keeps it beside its libraries."""
    candidates = (shutil.which("wine64"), "/usr/lib/wine/wine64", shutil.which("wine"))
    return next((path for path in candidates if path and Path(path).is_file()), None)


@functools.cache
def version(program: str) -> str:
    """Return the version of a loader, as ``Wine 8.0``.

    Raises:
        EnvironmentFailedError: the loader does not start, or does not say its version.

    """
    try:
        done = answers.ask([program, "--version"], deadline_s=30.0)
    except OSError as error:
        raise EnvironmentFailedError(f"{program} does not start: {error.strerror}") from None
    for line in done.output.splitlines():
        if line.startswith("wine-"):
            return f"Wine {line.removeprefix('wine-').split()[0]}"
    raise EnvironmentFailedError(f"{program} does not say which Wine it is: {done.last_lines(2)}")


def find(*, root: Path, uv: Uv) -> Wine:
    """Return the Wine of this machine with the template of its prefixes; the template is made once.

    Raises:
        EnvironmentFailedError: there is no Wine, or Wine makes no prefix; the message has the remedy.

    """
    program = loader()
    if program is None:
        raise EnvironmentFailedError("no Wine on this machine; 'harness setup --yes' installs it")
    told = version(program)
    template = root / "wine" / told.removeprefix("Wine ")
    sealed.ensure(template, lambda folder: _make_template(program, folder, uv), protocol=PROTOCOL, watched="*.reg")
    return Wine(program=program, version=told, template=template)


def _make_template(program: str, folder: Path, uv: Uv) -> None:
    """Make a prefix that claims to be Windows 10, and wait until Wine has written all of it."""
    folder.mkdir(parents=True)
    wine = Wine(program=program, version="", template=folder)
    script = '"$0" wineboot -i >/dev/null 2>&1; "$0" winecfg -v win10 >/dev/null 2>&1; wineserver -w'
    done = process.run(
        ["/bin/sh", "-c", script, program],
        env=wine.variables(folder, uv.temporary),
        cwd=uv.temporary,
        mark=uv.mark,
        deadline_s=_TEMPLATE_DEADLINE_S,
    )
    for link in [path for path in (folder / "drive_c" / "users").rglob("*") if path.is_symlink()]:
        link.unlink()  # Wine links a user's folders to those of the home folder, which all prefixes would then share
        link.mkdir()
    if not all((folder / name).is_file() for name in _OWN):
        raise EnvironmentFailedError(
            f"Wine makes no prefix in {folder}: {done.last_lines(3) or 'it printed nothing'}; try 'wineboot -i' by hand"
        )


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
