"""Calls of uv that make environments: resolution as of a moment, virtual environments, installation, builds."""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
import tempfile
import threading
import tomllib
from typing import TYPE_CHECKING, Protocol

from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.decoding import decode
from harness.environments import indexes
from harness.errors import EnvironmentFailedError, UnsatisfiableError
from harness.processes import process

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from harness.environments.backend import Request, Resolution

# A source distribution is built with a backend newer than itself: the setuptools of 2019 cannot be installed in
# isolation, and that of 2022 still builds what was written for its predecessors. The setuptools of 2022 does not run on
# Python 3.12, which removed what it needs (https://docs.python.org/3/whatsnew/3.12.html#pkgutil).
_BACKENDS = ("setuptools", "wheel")
_BACKENDS_AS_OF = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)
_BACKENDS_AS_OF_3_12 = dt.datetime(2023, 12, 1, tzinfo=dt.UTC)
# Some source distributions are too old for that setuptools too: they use what setuptools 46 and 58 removed
# (https://setuptools.pypa.io/en/latest/history.html). They are built with the last setuptools before 46.
_FOR_OLD_BUILDS = "setuptools<46\n"
_TOO_OLD = re.compile(r"cannot import name 'Feature' from 'setuptools'|use_2to3 is invalid")
# Where uvloop has no wheel, its build takes many minutes or does not end, so that it is not tried.
_NOT_BUILT = ("uvloop",)
RESOLVE_DEADLINE_S = 120.0
BUILD_DEADLINE_S = 300.0
QUIET = {"UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
PROGRAM = indexes.PROGRAM
_configuring = threading.Lock()
_MOST_OFFERED = 8  # renamed source distributions that one call offers uv
_PIN = re.compile(r"\s*[A-Za-z0-9][A-Za-z0-9._-]*(\[[^]]*\])?\s*(==|@)")
_BUILT_FOR_ANOTHER = re.compile(
    r"The built wheel `([^`-]+)-([^`-]+)-\S+` is not compatible with the target Python \S+ on (\w+)"
)
_UNSATISFIABLE = "No solution found when resolving dependencies"
_PASSING_WORDS = (
    *("dns error", "Failed to fetch", "error sending request", "Could not connect", "Request failed"),
    *("No space left on device", "Disk quota exceeded", "not enough space on the disk"),
)


class Place(Protocol):
    """The mark that a run's programs carry, and the run's own folder."""

    @property
    def mark(self) -> str:
        """32 hexadecimal digits."""

    @property
    def folder(self) -> Path:
        """The folder for the run's temporary files."""


class Uv:
    """uv, called for one run: its processes carry the run's mark, and its temporary files lie in the run's folder."""

    def __init__(
        self,
        place: Callable[[], Place],
        *,
        abandoned: threading.Event | None = None,
        kept: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Bind uv to a run.

        Args:
            place: gives the run's mark and folder; not called before a program is to be started.
            abandoned: set when the run is interrupted.
            kept: the folder where source distributions that uv refuses are kept for later runs; by default a folder
                in the run's own.
            variables: environment variables for uv and the builds that it starts, beside those that every tool gets.

        """
        self.place = place
        self.abandoned = abandoned or threading.Event()
        self._kept = kept
        self._variables = dict(variables or {})

    @property
    def mark(self) -> str:
        """The run's mark."""
        return self.place().mark

    @property
    def temporary(self) -> Path:
        """The run's folder."""
        return self.place().folder

    @property
    def kept(self) -> Path:
        """The folder where source distributions that uv refuses are kept under new names."""
        return self._kept or self.temporary / "sources"

    def varied(self, variables: Mapping[str, str]) -> Uv:
        """Return the same uv with further variables in its environment."""
        return Uv(self.place, abandoned=self.abandoned, kept=self._kept, variables={**self._variables, **variables})

    def resolve(self, request: Request, *, python: Path, options: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the exact pins (``h11==0.14.0``) that satisfied a request at its moment.

        Args:
            request: the request.
            python: the request's interpreter; where ``options`` name another platform, an interpreter to build with.
            options: further options of ``uv pip compile``.

        Raises:
            UnsatisfiableError: nothing satisfies the request.
            EnvironmentFailedError: a package cannot be built or fetched.

        """
        constraints = ("--constraints", self._written("\n".join(request.constraints))) if request.constraints else ()
        output = self._with_list(
            ["pip", "compile", "--no-header", "--no-annotate", "--no-strip-extras", *constraints, *options],
            request.requirements,
            request=request,
            python=python,
            deadline_s=RESOLVE_DEADLINE_S,
            doing="resolve the requirements",
        )
        return tuple(line.strip() for line in output.splitlines() if _PIN.match(line))

    def create(self, folder: Path, *, python: Path) -> None:
        """Make an empty virtual environment."""
        self._call(
            [PROGRAM, "venv", "--quiet", "--no-project", "--python", str(python), str(folder)],
            deadline_s=RESOLVE_DEADLINE_S,
            doing="create a virtual environment",
        )

    def install(self, resolution: Resolution, *, python: Path, options: Sequence[str] = ()) -> None:
        """Install exactly the pins, into the environment of ``python`` unless ``options`` name another place."""
        self._with_list(
            ["pip", "install", "--no-deps", *options, "--requirement"],
            resolution.pins,
            request=resolution.request,
            python=python,
            deadline_s=BUILD_DEADLINE_S,
            doing="install",
        )

    def with_wheels(self, resolution: Resolution, *, python: Path, options: Sequence[str] = ()) -> frozenset[str]:
        """Return the canonical names of the pinned packages that are installed from wheels of an index or a file.

        All other packages are built here, from source.
        """
        output = self._with_list(
            ["pip", "compile", "--no-header", "--no-annotate", "--no-deps", "--format", "pylock.toml", *options],
            resolution.pins,
            request=resolution.request,
            python=python,
            deadline_s=RESOLVE_DEADLINE_S,
            doing="look which files are installed",
        )
        return _with_wheels(output)

    def installed(self, *, python: Path) -> dict[str, str]:
        """Return the versions of what the environment of ``python`` holds, by canonical name."""
        output = self._call(
            [PROGRAM, "pip", "list", "--quiet", "--format", "json", "--python", str(python)],
            deadline_s=RESOLVE_DEADLINE_S,
            doing="list what is installed",
        )
        rows = decode(output[output.index("[") :], list[dict[str, str]])
        return {canonicalize_name(row["name"]): row["version"] for row in rows}

    def unpack(self, requirement: str, into: Path, options: Sequence[str] = ()) -> None:
        """Unpack one wheel, without its dependencies, into a folder; ``options`` may name another platform."""
        argv = [PROGRAM, "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(into)]
        self._call(
            [*argv, *options, requirement],
            deadline_s=BUILD_DEADLINE_S,
            doing=f"fetch {requirement}",
        )

    def build_source(self, source: Path, into: Path) -> None:
        """Make the source distribution of a project folder."""
        self._call(
            [PROGRAM, "build", "--sdist", "--out-dir", str(into), "--python", sys.executable, str(source)],
            deadline_s=BUILD_DEADLINE_S,
            doing=f"make a source distribution of {source}",
        )

    def _with_list(
        self,
        command: Sequence[str],
        wanted: Sequence[str],
        *,
        request: Request,
        python: Path,
        deadline_s: float,
        doing: str,
    ) -> str:
        """Call uv with a file of requirements, as of the request's moment; return uv's output."""
        name = self._written("\n".join(wanted))
        recent = Version(request.python) >= Version("3.12")
        backends = max(request.as_of, _BACKENDS_AS_OF_3_12 if recent else _BACKENDS_AS_OF)
        moments = {**dict.fromkeys(_BACKENDS, backends), **dict(request.moments)}
        apart = (f"{name}={_moment(moment)}" for name, moment in moments.items())
        argv = [
            *(PROGRAM, *command, name, "--quiet"),
            *("--python", str(python)),
            *("--exclude-newer", _moment(request.as_of)),
            *(part for one in apart for part in ("--exclude-newer-package", one)),
            *(part for name in _NOT_BUILT for part in ("--only-binary", name)),
        ]
        old: tuple[str, ...] = ()
        offered: dict[str, Path] = {}  # source distributions under names that uv takes
        while True:
            links = (part for folder in offered.values() for part in ("--find-links", str(folder)))
            done = self._run([*argv, *links, *old], deadline_s=deadline_s)
            more = self._more(done, request, offered)
            too_old = done.exit_status and not old and _TOO_OLD.search(done.output)
            if not (more or too_old):
                return self._checked(done, deadline_s=deadline_s, doing=doing)
            offered |= more
            old = ("--build-constraints", self._written(_FOR_OLD_BUILDS)) if too_old else old

    def _more(self, done: process.Completed, request: Request, offered: Collection[str]) -> dict[str, Path]:
        """Return folders of renamed source distributions, in place of those that uv has just refused."""
        if not done.exit_status or len(offered) >= _MOST_OFFERED:
            return {}
        from harness.environments import sources  # noqa: PLC0415 - loads HTTP, which hardly any environment needs

        return sources.found_for(sources.refused(done.output), request, into=self.kept, but=offered)

    def _written(self, text: str) -> str:
        """Write a text to a new file for uv, and return the file's path."""
        handle, name = tempfile.mkstemp(suffix=".txt", dir=self.temporary, text=True)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        return name

    def _run(self, argv: Sequence[str], *, deadline_s: float) -> process.Completed:
        """Run uv on this machine; a subclass that runs uv elsewhere replaces this."""
        env = {**process.tool_environment(TMPDIR=str(self.temporary), **QUIET), **self._variables}
        env = {**env, **indexes.variables(indexes.configured())} if self._reads_none() else indexes.without(env)
        return process.run(argv, env=env, cwd=self.temporary, mark=self.mark, deadline_s=deadline_s)

    def _reads_none(self) -> bool:
        """Whether uv reads no configuration; else this writes one with the indexes to the folder that uv runs in."""
        if "UV_NO_CONFIG" in os.environ or "UV_CONFIG_FILE" in os.environ:
            return True
        path = self.temporary / "uv.toml"
        with _configuring:
            if not path.exists():
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(indexes.configuration(indexes.configured()))
        return False

    def _checked(self, done: process.Completed, *, deadline_s: float, doing: str) -> str:
        """Return the output of a call that ended with status 0; raise the failure of any other."""
        if done.exit_status == 0:
            return done.output
        if done.exit_status is None:
            said = indexes.harmless(done.last_lines())
            raise TransientEnvironmentError(f"uv could not {doing} within {deadline_s:.0f} s: {said}")
        message = f"uv could not {doing}: {indexes.harmless(_telling(done.output))}"
        if done.exit_status < 0 or any(word in done.output for word in _PASSING_WORDS):
            raise TransientEnvironmentError(message)
        if _UNSATISFIABLE in done.output:
            raise UnsatisfiableError(message)
        raise EnvironmentFailedError(message)

    def _call(self, argv: Sequence[str], *, deadline_s: float, doing: str) -> str:
        return self._checked(self._run(argv, deadline_s=deadline_s), deadline_s=deadline_s, doing=doing)


class TransientEnvironmentError(EnvironmentFailedError):
    """The network, a full disk, the deadline or the user ended a call: never remembered as the release's failure."""


def _moment(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _with_wheels(lock: str) -> frozenset[str]:
    """Return the packages of a lock file (PEP 751) that have a wheel, or whose archive is one."""
    try:
        packages = tomllib.loads(lock).get("packages", [])
    except tomllib.TOMLDecodeError as error:
        raise EnvironmentFailedError(f"uv's list of the files to install is none: {error}") from None
    archives = ((one, one.get("archive", {})) for one in packages)
    return frozenset(
        canonicalize_name(one["name"])
        for one, archive in archives
        if one.get("wheels") or str(archive.get("url") or archive.get("path")).endswith(".whl")
    )


def _telling(output: str) -> str:
    """Return the lines of uv's output that say what is wrong, as one line."""
    if match := re.search(r"Wheels are required for `(\S+)`", output):
        return f"{match[1]} has no wheel of that time for this Python, and it is not built from source"
    if match := _BUILT_FOR_ANOTHER.search(output):
        return (
            f"{match[1]} {match[2]} has no wheel for {match[3]}, and what is built of its source on this machine is "
            "compiled for this machine"
        )
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    if compiler := re.search(r"command '(\S*(?:gcc|cc|clang))' failed: No such file", output):
        lines.insert(0, f"error: building it takes a C compiler, '{compiler[1]}'; install gcc and libc6-dev")
    kept = [line for line in lines if line.startswith(("error:", "cause:")) or re.match(r"\w*(Error|Exception):", line)]
    return " | ".join(kept[:4] or lines[-4:])
