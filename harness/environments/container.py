"""The platforms ``docker:IMAGE``: environments for an image's own Python and libc, kept as a layer on the image.

uv resolves and installs inside a container of the image, which uses this machine's network, since the package index
may be one that only this machine reaches. The finished layer is an image of its own, named by the digest of the
resolution; servers run from this image and cannot write to it.
"""

from __future__ import annotations

import functools
import re
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.containers import NOTE
from harness.containers import engine as engines
from harness.containers.builder import Builder
from harness.containers.contained import Contained
from harness.containers.engine import Engine, RunLabels
from harness.environments import indexes, inventory
from harness.environments.backend import MakesItsOwn, Request, Resolution
from harness.environments.uv import QUIET, Uv
from harness.environments.venv import DEADLINE_S, VirtualEnvironment, fill
from harness.errors import EnvironmentFailedError
from harness.model.platforms import CONTAINER
from harness.processes import process
from harness.storage import sealed
from harness.storage.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environments.store import Store
    from harness.processes.launch import Launch

PROTOCOL = 1
FOLDER = Path("/opt/harness/environment")
REPOSITORY = "harness-environment"
_PATIENCE_S = 60.0
# uv needs `distutils` on Pythons before 3.10, which install by it; Debian packages it separately.
_QUESTION = (
    "import asyncio, ssl, sys; sys.version_info < (3, 10) and __import__('distutils.command.install');"
    "print(sys.executable, sys.implementation.name, '%d.%d.%d' % sys.version_info[:3])"
)
_ANSWER = re.compile(r"^(/\S+) cpython ((3\.\d+)\.\d+)$", re.MULTILINE)
_UV = {"amd64": "x86_64-unknown-linux-musl", "arm64": "aarch64-unknown-linux-musl"}
_rebuilding = threading.Lock()


class ImagePython(msgspec.Struct, frozen=True, kw_only=True):
    """The CPython of an image: its path in the image and its full version."""

    path: str
    full: str


class ContainerEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """A virtual environment in an image that was made for it."""

    resolution: Resolution
    image: str
    engine: Engine
    run: RunLabels
    files: dict[str, str]

    def start(self, launch: Launch) -> Contained:
        """See `harness.environments.backend.Environment.start`."""
        folder = launch.folder
        for path in (folder, *folder.iterdir()):
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))  # another user's in the container
        variables = process.server_environment(Path("/tmp"), [FOLDER / "bin"])  # noqa: S108 - the container's own
        return Contained(
            self.engine,
            self.run,
            self.image,
            launch,
            programs=FOLDER / "bin",
            variables={**variables, "PYTHONPATH": str(folder)},
        )


class ContainerUv(Uv):
    """uv in a container; files that are passed to it have the same paths in the container."""

    def __init__(self, own: Uv, builder: Builder) -> None:
        """Take the settings of the run's own uv, and the container to call uv in."""
        super().__init__(own.place, abandoned=own.abandoned, kept=own.kept)
        self._builder = builder

    def _run(self, argv: Sequence[str], *, deadline_s: float) -> process.Completed:
        env = {**QUIET, **indexes.variables(indexes.reachable(indexes.configured()))}
        return self._builder.run((self._builder.uv, *argv[1:]), env=env, deadline_s=deadline_s)


class ContainerEnvironments(MakesItsOwn):
    """Builds in containers, at most once for a resolution."""

    def __init__(self, store: Store) -> None:
        """Build into a store; its folders say which images are complete."""
        self._store = store

    @functools.cached_property
    def _run(self) -> RunLabels:
        return RunLabels(mark=self._store.uv.mark, folder=self._store.uv.temporary)

    def resolve(self, request: Request) -> Resolution:
        """See `harness.environments.backend.Backend.resolve`."""
        name = request.platform.removeprefix(CONTAINER)
        engine = self._engine()
        image = engine.image(name)
        digest = str(image["Id"]).removeprefix("sha256:")[:12]
        python = self._python(engine, name, digest, request.python)

        def ask() -> Resolution:
            with self._builder(engine, name, python) as builder:
                pins = ContainerUv(self._store.uv, builder).resolve(request, python=Path(python.path))
            return Resolution(
                request=request,
                interpreter=python.path,
                python_full=python.full,
                pins=pins,
                runtime=f"image {name} ({digest})",
            )

        return self._store.resolution(request, f"{python.full} {python.path} {digest} {PROTOCOL}", ask)

    def build(self, resolution: Resolution) -> ContainerEnvironment:
        """See `harness.environments.backend.Backend.build`; an image that somebody removed is built again."""
        engine = self._engine()
        image = f"{REPOSITORY}:{resolution.digest}"

        def make(folder: Path) -> None:
            folder.mkdir(parents=True)
            write_json(folder / inventory.FILE, self._make(engine, resolution, image))
            write_json(folder / "image.json", image)

        folder = self._store.environment(resolution, make)
        with _rebuilding:
            if engine.known_image(image) is None:
                shutil.rmtree(folder, ignore_errors=True)
                self._store.environment(resolution, make)
        files = inventory.of(folder)
        return ContainerEnvironment(resolution=resolution, image=image, engine=engine, run=self._run, files=files)

    def _engine(self) -> Engine:
        """Return the engine, and note its address in the run's folder for the reaper."""
        where = engines.address()
        found = engines.connect(where)
        note = self._run.folder / NOTE
        if not note.exists():
            note.write_text(where)
        return found

    def _python(self, engine: Engine, name: str, digest: str, python: str) -> ImagePython:
        """Return the image's CPython of a minor version; an image is asked once.

        Raises:
            EnvironmentFailedError: the image has no such CPython that works.

        """
        path = self._store.root / "images" / f"{digest}-{python}.json"
        known = read_json(path, ImagePython)
        if known is None:
            known = self._ask(engine, name, python)
            write_json(path, known)
        return known

    def python_of(self, name: str) -> str:
        """Return the minor version (``3.11``) of an image's own CPython; an image is asked once.

        Raises:
            EnvironmentFailedError: the image has no CPython that works, or the engine cannot be asked.

        """
        engine = self._engine()
        digest = str(engine.image(name)["Id"]).removeprefix("sha256:")[:12]
        path = self._store.root / "images" / f"{digest}.json"
        known = read_json(path, str)
        if known is None:
            known = self._own_python(engine, name)
            write_json(path, known)
        return known

    def _own_python(self, engine: Engine, name: str) -> str:
        for program in ("python3", "python"):
            done = engine.run(self._run, name, (program, "-I", "-c", _QUESTION), deadline_s=_PATIENCE_S)
            if match := _ANSWER.search(done.output):
                return match[3]
        raise EnvironmentFailedError(f"image {name} has no CPython that works; install it there, or name another image")

    def _ask(self, engine: Engine, name: str, python: str) -> ImagePython:
        found, last = [], ""
        for program in (f"python{python}", "python3", "python"):
            argv = (program, "-I", "-c", _QUESTION)
            done = engine.run(self._run, name, argv, deadline_s=_PATIENCE_S)
            if match := _ANSWER.search(done.output):
                if match[3] == python:
                    return ImagePython(path=match[1], full=match[2])
                found.append(match[2])
            elif done.exit_status != process.NOT_FOUND:
                last = f"; '{program}' there says: {done.last_lines(2)}"
        has = f"has CPython {found[0]}, not {python}" if found else f"has no CPython {python} that works"
        raise EnvironmentFailedError(
            f"image {name} {has}{last}; install it there ('apt-get install python3', "
            f"python3-distutils in older Debians), or name an image that has it in the matrix's [pythons]"
        )

    def _builder(self, engine: Engine, image: str, python: ImagePython) -> Builder:
        """Return a container to build in."""
        architecture = str(engine.image(image).get("Architecture", ""))
        sources = self._store.uv.kept
        sources.mkdir(parents=True, exist_ok=True)  # mounted, so that the container sees what is fetched later
        return Builder(
            engine,
            self._run,
            image,
            python=python.path,
            uv=self._uv(architecture),
            shared=(self._store.uv.temporary, self._store.root / "local", sources),
        )

    def _uv(self, architecture: str) -> Path:
        """Return a statically linked uv, which runs in any image of an architecture whatever its libc.

        Raises:
            EnvironmentFailedError: there is no such uv for the architecture.

        """
        target = _UV.get(architecture)
        if target is None:
            raise EnvironmentFailedError(f"images of {architecture} are not built for, only {' and '.join(_UV)}")
        from importlib import metadata  # noqa: PLC0415 - imports `email`, which few calls need

        version = metadata.version("uv")
        folder = self._store.root / "uv" / f"{version}-{target}"

        def make(folder: Path) -> None:
            self._store.uv.unpack(f"uv=={version}", folder, ("--python-platform", target))

        sealed.ensure(folder, make, protocol=PROTOCOL)
        return folder / "bin" / "uv"

    def _make(self, engine: Engine, resolution: Resolution, image: str) -> dict[str, str]:
        """Fill a container and keep it as an image; return the kind of file that each package came from."""
        name = resolution.request.platform.removeprefix(CONTAINER)
        python = ImagePython(path=resolution.interpreter, full=resolution.python_full)
        environment = VirtualEnvironment(folder=FOLDER, resolution=resolution)
        env = {"HOME": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108 - the container's own
        with self._builder(engine, name, python) as builder:
            files = fill(
                environment,
                uv=ContainerUv(self._store.uv, builder),
                run=lambda argv: builder.run(argv, env=env, deadline_s=DEADLINE_S),
            )
            builder.keep(image, resolution.digest)
        return files
