"""The scenarios there are: modules loaded from folders, each with the digest of all that defines it."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import harness
from harness.decoding import decode
from harness.errors import ScenarioError
from harness.model.expectation import SUFFIX, Expectations
from harness.model.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.expectation import Expectation

PROTOCOL = 2  # raised when a trial is carried out or judged in a new way, so that stored results do not count


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadedScenario:
    """A scenario with the files it came from; ``digest`` changes with any of them."""

    scenario: Scenario
    module: Path
    applications: tuple[Path, ...]
    digest: str


def bundled(folder: str) -> Path:
    """Return the project's own ``scenarios``, ``matrices`` or ``reports``: inside the package, else beside it.

    Only an installed package has them inside. Beside an installed one lies whatever others have installed.
    """
    package = Path(harness.__file__).parent
    inside = package / "_bundled"
    return (inside if inside.is_dir() else package.parent) / folder


def load(folders: Iterable[Path]) -> dict[str, LoadedScenario]:
    """Load every scenario module of the folders, by id.

    A folder's other Python files are applications or whatever else.

    Raises:
        ScenarioError: a folder is missing, a module does not load, two scenarios have one id.

    """
    found: dict[str, LoadedScenario] = {}
    for folder in folders:
        if not folder.exists():
            message = f"no folder of scenarios at {folder}; '--scenarios' takes a folder of scenario modules"
            raise ScenarioError(message)
        for path in [folder] if folder.is_file() else sorted(folder.glob("*.py")):
            if is_scenario(path):
                loaded = load_file(path)
                if (other := found.get(loaded.scenario.id)) and other.module != loaded.module:
                    message = f"{path}: the id '{loaded.scenario.id}' is taken by {other.module}; choose another"
                    raise ScenarioError(message)
                found[loaded.scenario.id] = loaded
    return found


def is_scenario(path: Path) -> bool:
    """Whether the file is a scenario module, one that assigns ``SCENARIO``, without running it.

    One that cannot be parsed passes for one where it looks like it, so that loading it tells what is wrong.
    """
    if path.suffix != ".py" or not path.is_file():
        return False
    source = path.read_bytes()
    if not re.search(rb"^SCENARIO\b", source, re.MULTILINE):
        return False
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):
        return True
    assigned = {
        target.id
        for statement in statements
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name)
    }
    return "SCENARIO" in assigned


def load_file(path: Path) -> LoadedScenario:
    """Load one scenario module.

    Raises:
        ScenarioError: it does not load, or what it defines is not a scenario.

    """
    path = path.resolve()
    name = f"harness_scenario_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        message = f"{path}: not a Python module"
        raise ScenarioError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        message = f"{path}: {type(error).__name__}: {error}"
        raise ScenarioError(message) from error
    scenario = getattr(module, "SCENARIO", None)
    if not isinstance(scenario, Scenario):
        message = f"{path}: SCENARIO is not a harness.Scenario"
        raise ScenarioError(message)
    scenario = dataclasses.replace(scenario, expectations=_expectations(path.with_suffix(SUFFIX)))
    applications = tuple(path.parent / name for name in scenario.applications)
    for application in applications:
        if not application.is_file():
            message = f"{path}: the application {application.name} is not beside it"
            raise ScenarioError(message)
    digest = hashlib.sha256(f"harness {PROTOCOL}".encode())
    for file in (path, *applications):
        digest.update(b"\0" + file.name.encode() + b"\0" + file.read_bytes())
    return LoadedScenario(scenario=scenario, module=path, applications=applications, digest=digest.hexdigest()[:20])


def _expectations(path: Path) -> tuple[Expectation, ...]:
    """Read the data file beside a scenario module; nothing is expected where there is none."""
    if not path.is_file():
        return ()
    try:
        return decode(path.read_bytes(), Expectations).histories
    except (msgspec.MsgspecError, ValueError) as error:
        message = f"{path}: {error}; 'harness history --write' writes it"
        raise ScenarioError(message) from None
