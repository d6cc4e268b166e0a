"""Calls of uv: the index it is configured for, resolution as of a moment, virtual environments."""

from __future__ import annotations

import configparser
import functools
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from harness import process
from harness.errors import EnvironmentFailedError, IndexUnavailableError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

# A source distribution is built with a backend newer than itself: the setuptools of 2019 cannot be installed
# in isolation, that of 2022 still builds what was written for its predecessors.
BACKENDS_AS_OF = "2022-01-01"
_BACKENDS = ("setuptools", "wheel")
RESOLVE_DEADLINE_S = 120.0
BUILD_DEADLINE_S = 300.0
# Found once and early: the look-up reads `sysconfig`, which is not safe in several threads at the same time.
PROGRAM = find_uv_bin()
_OFFLINE_WORDS = ("dns error", "Failed to fetch", "error sending request", "Could not connect", "Request failed")


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
    completed = subprocess.run(  # noqa: S603 - uv, from the package of its name
        [PROGRAM, "pip", "compile", "--quiet", "--emit-index-url", "-"],
        input="",
        capture_output=True,
        text=True,
        check=False,
        timeout=RESOLVE_DEADLINE_S,
        env=process.tool_environment(),
    )
    for line in completed.stdout.splitlines():
        if line.startswith("--index-url "):
            return line.removeprefix("--index-url ").strip()
    return None


class Uv:
    """uv, called for one run: its children carry the run's mark, its temporary files lie in the run's folder."""

    def __init__(self, *, mark: str, temporary: Path) -> None:
        """Bind the mark and the folder; both are the run's."""
        self.mark = mark
        self._temporary = temporary

    def resolve(self, requirements: Sequence[str], *, python: Path, as_of: dt.datetime) -> tuple[str, ...]:
        """Return the exact pins (``h11==0.14.0``) that satisfied the requirements at a moment.

        Raises:
            EnvironmentFailedError: nothing satisfies them, or something needed cannot be built or fetched.

        """
        with tempfile.NamedTemporaryFile("w", suffix=".in", dir=self._temporary) as wanted:
            wanted.write("\n".join(requirements))
            wanted.flush()
            output = self._run(
                ["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-strip-extras", wanted.name],
                python=python,
                as_of=as_of,
                deadline_s=RESOLVE_DEADLINE_S,
                doing="resolve",
            )
        lines = (line.strip() for line in output.splitlines())
        return tuple(line for line in lines if line and not line.startswith(("#", "--", "warning:")))

    def create(self, folder: Path, *, python: Path) -> None:
        """Make an empty virtual environment."""
        self._checked(
            [PROGRAM, "venv", "--quiet", "--no-project", "--python", str(python), str(folder)],
            deadline_s=RESOLVE_DEADLINE_S,
            doing="create a virtual environment",
        )

    def install(self, pins: Sequence[str], *, python: Path, as_of: dt.datetime) -> None:
        """Install exactly the pins into the virtual environment whose Python is given."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=self._temporary) as wanted:
            wanted.write("\n".join(pins))
            wanted.flush()
            self._run(
                ["pip", "install", "--quiet", "--no-deps", "--compile-bytecode", "--requirement", wanted.name],
                python=python,
                as_of=as_of,
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
        rows = msgspec.json.decode(output[output.index("[") :], type=list[dict[str, str]])
        return {canonicalize_name(row["name"]): row["version"] for row in rows}

    def build_wheel(self, source: Path, into: Path) -> Path:
        """Build the wheel of a project folder or source distribution and return its path."""
        self._checked(
            [PROGRAM, "build", "--quiet", "--wheel", "--out-dir", str(into), str(source)],
            deadline_s=BUILD_DEADLINE_S,
            doing=f"build {source}",
        )
        wheels = sorted(into.glob("*.whl"))
        if not wheels:
            message = f"building {source} left no wheel"
            raise EnvironmentFailedError(message)
        return wheels[0]

    def _run(self, arguments: Sequence[str], *, python: Path, as_of: dt.datetime, deadline_s: float, doing: str) -> str:
        moment = as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
        backends = [part for name in _BACKENDS for part in ("--exclude-newer-package", f"{name}={BACKENDS_AS_OF}")]
        newer = [] if as_of.isoformat() >= BACKENDS_AS_OF else backends
        argv = [
            *(PROGRAM, *arguments),
            *("--python", str(python), "--default-index", index_url()),
            *("--exclude-newer", moment, *newer),
        ]
        return self._checked(argv, deadline_s=deadline_s, doing=doing)

    def _checked(self, argv: Sequence[str], *, deadline_s: float, doing: str) -> str:
        env = process.tool_environment(TMPDIR=str(self._temporary), UV_NO_PROGRESS="1", NO_COLOR="1")
        done = process.run(argv, env=env, cwd=self._temporary, mark=self.mark, deadline_s=deadline_s)
        if done.exit_status is None:
            message = f"uv could not {doing} within {deadline_s:.0f} s: {done.last_lines()}"
            raise EnvironmentFailedError(message)
        if done.exit_status != 0:
            message = f"uv could not {doing}: {done.last_lines()}"
            if any(word in done.output for word in _OFFLINE_WORDS):
                raise TransientEnvironmentError(message)
            raise EnvironmentFailedError(message)
        return done.output


class TransientEnvironmentError(EnvironmentFailedError):
    """The network failed, not the release: never remembered as the release's own failure."""
