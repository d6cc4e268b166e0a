"""Set-up installs or makes what this machine lacks for ``windows-wine``: Wine, and the Windows CPythons."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from harness.environments import runtimes, wine
from harness.environments.diagnosis import Finding
from harness.errors import EnvironmentFailedError
from harness.processes import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.environments.uv import Uv

_APT = ("apt-get", "install", "--yes", "--no-install-recommends", *wine.PACKAGES)
_APT_DEADLINE_S = 900.0


def steps(pythons: Sequence[str], *, root: Path, uv: Uv, install: bool) -> Iterator[Finding]:
    """Carry out one step after the other and yield how each ended; steps that need a failed step are left out.

    Args:
        pythons: the Windows CPythons to make; all that can be made where empty.
        root: the user cache folder.
        uv: the run's uv.
        install: whether system packages may be installed.

    """
    if sys.platform != "linux":
        yield Finding(what="platform windows-wine", present=True, detail="nothing to set up: it is for Linux")
        return
    if wine.loader() is None:
        yield _install_wine(uv, install=install)
    try:
        found = wine.find(root=root, uv=uv)
    except EnvironmentFailedError as failure:
        yield Finding(what="Wine", present=False, detail=str(failure))
        return
    yield Finding(what="Wine", present=True, detail=f"{found.version}, a prefix of it stands ready")
    for python in pythons or runtimes.PYTHONS:
        try:
            runtime = runtimes.ensure(python, root=root, uv=uv, wine=found)
        except EnvironmentFailedError as failure:
            yield Finding(what=f"Windows CPython {python}", present=False, detail=str(failure))
        else:
            yield Finding(what=f"Windows CPython {python}", present=True, detail=f"{runtime.full} in {runtime.folder}")


def _install_wine(uv: Uv, *, install: bool) -> Finding:
    """Install Wine where that is allowed and possible; else return the command that the user can run."""
    line = " ".join(_APT)
    if not install:
        return Finding(what="Wine", present=False, detail=f"run '{line}' as root, or 'harness setup --yes'")
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return Finding(what="Wine", present=False, detail=f"needs root and apt-get; there: '{line}'")
    env = process.tool_environment(DEBIAN_FRONTEND="noninteractive")
    for argv in (("apt-get", "update", "--quiet"), _APT):
        done = process.run(argv, env=env, cwd=uv.temporary, mark=uv.mark, deadline_s=_APT_DEADLINE_S)
        if done.exit_status != 0:
            return Finding(what="Wine", present=False, detail=f"'{' '.join(argv)}' failed: {done.last_lines(3)}")
    return Finding(what="Wine", present=True, detail="installed from the system's packages")
