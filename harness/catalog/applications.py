"""The applications that a scenario names: files beside its module, else ready-made ones, which bring what they import.

A ready-made application imports nothing but the standard library and other ready-made modules. A file of the same name
beside the scenario takes the place of the ready-made one wherever the scenario names the file.
"""

from __future__ import annotations

import ast
import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from harness.catalog import finding
from harness.catalog.closure import Application
from harness.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

READY_MADE = Path(__file__).parents[1] / "applications"


def applications_of(module: Path, names: Sequence[str]) -> tuple[Application, ...]:
    """Return the applications that a module names, in this order, and behind them what the ready-made ones import.

    Raises:
        ScenarioError: a name is neither beside the module nor ready-made, or the file cannot be read.

    """
    found = {name: _read(_path(module, name)) for name in names}
    waiting = list(found.values())
    while waiting:
        one = waiting.pop(0)
        for path in _imported(one) if one.path.parent == READY_MADE else ():
            if path.name not in found:
                found[path.name] = _read(path)
                waiting.append(found[path.name])
    return tuple(found.values())


def _path(module: Path, name: str) -> Path:
    beside, ready_made = module.parent / name, READY_MADE / name
    if beside.is_file():
        return beside
    if ready_made.is_file():
        return ready_made
    lying = [file.name for folder in (module.parent, READY_MADE) for file in folder.iterdir() if file.is_file()]
    close = difflib.get_close_matches(name, {*lying} - {module.name}, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    where = finding.place_of(module, "applications")
    raise ScenarioError(f"{where}: the application {name} is neither beside it nor ready-made{hint}")


def _read(path: Path) -> Application:
    try:
        return Application(path=path, content=path.read_bytes(), mode=path.stat().st_mode & 0o777)
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}") from None


def _imported(ready_made: Application) -> Iterator[Path]:
    """Yield the ready-made modules that a ready-made module imports."""
    for node in ast.walk(ast.parse(ready_made.content)):
        match node:
            case ast.Import(names=aliases):
                modules = [alias.name for alias in aliases]
            case ast.ImportFrom(module=str(name), level=0):
                modules = [name]
            case _:
                continue
        yield from (path for name in modules if (path := READY_MADE / f"{name}.py").is_file())
