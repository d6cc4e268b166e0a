"""The statements of a scenario's modules: which names each binds and uses, and whether executing it does anything else.

`Statements` cuts a module into units. A quiet unit only binds its names when it is executed: a function, a constant, an
import from the standard library. Leaving out a quiet unit whose names nobody uses changes nothing. A statement counts
as quiet only where that is known.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# The values that these functions return cannot be changed in place, and calling them has no effect.
_CONSTANTS = frozenset(
    {"bool", "bytes", "float", "frozenset", "int", "len", "max", "min", "range", "repr", "round", "str", "sum", "tuple"}
)
_CONSTANT_METHODS = frozenset({"decode", "encode", "format", "join", "lower", "replace", "strip", "upper"})
_QUIET = _CONSTANTS | {
    "abs",
    "all",
    "any",
    "dict",
    "enumerate",
    "isinstance",
    "list",
    "reversed",
    "set",
    "sorted",
    "zip",
}
_QUIET_DECORATORS = frozenset(
    {"cache", "classmethod", "contextmanager", "dataclass", "property", "staticmethod", "wraps"}
)
_PURE_PACKAGES = ("harness", "packaging")
_SIMPLE = (ast.Constant, ast.Name, ast.Attribute, ast.Lambda)
_TOGETHER = (ast.Tuple, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr, ast.FormattedValue)
_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Starred)
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import statement asks for.

    Attributes:
        module: the module's name as it is written, with leading dots.
        member: the name that is imported from the module; None where the module itself is imported, ``*`` for all.

    """

    module: str
    member: str | None = None

    @property
    def top(self) -> str:
        """The first word of the module's name, empty for a relative import."""
        return self.module.partition(".")[0]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Unit:
    """One statement at the top of a module; an import of several names is several units.

    Attributes:
        node: the statement.
        binds: the names that the statement binds.
        uses: the names that the statement mentions.
        imports: what the statement imports, in functions too.
        is_quiet: executing the statement only binds its names.
        is_constant: none of the values that the statement binds can be changed in place.

    """

    node: ast.stmt
    binds: frozenset[str]
    uses: frozenset[str]
    imports: tuple[Imported, ...]
    is_quiet: bool
    is_constant: bool

    @property
    def is_import(self) -> bool:
        """Whether the unit is an import statement, of one name."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)


class Statements:
    """The units of a module, in order, without docstrings and what stands below ``if TYPE_CHECKING``."""

    def __init__(self, tree: ast.Module) -> None:
        """Cut a module into its units."""
        imports = {name: unit for node in tree.body for unit in _imports(node) for name in unit.binds}
        bound = frozenset(name for node in tree.body for name in _bound_by(node))
        self._reading = _Reading({name: unit for name, unit in imports.items() if name not in bound}, bound)
        self.units = tuple(unit for node in tree.body for unit in self._units(node))

    def is_quiet(self, node: ast.expr) -> bool:
        """Whether evaluating an expression of the module has no effect."""
        return self._reading.is_quiet(node)

    def _units(self, node: ast.stmt) -> Iterator[Unit]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imports(node)
        elif not _is_docstring(node) and not self._reading.is_for_type_checkers(node):
            yield Unit(
                node=node,
                binds=_bound_by(node),
                uses=names_in(node),
                imports=tuple(found for one in ast.walk(node) for found, _, _ in _asked(one)),
                is_quiet=self._reading.is_quiet_statement(node),
                is_constant=self._reading.is_constant_statement(node),
            )


def names_in(node: ast.AST) -> frozenset[str]:
    """Return the names that a statement mentions."""
    return frozenset(one.id for one in ast.walk(node) if isinstance(one, ast.Name))


def _bound_by(node: ast.stmt) -> frozenset[str]:
    """Return the names that a statement binds in its module, imports apart."""
    if isinstance(node, (*_Function, ast.ClassDef)):
        return frozenset({node.name})
    inside = [one for one in ast.walk(node) if isinstance(one, (ast.Name, *_Function, ast.ClassDef))]
    return frozenset(
        one.id if isinstance(one, ast.Name) else one.name
        for one in inside
        if not isinstance(one, ast.Name) or isinstance(one.ctx, ast.Store | ast.Del)
    )


def _asked(node: ast.AST) -> Iterator[tuple[Imported, str, ast.stmt]]:
    """Yield each import of an import statement, with the name that it binds and a statement of this import alone."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            yield Imported(module=alias.name), bound, ast.Import(names=[alias])
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            asked = Imported(module="." * node.level + (node.module or ""), member=alias.name)
            alone = ast.ImportFrom(module=node.module, names=[alias], level=node.level)
            yield asked, alias.asname or alias.name, alone


def _imports(node: ast.stmt) -> Iterator[Unit]:
    for asked, bound, alone in _asked(node):
        known = asked.top != "__future__" and (asked.top in sys.stdlib_module_names or asked.top in _PURE_PACKAGES)
        yield Unit(
            node=alone,
            binds=frozenset({bound}),
            uses=frozenset(),
            imports=(asked,),
            is_quiet=known and asked.member != "*",
            is_constant=known,
        )


class _Reading:
    """Says what executing a statement or an expression does, from the names that the module imports and binds."""

    def __init__(self, imports: dict[str, Unit], bound: frozenset[str]) -> None:
        self._imports = imports
        self._bound = bound

    def is_for_type_checkers(self, node: ast.stmt) -> bool:
        if not (isinstance(node, ast.If) and not node.orelse and isinstance(node.test, ast.Name)):
            return False
        unit = self._imports.get(node.test.id)
        return unit is not None and unit.imports == (Imported(module="typing", member="TYPE_CHECKING"),)

    def is_quiet_statement(self, node: ast.stmt) -> bool:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                at_once = (*_defaults(node), *_annotations(node))
                return self._is_quietly_decorated(node) and all(map(self.is_quiet, at_once))
            case ast.ClassDef():
                inside = all(_is_docstring(one) or self.is_quiet_statement(one) for one in node.body)
                plain = not node.keywords and all(map(self._is_known, node.bases))
                return plain and inside and self._is_quietly_decorated(node)
            case ast.Assign():
                return all(map(_is_name, node.targets)) and self.is_quiet(node.value)
            case ast.AnnAssign():
                values = (node.annotation, node.value) if node.value else (node.annotation,)
                return _is_name(node.target) and all(map(self.is_quiet, values))
            case ast.Pass():
                return True
        return False

    def is_constant_statement(self, node: ast.stmt) -> bool:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return not node.decorator_list and all(map(self.is_constant, _defaults(node)))
            case ast.ClassDef():
                return all(_is_docstring(one) or self.is_constant_statement(one) for one in node.body)
            case ast.Assign() | ast.AnnAssign():
                return node.value is None or self.is_constant(node.value)
            case ast.Pass():
                return True
        return False

    def is_quiet(self, node: ast.expr) -> bool:
        """Whether evaluating an expression has no effect."""
        if isinstance(node, ast.Lambda):
            return True
        quiet = (*_SIMPLE, *_TOGETHER, *_DISPLAYS, ast.Subscript, ast.Slice)
        allowed = isinstance(node, quiet) or (isinstance(node, ast.Call) and self._is_quiet_call(node, _QUIET))
        return allowed and all(map(self.is_quiet, _parts(node)))

    def is_constant(self, node: ast.expr) -> bool:
        """Whether an expression's value cannot be changed in place."""
        if isinstance(node, ast.Attribute):
            return self._is_known(node)
        if isinstance(node, ast.Call) and not self._is_quiet_call(node, _CONSTANTS):
            return False
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "frozenset":
            return all(self.is_quiet(part) for part in node.args)
        allowed = isinstance(node, (ast.Constant, ast.Name, *_TOGETHER, ast.Call))
        return allowed and all(map(self.is_constant, _parts(node)))

    def _is_quiet_call(self, node: ast.Call, known: frozenset[str]) -> bool:
        match node.func:
            case ast.Name(id=name) if unit := self._imports.get(name):
                return unit.imports[0].top in _PURE_PACKAGES
            case ast.Name(id=name):
                return name in known and name not in self._bound
            case ast.Attribute(value=ast.Name(id="re"), attr="compile"):
                return "re" in self._imports
            case ast.Attribute(value=value, attr=name):
                return name in _CONSTANT_METHODS and self.is_constant(value)
        return False

    def _is_quietly_decorated(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
        for one in node.decorator_list:
            called = one.func if isinstance(one, ast.Call) else one
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name not in _QUIET_DECORATORS or not self._is_known(called):
                return False
            if isinstance(one, ast.Call) and not all(map(self.is_quiet, _parts(one))):
                return False
        return True

    def _is_known(self, node: ast.expr) -> bool:
        """Whether a name, or an attribute of one, is Python's own or comes from a package that is known to be pure."""
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name):
            return False
        unit = self._imports.get(node.id)
        return unit.is_constant if unit else node.id not in self._bound and hasattr(builtins, node.id)


def text_of(node: object) -> str:
    """Return a statement as text without places, comments and docstrings; the same text on every Python."""
    if isinstance(node, list):
        return f"[{','.join(map(text_of, node))}]"
    if not isinstance(node, ast.AST):
        return f"{type(node).__name__}:{node!r}"
    parts = []
    for name, value in ast.iter_fields(node):
        kept = value
        if name == "body" and isinstance(value, list) and isinstance(node, (*_Function, ast.ClassDef)):
            kept = value[1:] if _is_docstring(value[0]) else value
        if kept not in (None, []) and name not in {"ctx", "kind", "type_comment"}:
            parts.append(f"{name}={text_of(kept)}")
    return f"{type(node).__name__}({','.join(parts)})"


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions that an expression is made of; of a call, its arguments and the object of a method."""
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.Call) and child is node.func:
            if isinstance(child, ast.Attribute):
                yield child.value
        elif isinstance(child, ast.keyword):
            yield child.value
        elif isinstance(child, ast.comprehension):
            yield from (child.iter, *child.ifs)
        elif isinstance(child, ast.expr):
            yield child


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[ast.expr, ...]:
    return (*node.args.defaults, *(one for one in node.args.kw_defaults if one))


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[ast.expr, ...]:
    """Return the annotations of a function, which some modules evaluate when they define the function."""
    given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg)
    kept = [one.annotation for one in given if one and one.annotation]
    return (*kept, node.returns) if node.returns else tuple(kept)


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Tuple) and all(map(_is_name, node.elts)))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
