"""Scenario modules are found by where they lie; none of them is executed.

A place that a call names is a scenario's folder, a folder of scenarios' folders, a folder of subjects that hold
scenarios' folders, or a folder of flat modules, each of which assigns ``SCENARIO``. Deeper folders are not searched.
"""

from __future__ import annotations

import ast
import difflib
import re
from typing import TYPE_CHECKING

from harness.catalog.folders import MODULE, whole
from harness.errors import ScenarioError
from harness.model.names import ScenarioId, fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NEAR = 0.85  # the similarity (`difflib`) from which on one name is taken for a misspelling of the other


def modules(places: Iterable[Path]) -> Iterator[Path]:
    """Yield the scenario modules of places, each once; modules in scenarios' folders in order of subject and name.

    Args:
        places: folders of scenarios, and files of scenario modules.

    Raises:
        ScenarioError: a place is missing, or a file in it is meant to be a scenario module and is none.

    """
    seen: set[Path] = set()
    for place in places:
        if not place.exists():
            message = f"no folder of scenarios at {place}; '--scenarios' takes a folder of scenario modules"
            raise ScenarioError(message)
        for path in _modules_of(place.resolve()):
            if path not in seen:
                seen.add(path)
                yield path


def _modules_of(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield _named(place)
    elif _is_scenario_folder(place):
        yield from _module_in(place)
    else:
        yield from _flat(place)
        for folder in _folders(place):
            yield from _module_in(folder) if _is_scenario_folder(folder) else _of_subject(folder)


def _named(path: Path) -> Path:
    """Return the module of a place that is a file.

    Raises:
        ScenarioError: the file is no scenario module.

    """
    if path.name == MODULE:
        return next(_module_in(path.parent))
    if not is_scenario(path):
        raise ScenarioError(nearly(path) or no_scenario(path))
    return path


def _flat(place: Path) -> Iterator[Path]:
    for path in sorted(place.glob("*.py")):
        if is_scenario(path):
            yield whole(path)
        elif told := nearly(path):
            raise ScenarioError(told)


def _of_subject(subject: Path) -> Iterator[Path]:
    """Yield the modules of a subject's scenarios; a folder without scenarios' folders may hold anything."""
    folders = list(_folders(subject))
    own = [folder for folder in folders if _is_scenario_folder(folder)]
    for folder in (subject, *folders) if own else ():
        for path in sorted(folder.glob("*.py")) if folder not in own else ():
            if is_scenario(path):
                wanted = folder / path.stem.replace("_", "-") / MODULE if folder == subject else folder / MODULE
                message = f"{path}: a scenario of {subject.name} has a folder of its own; move the module to {wanted}"
                raise ScenarioError(message)
    for folder in own:
        yield from _module_in(folder)


def _module_in(folder: Path) -> Iterator[Path]:
    """Yield the module of a scenario's folder.

    Raises:
        ScenarioError: the folder's name is no id.

    """
    folder = folder.resolve()
    refuse_name(folder.name, str(folder))
    yield folder / MODULE


def refuse_name(name: str, where: str) -> None:
    """Refuse a name of a scenario's folder that is no id; ``where`` begins the message.

    Raises:
        ScenarioError: the message has the nearest id.

    """
    if not fits(name, ScenarioId):
        words = "-".join(re.findall(r"[a-z0-9]+", name.lower())).lstrip("-0123456789")
        hint = f"; call it '{words}'" if fits(words, ScenarioId) else ""
        message = f"{where}: the name of a scenario's folder is its id, lower-case words joined by '-'{hint}"
        raise ScenarioError(message)


def _is_scenario_folder(folder: Path) -> bool:
    return (folder / MODULE).is_file()


def _folders(place: Path) -> Iterator[Path]:
    """Yield the folders in a place, in order, without hidden folders and ``__pycache__``."""
    try:
        found = sorted(place.iterdir())
    except PermissionError:  # another user's folder, as a shared temporary folder holds some
        return
    for folder in found:
        if not folder.name.startswith((".", "__")) and folder.is_dir():
            yield folder


def is_scenario(path: Path) -> bool:
    """Whether the file assigns ``SCENARIO`` and so is a scenario module; the file is not executed.

    A file that cannot be parsed counts where a line begins with ``SCENARIO``: loading it reports what is wrong.
    """
    source = _source(path)
    if not re.search(rb"^SCENARIO\b", source, re.MULTILINE):
        return False
    try:
        return any(name == "SCENARIO" for name, _ in _assigned(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return True


def nearly(path: Path) -> str | None:
    """Return the message about a module that imports the harness and misspells ``SCENARIO``; None for other files."""
    source = _source(path)
    if b"harness" not in source or is_scenario(path):
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    for name, statement in _assigned(tree):
        if difflib.SequenceMatcher(a=name.upper(), b="SCENARIO").ratio() >= _NEAR and _is_of_the_harness(tree):
            return f"{path}, line {statement.lineno}: it assigns {name}; did you mean SCENARIO?"
    return None


def no_scenario(path: Path) -> str:
    """Return the message about a file that was meant to be a scenario module and is none."""
    return f"{path}: it assigns no SCENARIO at the top, so that it is no scenario module"


def place_of(path: Path, field: str) -> str:
    """Return ``FILE, line N`` of the place where a module gives its scenario a field, or else assigns the scenario."""
    try:
        assigned = [one for name, one in _assigned(ast.parse(_source(path))) if name == "SCENARIO"]
    except (SyntaxError, ValueError, RecursionError):
        assigned = []
    if not assigned:
        return str(path)
    given = assigned[-1].value.keywords if isinstance(assigned[-1].value, ast.Call) else ()
    line = next((one.value.lineno for one in given if one.arg == field), assigned[-1].lineno)
    return f"{path}, line {line}"


def _source(path: Path) -> bytes:
    """Return the content of a Python file; empty for anything else.

    Raises:
        ScenarioError: the file cannot be read.

    """
    if path.suffix != ".py" or not path.is_file():
        return b""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}") from None


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.Assign | ast.AnnAssign]]:
    """Yield each name that a module assigns at its top, with the statement."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
                if isinstance(target, ast.Name):
                    yield target.id, statement


def _is_of_the_harness(tree: ast.Module) -> bool:
    """Whether a module imports the harness, which an application never does."""
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        else:
            names = [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []
        if any(name.partition(".")[0] == "harness" for name in names):
            return True
    return False
