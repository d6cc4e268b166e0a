"""The statements of a scenario's modules that a trial can reach, found without executing the modules.

A trial executes `observe` and all that `observe` uses; a judgement executes `judge` and `combine`. A statement that
only a judgement can reach may change without a trial being run again. The analysis errs to one side: a statement that
it does not understand belongs to the trial, and where it cannot follow a module at all it gives no answer.
"""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from harness.catalog.statements import Imported, Statements, Unit, names_in, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JUDGED = frozenset({"judge", "combine", "title", "claim", "typical_s", "expectations"})
"""The fields of a scenario that no trial depends on."""

# A statement that mentions one of these names may reach what it does not name. The names of the first set count only
# where they stand alone: an attribute such as ``re.compile`` is harmless.
_UNSEEN_NAMES = frozenset({"compile", "dir", "eval", "exec", "globals", "locals", "setattr", "delattr", "vars"})
_UNSEEN = frozenset(
    {
        *("__builtins__", "__code__", "__dict__", "__doc__", "__file__", "__getattr__", "__globals__", "__import__"),
        *("__loader__", "__path__", "__spec__", "__subclasses__", "_getframe", "builtins", "gc", "get_objects"),
        *("import_module", "importlib", "inspect", "modules", "pkgutil", "runpy"),
    }
)


class UnseenError(Exception):
    """A module does what the analysis cannot follow."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class _Placed:
    """A unit with the module that it stands in."""

    module: str
    unit: Unit


def trial_text(trees: Mapping[str, ast.Module], main: str) -> tuple[str, ...] | None:
    """Return the statements that a trial depends on, as text; None where the analysis cannot follow the modules.

    Args:
        trees: the modules, by the names by which they import each other.
        main: the name of the module that defines ``SCENARIO``.

    """
    try:
        reach = _Reach({name: Statements(tree) for name, tree in trees.items()}, main)
        return tuple(reach.texts())
    except (UnseenError, RecursionError):
        return None


class _Reach:
    """The units that belong to the trial: the set grows until nothing more is reached."""

    def __init__(self, modules: Mapping[str, Statements], main: str) -> None:
        self._all = [_Placed(module=name, unit=unit) for name, one in modules.items() for unit in one.units]
        self._modules = modules
        self._binding: dict[tuple[str, str], list[_Placed]] = {}
        for one in self._all:
            for name in one.unit.binds:
                self._binding.setdefault((one.module, name), []).append(one)
        self._scenario, self._declaration = self._the_scenario(main)
        self._kept = {self._scenario}
        self._follow(main, names_in(self._declaration) - {"SCENARIO"}, self._declaration)
        for one in self._all:
            if not one.unit.is_quiet and not self._is_from_sibling(one):
                self._keep(one)
        while shared := [one for one in self._all if one not in self._kept and self._changes_the_trial(one)]:
            for one in shared:
                self._keep(one)

    def texts(self) -> Iterator[str]:
        """Yield the text of each statement that belongs to the trial."""
        for one in self._all:
            if one is self._scenario:
                yield f"{one.module}: {text_of(self._declaration)}"
            elif one in self._kept:
                yield f"{one.module}: {text_of(one.unit.node)}"

    def _the_scenario(self, main: str) -> tuple[_Placed, ast.stmt]:
        """Return the one statement that makes the scenario, and the same without fields that only a judgement needs.

        Raises:
            UnseenError: the statement is not one plain call of ``Scenario`` with keyword arguments.

        """
        made = self._binding.get((main, "SCENARIO"), [])
        node = made[0].unit.node if len(made) == 1 else None
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if not (isinstance(value, ast.Call) and not value.args and all(one.arg for one in value.keywords)):
            raise UnseenError
        if not self._is_harness(main, value.func):
            raise UnseenError
        quiet = self._modules[main].is_quiet
        kept = [one for one in value.keywords if one.arg not in JUDGED or not quiet(one.value)]
        call = ast.Call(func=value.func, args=[], keywords=kept)
        return made[0], ast.Assign(targets=[ast.Name(id="SCENARIO", ctx=ast.Store())], value=call)

    def _is_harness(self, main: str, function: ast.expr) -> bool:
        """Whether a name is the harness's ``Scenario``, imported under that name and bound by nothing else."""
        match function:
            case ast.Name(id=name):
                wanted = [Imported(module=one, member="Scenario") for one in ("harness", "harness.model.scenario")]
            case ast.Attribute(value=ast.Name(id=name), attr="Scenario"):
                wanted = [Imported(module="harness")]
            case _:
                return False
        bound = self._binding.get((main, name), [])
        return len(bound) == 1 and bound[0].unit.is_import and bound[0].unit.imports[0] in wanted

    def _is_from_sibling(self, one: _Placed) -> bool:
        """Whether a statement only imports from one of the modules, whose own statements count by themselves."""
        return one.unit.is_import and self._sibling(one.unit.imports[0])[0] in self._modules

    def _keep(self, one: _Placed) -> None:
        """Take a unit in, with all that it reaches."""
        if one in self._kept:
            return
        self._kept.add(one)
        self._follow(one.module, one.unit.uses, one.unit.node)
        for other in self._imported(one):
            self._keep(other)

    def _follow(self, module: str, names: frozenset[str], node: ast.AST) -> None:
        if _reaches_unseen(node) or "SCENARIO" in names:
            raise UnseenError
        for name in names:
            for one in self._binding.get((module, name), ()):
                self._keep(one)

    def _sibling(self, asked: Imported) -> tuple[str, str | None]:
        """Return the module and the member that an import means, if it is an import of one of the modules."""
        name = asked.module.lstrip(".")
        return (name, asked.member) if name else (asked.member or "", None)  # from . import sibling

    def _imported(self, one: _Placed) -> list[_Placed]:
        """Return the units of the modules that a unit imports.

        Raises:
            UnseenError: the unit imports ``*``, or a name that the module does not bind itself, or the scenario.

        """
        found: list[_Placed] = []
        for asked in one.unit.imports:
            name, member = self._sibling(asked)
            if member == "*" and asked.top != "__future__":
                raise UnseenError
            if name in self._modules:
                inside = [other for other in self._all if other.module == name]
                wanted = inside if member is None else self._binding.get((name, member), [])
                if not wanted or self._scenario in wanted:
                    raise UnseenError
                found += wanted
        return found

    def _changes_the_trial(self, one: _Placed) -> bool:
        """Whether a unit that no trial executes could change in place a value that a trial uses."""
        seen: set[_Placed] = set()
        waiting = [one]
        while waiting:
            now = waiting.pop()
            if now in seen:
                continue
            seen.add(now)
            if now is self._scenario or _stores_outside(now.unit.node) or _reaches_unseen(now.unit.node):
                return True
            if now in self._kept and not now.unit.is_constant and not self._is_from_sibling(now):
                return True
            waiting += [other for name in now.unit.uses for other in self._binding.get((now.module, name), ())]
            waiting += self._imported(now)
        return False


def _reaches_unseen(node: ast.AST) -> bool:
    """Whether a statement may reach what it does not name."""
    for one in ast.walk(node):
        match one:
            case ast.Name(id=name):
                words = {name}
            case ast.Attribute(attr=name):
                words = {name}
            case ast.alias(name=name) | ast.ImportFrom(module=str(name)):
                words = set(name.split("."))
            case _:
                continue
        if words & _UNSEEN or (isinstance(one, ast.Name) and one.id in _UNSEEN_NAMES):
            return True
    return False


def _stores_outside(node: ast.stmt) -> bool:
    """Whether a statement may change a value that it did not make, by ``global`` or by setting an item or attribute."""
    own = _locals_of(node)
    for one in ast.walk(node):
        if isinstance(one, ast.Global):
            return True
        if isinstance(one, ast.Attribute | ast.Subscript) and isinstance(one.ctx, ast.Store | ast.Del):
            root: ast.expr = one
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if not isinstance(root, ast.Name) or root.id not in own:
                return True
    return False


def _locals_of(node: ast.stmt) -> set[str]:
    """Return the names that a function binds only to lists, dicts and sets that it makes; ``self`` for a class."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {"self"} if isinstance(node, ast.ClassDef) else set()
    made = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    bound: dict[str, bool] = {}
    for one in ast.walk(node):
        if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None:
            for target in one.targets if isinstance(one, ast.Assign) else [one.target]:
                if isinstance(target, ast.Name):
                    bound[target.id] = bound.get(target.id, True) and isinstance(one.value, made)
    return {name for name, is_made in bound.items() if is_made}
