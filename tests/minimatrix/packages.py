"""The releases of the toys, made here: wheels in a few lines of zipfile, and one source distribution.

``toyserver`` has a release for every way in which a cell can end. ``toyrelay`` is the same program with a history: the
failure goes, comes back, and goes again by another release of ``toypart``, which its last two depend on. ``toyhub`` is
the same program, whose failure comes with its dependencies alone.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

SOURCE = Path(__file__).parent / "toyserver.py"
FIRST_UPLOAD = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
TELLING = "this release needs a compiler that nobody has"
_PROJECT = """[build-system]
requires = []
build-backend = "setup"
backend-path = ["."]
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Package:
    """One release as the index offers it; ``what`` it does, for a reader."""

    version: str
    what: str
    name: str = "toyserver"
    requires: tuple[str, ...] = ()
    requires_python: str = ">=3.8"
    yanked: bool = False
    buildable: bool = True

    @property
    def filename(self) -> str:
        """The name of its only file."""
        return f"{self.name}-{self.version}" + ("-py3-none-any.whl" if self.buildable else ".tar.gz")

    def content(self) -> bytes:
        """Return its only file."""
        if not self.buildable:
            return _unbuildable(self.version)
        return wheel(self.version, self.requires_python, name=self.name, requires=self.requires)


class Source(Package):
    """A release of the toy server that has to be built."""

    @property
    def filename(self) -> str:
        """The name of its only file."""
        return f"{self.name}-{self.version}.tar.gz"

    def content(self) -> bytes:
        """Return its only file."""
        with tempfile.TemporaryDirectory() as folder, io.BytesIO() as buffer:
            made = project(Path(folder) / "made", self.version)
            (made / "PKG-INFO").write_text(_metadata(self.version, self.requires_python))
            with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
                archive.add(made, f"{self.name}-{self.version}")
            return buffer.getvalue()


PACKAGES = (
    Package(version="0.1", what="starts a child that has none of its environment"),
    Package(version="0.2", what="leaves such a child behind whose parent is gone"),
    Package(version="1.0", what="the failure shows"),
    Package(version="1.1", what="does all it should"),
    Package(version="1.2", what="answers its control wrongly"),
    Package(version="1.2.1", what="answers the trigger neither well nor in the way of the failure"),
    Package(version="1.3", what="never listens"),
    Package(version="1.3.1", what="listens and never answers"),
    Package(version="1.4", what="dies at once"),
    Package(version="1.5", what="ignores SIGTERM"),
    Package(version="1.6", what="leaves daemons behind that hold its port"),
    Package(version="1.7", what="prints a gigabyte before it listens"),
    Package(version="1.8", what="cannot be built", buildable=False),
    Package(version="1.9", what="is for a Python that does not exist", requires_python=">=3.99"),
    Package(version="1.10", what="shows the failure every other time"),
    Package(version="1.11", what="prints what would act on a terminal or a page, and dies"),
    Package(version="2.0a1", what="is a pre-release"),
    Package(version="2.0", what="is yanked", yanked=True),
    Package(version="2.1", what="is the latest"),
)
_RELAY = (
    ("0.1", "the failure shows"),
    ("0.2", "it is gone"),
    ("0.3", "it is back"),
    ("0.4", "it is still there"),
    ("0.5", "answers its control wrongly"),
    ("0.6", "it is gone again"),
    ("0.6.post1", "is a post-release"),
    ("0.7rc1", "is a pre-release that has the failure"),
)
RELAY = (
    *(Package(name="toyrelay", version=version, what=what) for version, what in _RELAY),
    Package(name="toypart", version="1.0", what="makes the relay fail"),
    Package(name="toyrelay", version="0.8", what="depends on it", requires=("toypart",)),
    Package(name="toypart", version="2.0", what="does not"),
    Package(name="toyrelay", version="0.9", what="is the same with the next one", requires=("toypart",)),
    Package(name="toyrelay", version="0.10", what="is yanked", requires=("toypart",), yanked=True),
    Package(name="toyrelay", version="0.11", what="is the latest", requires=("toypart",)),
)
_ON_BOTH = ("toylamp", "toyvalve")
HUB = (
    Package(name="toylamp", version="1.0", what="changes nothing"),
    Package(name="toyvalve", version="1.0", what="works"),
    Package(name="toyhub", version="1.0", what="works on its day, not with what came later", requires=_ON_BOTH),
    Package(name="toyvalve", version="1.1", what="works"),
    Package(name="toyvalve", version="1.2", what="makes the hub fail"),
    Package(name="toyvalve", version="1.3", what="makes the hub fail"),
    Package(name="toylamp", version="2.0", what="changes nothing"),
    Package(name="toyhub", version="1.1", what="is the same with what came later", requires=_ON_BOTH),
    Package(name="toyhub", version="1.2", what="excludes what makes it fail", requires=("toylamp", "toyvalve<1.2")),
    Package(name="toyvalve", version="2.0", what="makes the hub fail today"),
)
ALL = (*PACKAGES, *RELAY, *HUB)
PARTS = ("toypart", "toylamp", "toyvalve")


def uploaded(package: Package) -> dt.datetime:
    """Return the moment of its upload, a week after the one before."""
    return FIRST_UPLOAD + dt.timedelta(weeks=ALL.index(package) if package in ALL else 0)


def module(version: str, name: str = "toyserver") -> str:
    """Return the source of a release."""
    if name in PARTS:
        return f"LEVEL = {version}\n"
    release = version if name == "toyserver" else f"{name}-{version}"
    return SOURCE.read_text(encoding="utf-8").replace('RELEASE = "0"', f'RELEASE = "{release}"')


def wheel(
    version: str, requires_python: str = ">=3.8", *, name: str = "toyserver", requires: tuple[str, ...] = ()
) -> bytes:
    """Return the wheel of a release."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": module(version, name),
        f"{info}/METADATA": _metadata(version, requires_python, name, requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = [f"{name},sha256={_digest(text.encode())},{len(text.encode())}" for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for entry, text in files.items():
            archive.writestr(zipfile.ZipInfo(entry), text)
    return buffer.getvalue()


def project(folder: Path, version: str) -> Path:
    """Write a working copy whose own tiny build backend packs the wheel, and return it.

    The wheel is packed from ``toyserver.py`` as it lies there when it is built, and says which Python built it.
    """
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(_PROJECT)
    (folder / "toyserver.py").write_text(module(version))
    entries = {
        "METADATA": _metadata(version, ">=3.8"),
        "WHEEL": "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": "[console_scripts]\ntoyserver = toyserver:main\n",
        "RECORD": "",
    }
    (folder / "setup.py").write_text(
        "import os, sys, tarfile, zipfile\n\n"
        "def build_sdist(into, config_settings=None):\n"
        f"    name = 'toyserver-{version}'\n"
        "    with open('PKG-INFO', 'w') as file:\n"
        f"        file.write({entries['METADATA']!r})\n"
        "    with tarfile.open(into + '/' + name + '.tar.gz', 'w:gz') as archive:\n"
        "        for member in ('pyproject.toml', 'setup.py', 'toyserver.py', 'PKG-INFO'):\n"
        "            archive.add(member, name + '/' + member)\n"
        "    os.remove('PKG-INFO')\n"
        "    return name + '.tar.gz'\n\n"
        "def build_wheel(into, config_settings=None, metadata_directory=None):\n"
        f"    name = 'toyserver-{version}-py3-none-any.whl'\n"
        "    with zipfile.ZipFile(into + '/' + name, 'w') as archive:\n"
        "        archive.write('toyserver.py')\n"
        "        archive.writestr('built_by.txt', '%d.%d' % sys.version_info[:2])\n"
        f"        for entry, text in {entries!r}.items():\n"
        f"            archive.writestr('toyserver-{version}.dist-info/' + entry, text)\n"
        "    return name\n"
    )
    return folder


def _unbuildable(version: str) -> bytes:
    files = {
        "pyproject.toml": _PROJECT,
        "setup.py": "import os\n"
        "with open(os.path.expanduser('~/ledger'), 'a') as ledger:\n"
        f"    print('{version}', os.getpid(), 0, file=ledger)\n"
        f"raise RuntimeError({TELLING!r})\n",
        "PKG-INFO": _metadata(version, ">=3.8"),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"toyserver-{version}/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _metadata(version: str, requires_python: str, name: str = "toyserver", requires: tuple[str, ...] = ()) -> str:
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {requires_python}\n"
    return head + "".join(f"Requires-Dist: {one}\n" for one in requires)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
