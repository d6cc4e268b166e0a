"""The scenarios there are: modules loaded from folders, each once, with the digests of all that defines it."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.catalog.closure import Application, closure_of
from harness.catalog.imports import Namespace
from harness.decoding import decode
from harness.errors import ScenarioError, mistake
from harness.model.expectation import SUFFIX, Expectations
from harness.model.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.catalog.closure import Closure
    from harness.model.expectation import Expectation

_NEAR = 0.85  # how alike two names are that one mistook for the other, see `difflib`


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadedScenario:
    """A scenario with the files it came from, as they were then; ``closure`` changes with any of them."""

    scenario: Scenario
    module: Path
    applications: tuple[Application, ...]
    closure: Closure


def bundled(folder: str) -> Path:
    """Return the project's own ``scenarios``, ``matrices`` or ``reports``: inside the package, else beside it.

    Only an installed package has them inside. Beside an installed one lies whatever others have installed.
    """
    package = Path(__file__).parents[1]
    inside = package / "_bundled"
    return (inside if inside.is_dir() else package.parent) / folder


def is_bundled(module: Path) -> bool:
    """Whether a scenario module is the project's own."""
    return module.parent == bundled("scenarios").resolve()


def load(folders: Iterable[Path]) -> dict[str, LoadedScenario]:
    """Load every scenario module of the folders, by id.

    A folder's other Python files are applications, what its scenarios or those of another folder import, or whatever
    else.

    Raises:
        ScenarioError: a folder is missing, a module does not load, two scenarios have one id.

    """
    places = tuple({place.resolve(): place for place in folders}.values())
    for place in places:
        if not place.exists():
            message = f"no folder of scenarios at {place}; '--scenarios' takes a folder of scenario modules"
            raise ScenarioError(message)
    shared = tuple(place.resolve() for place in places if place.is_dir())
    return joined(load_file(path, shared) for path in dict.fromkeys(_modules(places)))


def joined(scenarios: Iterable[LoadedScenario]) -> dict[str, LoadedScenario]:
    """Return scenarios by their ids.

    Raises:
        ScenarioError: two have the same.

    """
    found: dict[str, LoadedScenario] = {}
    for loaded in scenarios:
        name = loaded.scenario.id
        if (other := found.setdefault(name, loaded)).module != loaded.module:
            message = f"{loaded.module}: the id '{name}' is taken by {other.module}; choose another"
            raise ScenarioError(message)
    return found


def _modules(places: Iterable[Path]) -> Iterable[Path]:
    """Yield the scenario modules of folders, and files that are named themselves.

    Raises:
        ScenarioError: one is meant to be a scenario and is none.

    """
    for place in places:
        for path in [place] if place.is_file() else sorted(place.glob("*.py")):
            if is_scenario(path):
                yield path.resolve()
            elif told := nearly(path):
                raise ScenarioError(told)
            elif path == place:
                message = f"{path}: it assigns no SCENARIO at the top, so that it is no scenario module"
                raise ScenarioError(message)


def is_scenario(path: Path) -> bool:
    """Whether the file is a scenario module, one that assigns ``SCENARIO``, without running it.

    One that cannot be parsed passes for one where it looks like it, so that loading it tells what is wrong.
    """
    source = _source(path)
    if not re.search(rb"^SCENARIO\b", source, re.MULTILINE):
        return False
    try:
        return any(name == "SCENARIO" for name, _ in _assigned(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return True


def nearly(path: Path) -> str | None:
    """Say what is wrong with a module of the harness that only just defines no scenario; None of any other file."""
    source = _source(path)
    if b"harness" not in source or is_scenario(path):
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    for name, line in _assigned(tree):
        if difflib.SequenceMatcher(a=name.upper(), b="SCENARIO").ratio() >= _NEAR and _is_of_the_harness(tree):
            return f"{path}, line {line}: it assigns {name}; did you mean SCENARIO?"
    return None


def _source(path: Path) -> bytes:
    """Return the text of a Python file; nothing of what is none.

    Raises:
        ScenarioError: it cannot be read.

    """
    if path.suffix != ".py" or not path.is_file():
        return b""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}") from None


def _assigned(tree: ast.Module) -> Iterable[tuple[str, int]]:
    """Yield each name that a module assigns at its top, with the line."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
                if isinstance(target, ast.Name):
                    yield target.id, statement.lineno


def _is_of_the_harness(tree: ast.Module) -> bool:
    """Whether a module imports the harness: what runs inside the cells does not."""
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        else:
            names = [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []
        if any(name.partition(".")[0] == "harness" for name in names):
            return True
    return False


def load_file(path: Path, folders: Sequence[Path] = ()) -> LoadedScenario:
    """Load one scenario module; what it imports is found beside it, and then in the folders.

    Raises:
        ScenarioError: it does not load, or what it defines is not a scenario.

    """
    path = path.resolve()
    namespace = Namespace(path, folders)
    try:
        scenario = vars(namespace.execute()).get("SCENARIO")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit, and whatever else a module may raise
        raise ScenarioError(_told(path, error)) from error
    if not isinstance(scenario, Scenario):
        message = f"{path}: SCENARIO is not a harness.Scenario"
        raise ScenarioError(message)
    scenario = dataclasses.replace(scenario, expectations=_expectations(path.with_suffix(SUFFIX)))
    applications = tuple(_application(path, name) for name in scenario.applications)
    closure = closure_of(
        scenario, path, sources=namespace.sources, installed=namespace.installed, applications=applications
    )
    return LoadedScenario(scenario=scenario, module=path, applications=applications, closure=closure)


def _told(path: Path, error: BaseException) -> str:
    """Say where a module failed to load; beginning with the module where it is something that this one imports."""
    told = mistake(error)
    return told if told.startswith(f"{path}, line") else f"{path}: {told}"


def _application(module: Path, name: str) -> Application:
    path = module.parent / name
    if not path.is_file():
        beside = [file.name for file in module.parent.iterdir() if file.is_file() and file != module]
        close = difflib.get_close_matches(name, beside, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ScenarioError(f"{module}: the application {name} is not beside it{hint}")
    try:
        return Application(path=path, content=path.read_bytes(), mode=path.stat().st_mode & 0o777)
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}") from None


def _expectations(path: Path) -> tuple[Expectation, ...]:
    """Read the data file beside a scenario module; nothing is expected where there is none."""
    if not path.is_file():
        return ()
    try:
        return decode(path.read_bytes(), Expectations).histories
    except (msgspec.MsgspecError, ValueError) as error:
        message = f"{path}: {error}; 'harness history --write' writes it"
        raise ScenarioError(message) from None
