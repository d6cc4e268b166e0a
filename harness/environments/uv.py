"""Calls of uv: the index it is configured for, resolution as of a moment, virtual environments."""

from __future__ import annotations

import configparser
import datetime as dt
import functools
import json
import os
import re
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version
from uv import find_uv_bin

from harness import process
from harness.decoding import decode
from harness.errors import EnvironmentFailedError, IndexUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environments.kind import Request, Resolution

# A source distribution is built with a backend newer than itself: the setuptools of 2019 cannot be installed
# in isolation, that of 2022 still builds what was written for its predecessors. It does not run on Python 3.12,
# which removed what it needs (https://docs.python.org/3/whatsnew/3.12.html#pkgutil).
_BACKENDS = ("setuptools", "wheel")
_BACKENDS_AS_OF = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)
_BACKENDS_AS_OF_3_12 = dt.datetime(2023, 12, 1, tzinfo=dt.UTC)
# Where uvloop has no wheel, its build takes many minutes or does not end; it is not tried.
_NOT_BUILT = ("uvloop",)
RESOLVE_DEADLINE_S = 120.0
BUILD_DEADLINE_S = 300.0
QUIET = {"UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
# Found once and early: the look-up reads `sysconfig`, which is not safe in several threads at the same time.
PROGRAM = find_uv_bin()
# What an index has under a name never changes, and the most used one tells caches so. Others, and proxies, often tell
# nothing: uv then fetches every file again each time, and builds every source distribution again.
_CONFIGURATION = """\
[[index]]
url = {url}
default = true
cache-control = {{ files = "max-age=365000000, immutable" }}
"""
_INDEX_BY_VARIABLE = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_configuring = threading.Lock()
_PIN = re.compile(r"\s*[A-Za-z0-9][A-Za-z0-9._-]*(\[[^]]*\])?\s*(==|@)")
_PASSING_WORDS = (
    *("dns error", "Failed to fetch", "error sending request", "Could not connect", "Request failed"),
    *("No space left on device", "Disk quota exceeded", "not enough space on the disk"),
)


@functools.cache
def index_url() -> str:
    """Return the address of the package index that uv, or else pip, is configured for.

    Raises:
        IndexUnavailableError: uv does not tell.

    """
    chosen = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL")
    for address in (chosen, _index_of_pip(), _index_of_uv()):
        if address:
            return address
    message = "uv did not tell which package index it is configured for"
    raise IndexUnavailableError(message)


def _index_of_pip() -> str | None:
    """Read pip's own setting, where there is one."""
    if address := os.environ.get("PIP_INDEX_URL"):
        return address
    for folder in (os.environ.get("PIP_CONFIG_FILE"), "~/.config/pip/pip.conf", "~/.pip/pip.conf", "/etc/pip.conf"):
        path = Path(folder or "").expanduser()
        if folder and path.is_file():
            settings = configparser.RawConfigParser()
            settings.read(path)
            if address := settings.get("global", "index-url", fallback=None):
                return address
    return None


def _index_of_uv() -> str | None:
    """Ask uv: it writes the index that it uses at the head of a compiled (here empty) list of requirements."""
    argv = [PROGRAM, "pip", "compile", "--quiet", "--emit-index-url", os.devnull]
    for line in process.ask(argv, deadline_s=RESOLVE_DEADLINE_S).output.splitlines():
        if line.startswith("--index-url "):
            return line.removeprefix("--index-url ").strip()
    return None


def configuration() -> str:
    """Return what uv is to be configured by where it is run: the index, whose files are to be kept."""
    return _CONFIGURATION.format(url=json.dumps(index_url()))


def index_options() -> tuple[str, str]:
    """Return the options that tell uv the index where no configuration does."""
    return ("--default-index", index_url())


class Uv:
    """uv, called for one run: its children carry the run's mark, its temporary files lie in the run's folder."""

    def __init__(self, *, mark: str, temporary: Path, abandoned: threading.Event | None = None) -> None:
        """Bind the mark and the folder, which are the run's, and what tells that the run was interrupted."""
        self.mark = mark
        self.abandoned = abandoned or threading.Event()
        self.temporary = temporary

    def resolve(self, request: Request, *, python: Path, options: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the exact pins (``h11==0.14.0``) that satisfied a request at its moment.

        Args:
            request: what is asked for.
            python: the interpreter it is for, or one to build with where ``options`` name another platform.
            options: further options of ``uv pip compile``.

        Raises:
            EnvironmentFailedError: nothing satisfies it, or something needed cannot be built or fetched.

        """
        output = self._with_list(
            ["pip", "compile", "--no-header", "--no-annotate", "--no-strip-extras", *options],
            request.requirements,
            request=request,
            python=python,
            deadline_s=RESOLVE_DEADLINE_S,
            doing="resolve the requirements",
        )
        return tuple(line.strip() for line in output.splitlines() if _PIN.match(line))

    def create(self, folder: Path, *, python: Path) -> None:
        """Make an empty virtual environment."""
        self._checked(
            [PROGRAM, "venv", "--quiet", "--no-project", "--python", str(python), str(folder)],
            deadline_s=RESOLVE_DEADLINE_S,
            doing="create a virtual environment",
        )

    def install(self, resolution: Resolution, *, python: Path, options: Sequence[str] = ()) -> None:
        """Install exactly the pins, into the environment whose Python is given unless ``options`` say where else."""
        self._with_list(
            ["pip", "install", "--no-deps", *options, "--requirement"],
            resolution.pins,
            request=resolution.request,
            python=python,
            deadline_s=BUILD_DEADLINE_S,
            doing="install",
        )

    def installed(self, *, python: Path) -> dict[str, str]:
        """Return what the environment of this Python holds, canonical name to version."""
        output = self._checked(
            [PROGRAM, "pip", "list", "--quiet", "--format", "json", "--python", str(python)],
            deadline_s=RESOLVE_DEADLINE_S,
            doing="list what is installed",
        )
        rows = decode(output[output.index("[") :], list[dict[str, str]])
        return {canonicalize_name(row["name"]): row["version"] for row in rows}

    def unpack(self, requirement: str, into: Path, options: Sequence[str] = ()) -> None:
        """Unpack one wheel, of another platform if the options say so, into a folder; nothing it requires."""
        argv = [PROGRAM, "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(into)]
        self._checked(
            [*argv, *self._index(), *options, requirement],
            deadline_s=BUILD_DEADLINE_S,
            doing=f"fetch {requirement}",
        )

    def build_source(self, source: Path, into: Path) -> None:
        """Make the source distribution of a project folder."""
        self._checked(
            [PROGRAM, "build", "--sdist", "--out-dir", str(into), *index_options(), str(source)],
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
        """Call uv with a file of requirements, as of the request's moment; return what it prints."""
        handle, name = tempfile.mkstemp(suffix=".txt", dir=self.temporary, text=True)
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(wanted))
        recent = Version(request.python) >= Version("3.12")
        backends = max(request.as_of, _BACKENDS_AS_OF_3_12 if recent else _BACKENDS_AS_OF)
        argv = [
            *(PROGRAM, *command, name, "--quiet"),
            *("--python", str(python), *self._index()),
            *("--exclude-newer", _moment(request.as_of)),
            *(part for name in _BACKENDS for part in ("--exclude-newer-package", f"{name}={_moment(backends)}")),
            *(part for name in _NOT_BUILT for part in ("--only-binary", name)),
        ]
        return self._checked(argv, deadline_s=deadline_s, doing=doing)

    def _run(self, argv: Sequence[str], *, deadline_s: float) -> process.Completed:
        """Run it on this machine; where else it is run, this is what differs."""
        env = process.tool_environment(TMPDIR=str(self.temporary), **QUIET)
        env = {name: value for name, value in env.items() if name not in _INDEX_BY_VARIABLE}  # see `_index`
        return process.run(argv, env=env, cwd=self.temporary, mark=self.mark, deadline_s=deadline_s)

    def _index(self) -> tuple[str, ...]:
        """Tell uv the index: in a configuration where it is run, beside the user's; where it reads none, by options."""
        if "UV_NO_CONFIG" in os.environ or "UV_CONFIG_FILE" in os.environ:
            return index_options()
        path = self.temporary / "uv.toml"
        with _configuring:
            if not path.exists():
                path.write_text(configuration())
        return ()

    def _checked(self, argv: Sequence[str], *, deadline_s: float, doing: str) -> str:
        done = self._run(argv, deadline_s=deadline_s)
        if done.exit_status == 0:
            return done.output
        if done.exit_status is None:
            raise TransientEnvironmentError(f"uv could not {doing} within {deadline_s:.0f} s: {done.last_lines()}")
        message = f"uv could not {doing}: {_telling(done.output)}"
        if done.exit_status < 0 or any(word in done.output for word in _PASSING_WORDS):
            raise TransientEnvironmentError(message)
        raise EnvironmentFailedError(message)


class TransientEnvironmentError(EnvironmentFailedError):
    """The network, a full disk, the time or the user ended it: never remembered as the release's failure."""


def _moment(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _telling(output: str) -> str:
    """Return the lines of uv's complaint that tell what is wrong, as one."""
    if match := re.search(r"Wheels are required for `(\S+)`", output):
        return f"{match[1]} has no wheel of that time for this Python, and it is not built from source"
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    if compiler := re.search(r"command '(\S*(?:gcc|cc|clang))' failed: No such file", output):
        lines.insert(0, f"error: building it takes a C compiler, '{compiler[1]}'; install gcc and libc6-dev")
    kept = [line for line in lines if line.startswith(("error:", "cause:")) or re.match(r"\w*(Error|Exception):", line)]
    return " | ".join(kept[:4] or lines[-4:])
