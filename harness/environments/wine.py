"""Wine on this machine: its loader, its version, and the prefixes that Windows programs run in.

Every server has a Wine prefix of its own, so that no cell sees another cell's registry, user folders or processes. A
prefix is cheap: the registry and the user folders are copied from a template, and the rest of its drive, Windows' own
files, is linked to the template.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.environments import answers
from harness.errors import EnvironmentFailedError
from harness.processes import process
from harness.storage import sealed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environments.uv import Uv

PACKAGES = ("wine", "wine64")  # names of Debian's packages
PROTOCOL = 2
_TEMPLATE_DEADLINE_S = 180.0
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
