"""The subjects' modules that a scenario imports: they say how a server is started, so that its trials depend on them.

They are the only code of the harness of which each module counts by itself: a change to one subject leaves the stored
trials of all others as they are.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from harness.catalog.statements import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = "harness.subjects"


def texts(sources: Iterable[bytes]) -> list[tuple[str, str]]:
    """Return the names and the statements of all subjects' modules that some sources import, directly or not.

    Where a source mentions the package in a way that names no module of it, all modules count.
    """
    found: dict[str, str] = {}
    waiting = [name for source in sources if b"subjects" in source for name in _named(ast.parse(source))]
    while waiting:
        name = waiting.pop()
        if name not in found and (text := _read(name)):
            found[name] = text[0]
            waiting += text[1]
    return sorted(found.items())


def _named(tree: ast.Module) -> Iterator[str]:
    """Yield the names of the subjects' modules that a module imports anywhere."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                asked = [name.name for name in names if name.name == PACKAGE or name.name.startswith(f"{PACKAGE}.")]
                for name in asked:
                    yield from _all() if name == PACKAGE else [name.removeprefix(f"{PACKAGE}.").partition(".")[0]]
            case ast.ImportFrom(module="harness", names=names) if any(one.name in {"subjects", "*"} for one in names):
                yield from _all()
            case ast.ImportFrom(module=str(module), names=names) if module == PACKAGE:
                yield from _all() if any(one.name == "*" for one in names) else [one.name for one in names]
            case ast.ImportFrom(module=str(module)) if module.startswith(f"{PACKAGE}."):
                yield module.removeprefix(f"{PACKAGE}.").partition(".")[0]


@functools.cache
def _folder() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)
    return Path(spec.origin).parent if spec and spec.origin else None


def _all() -> list[str]:
    folder = _folder()
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__") if folder else []


@functools.cache  # the package does not change while the program runs
def _read(name: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the statements of a subject's module as text, and the subjects' modules that it imports."""
    folder = _folder()
    path = folder / f"{name}.py" if folder else None
    if path is None or not path.is_file():
        return None
    tree = ast.parse(path.read_bytes())
    body = tree.body[1:] if ast.get_docstring(tree) else tree.body
    return text_of(ast.Module(body=body, type_ignores=[])), tuple(_named(tree))
