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

JUDGED = frozenset(
    {"judge", "combine", "title", "references", "claims", "checks", "typical_s", "expectations", "story"}
)
"""The fields of a scenario that no trial depends on; of its checks a trial makes the steps, which are values."""

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
    """Return whether a statement may change a value that the statement did not make itself.

    A function changes its own where it sets an item or an attribute of a local list, dict or set that it made; a class
    where a method sets an attribute of ``self``. One level deeper lies what somebody else may have made.
    """
    own = _own_names(node)
    for one in ast.walk(node):
        if isinstance(one, ast.Global | ast.Nonlocal):
            return True
        if isinstance(one, ast.Attribute | ast.Subscript) and isinstance(one.ctx, ast.Store | ast.Del):
            if not (isinstance(one.value, ast.Name) and one.value.id in own):
                return True
            if isinstance(node, ast.ClassDef) and isinstance(one, ast.Subscript):
                return True
    return False


def _own_names(node: ast.stmt) -> set[str]:
    """Return the names whose values a statement made itself; ``self`` for a class.

    Those of a function are bound to lists, dicts and sets that it writes out, and to nothing else in any way: a
    parameter or the target of a loop may be a value of somebody else's.
    """
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {"self"} if isinstance(node, ast.ClassDef) else set()
    made = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    bound: dict[str, int] = {}
    displays: dict[str, int] = {}
    for one in ast.walk(node):
        for name in _bound_by(one):
            bound[name] = bound.get(name, 0) + 1
        if isinstance(one, ast.Assign | ast.AnnAssign) and isinstance(one.value, made):
            for target in one.targets if isinstance(one, ast.Assign) else [one.target]:
                if isinstance(target, ast.Name):
                    displays[target.id] = displays.get(target.id, 0) + 1
    return {name for name, times in displays.items() if times == bound[name]}


def _bound_by(node: ast.AST) -> list[str]:
    """Return the names that one node binds by itself."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
        case ast.MatchMapping(rest=str(name)):
            return [name]
        case ast.alias(name=name, asname=asname):
            return [asname or name.partition(".")[0]]
    return []
