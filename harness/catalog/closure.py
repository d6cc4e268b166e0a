"""The closure of a scenario: all that its trials and its judgements depend on, as two digests.

A stored trial counts only while nothing that a trial can reach has changed, which is while its digest is the same.
Where only something else has changed, such as the judge or the title, the stored evidence is judged again and nothing
is run.

The digests cover the scenario's module, the modules that it imports from its own folder or from a folder that the call
names, the subjects' modules that start its servers, the contents of the applications, and the versions of the installed
packages that these modules import. A module
that mentions ``__file__`` may read any file beside it, so that all these files count.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.catalog import reach, statements, subjects
from harness.catalog.folders import is_measured
from harness.catalog.reach import JUDGED, trial_text
from harness.environments import settings
from harness.errors import ScenarioError
from harness.storage.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.model.scenario import Scenario

FILE = "digests.json"  # in the user cache folder
TRIAL_PROTOCOL = 3  # raised when a trial is carried out in a new way, so that stored trials no longer count
JUDGING_PROTOCOL = 3  # raised when evidence is judged in a new way, so that stored evidence is judged again
NEEDED = frozenset(
    {"harness", "click", "docker", "filelock", "h11", "h2", "hpack", "httpx", "hyperframe", "jinja2", "msgspec"}
    | {"packaging", "platformdirs", "psutil", "rich", "trustme", "uv", "wsproto", "yaml"}
)
"""The packages that the harness itself needs, by import name; a test compares them with the project file."""
_MOST_FILES = 2000  # beside a module that mentions __file__: more are likely a home folder, not a scenario's


@dataclasses.dataclass(frozen=True, kw_only=True)
class Application:
    """A file that is copied into the folder of each trial, as it was when the scenario was loaded."""

    path: Path
    content: bytes
    mode: int

    def copy_into(self, folder: Path) -> None:
        """Write the file into a folder, with the mode that it has beside the scenario."""
        copy = folder / self.path.name
        copy.write_bytes(self.content)
        copy.chmod(self.mode)


class Closure(msgspec.Struct, frozen=True, kw_only=True):
    """The two digests of a scenario: what a trial depends on, and what else a judgement depends on."""

    trial: str
    judgement: str


def closure_of(
    scenario: Scenario,
    module: Path,
    *,
    sources: Mapping[Path, bytes],
    installed: Iterable[str],
    applications: Iterable[Application],
) -> Closure:
    """Return the digests of a loaded scenario.

    Args:
        scenario: the scenario that the module defines.
        module: the path of the module.
        sources: the files of the module and of all that it imports from folders of scenarios, as they were read.
        installed: the names of the installed packages that these files import.
        applications: the files that are copied for each trial.

    Raises:
        ScenarioError: the module may read all files beside it, and these are too many.

    """
    whole = sorted((_name(path, module), hashlib.sha256(source).hexdigest()) for path, source in sources.items())
    beside = _beside(module) if any(b"__file__" in source for source in sources.values()) else ()
    parts = (
        TRIAL_PROTOCOL,
        _declared(scenario),
        [(one.name, repr(one.steps), one.times) for one in scenario.checks if one.steps],
        subjects.texts(sources.values()),
        [(one.path.name, one.mode & 0o111, hashlib.sha256(one.content).hexdigest()) for one in applications],
        [(path.relative_to(module.parent).as_posix(), _digest(path)) for path in beside],
        sorted(filter(None, map(_version, installed))),
    )
    # Judging is cheap, so that every byte of the modules counts, comments too, and the Python that judges.
    judgement = (JUDGING_PROTOCOL, whole, sys.version_info[:2])
    known = Memory(settings.cache_folder() / FILE, Closure)
    key = _digest_of((parts, judgement, module.name, _own_code()))
    if (closure := known.values().get(key)) is None:  # finding what a trial reaches takes longer than all the rest
        trial = (*parts, _reached(sources, module) or whole)
        closure = Closure(trial=_digest_of(trial), judgement=_digest_of(judgement))
        known.keep({key: closure})
    return closure


@functools.cache
def _own_code() -> str:
    """Return the digest of the code that finds what a trial reaches."""
    files = (Path(__file__), *(Path(module.__file__ or "") for module in (reach, statements)))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _digest_of(parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:20]


def _declared(scenario: Scenario) -> list[tuple[str, str]]:
    """Return the fields that a trial depends on, with their values: some modules compute these."""
    functions = {"serve", "observe", "judge", "combine"}
    names = [field.name for field in dataclasses.fields(scenario) if field.name not in JUDGED | functions]
    return [(name, repr(getattr(scenario, name))) for name in names]


def _reached(sources: Mapping[Path, bytes], module: Path) -> tuple[str, ...] | None:
    """Return the text of the statements that a trial reaches; None where these are unknown and whole files count."""
    names = [path.stem for path in sources]
    folders = {path.parent for path in sources}
    is_flat = len(set(names)) == len(names) and not any((folder / "__init__.py") in sources for folder in folders)
    if not is_flat or any(path.stem == "__init__" for path in sources):
        return None
    return trial_text({path.stem: ast.parse(source) for path, source in sources.items()}, module.stem)


def _name(path: Path, module: Path) -> str:
    """Return a name of a file that is the same on every machine, so that results of one machine count on another."""
    inside = path.is_relative_to(module.parent)
    return path.relative_to(module.parent).as_posix() if inside else f"{path.parent.name}/{path.name}"


def _beside(module: Path) -> Iterator[Path]:
    """Yield the files of the module's folder in order, without hidden files, byte code and measured files."""
    count = 0
    for folder, folders, names in os.walk(module.parent):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for name in sorted(names):
            path = module.parent / folder / name
            is_hidden = name.startswith(".") or name.endswith(".pyc") or is_measured(path, module)
            if not is_hidden and path.is_file():
                count += 1
                if count > _MOST_FILES:
                    message = (
                        f"{module}: it says __file__, so that all files beside it count, and these are more than "
                        f"{_MOST_FILES}; lay it into a folder of its own"
                    )
                    raise ScenarioError(message)
                yield path


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}") from None


def _version(package: str) -> str | None:
    """Return ``name==version`` of the distributions that an imported package comes from.

    None for a package that the harness itself needs: the harness's metadata bounds its version.
    """
    if package in NEEDED:
        return None
    from importlib import metadata  # noqa: PLC0415 - few scenarios import anything else

    return ",".join(sorted(f"{name}=={metadata.version(name)}" for name in _distributions().get(package, ()))) or None


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    """Return the installed distributions by the packages that they bring; cached, since all metadata is read."""
    from importlib import metadata  # noqa: PLC0415 - likewise

    return metadata.packages_distributions()
