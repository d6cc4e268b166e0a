"""Each scenario's module imports into a namespace of its own; every file executed there is part of a digest.

A plain ``import`` in a scenario's module finds the standard library and installed packages first, then a file or a
package beside the module, then a file or a package in a folder that the call names. Modules from these folders belong
to this one scenario: two folders may both have a ``common.py``, and neither becomes ``common`` in `sys.modules`. Each
file is read once, and the text that was read is executed, never byte code, whose freshness is judged by a clock.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import importlib
import importlib.util
import itertools
import os
import sys
import sysconfig
import types
from importlib.abc import Loader, MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.catalog.folders import MODULE
from harness.errors import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from importlib.machinery import ModuleSpec

_numbers = itertools.count(1)
_INSTALLED = frozenset({"site-packages", "dist-packages"})


class Namespace(types.ModuleType):
    """The package that a scenario's module and its siblings are members of; it records all that they import.

    Attributes:
        sources: every file of the package, as it was read, by path.
        installed: the names of the installed packages that the package's modules import.

    """

    def __init__(self, module: Path, folders: Iterable[Path]) -> None:
        """Begin the namespace of a module, whose imports are found beside the module and then in the folders."""
        super().__init__(f"{NAMESPACE}{next(_numbers)}")
        self.sources: dict[Path, bytes] = {}
        self.installed: set[str] = set()
        self._main = module
        self._folders = tuple(dict.fromkeys((module.parent, *folders)))
        self._lying = tuple(place for folder in self._folders for place in folder.iterdir())
        self._names = {_plain(place.name) for place in self._lying}
        self._is_closed = False
        self._mentioned: set[str] = set()  # every name that the code of these files mentions, imported or not
        self._builtins: dict[str, Any] = {**vars(builtins), "__import__": self._import, "print": _print}
        self.__path__ = [str(folder) for folder in self._folders]
        self.__package__ = self.__name__
        sys.modules[self.__name__] = self
        if _FINDER not in sys.meta_path:
            sys.meta_path.insert(0, _FINDER)

    def execute(self) -> types.ModuleType:
        """Execute the scenario's module, then read the files that it would import only later; return the module.

        Raises:
            BaseException: whatever the module raises.

        """
        name = f"{self.__name__}.{self._main.stem}"
        spec = importlib.util.spec_from_file_location(name, self._main, loader=_Source(self))
        if spec is None or spec.loader is None:  # pragma: no cover - a file's spec has the loader it was given
            raise ImportError(str(self._main))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        with _undone():
            spec.loader.exec_module(module)
        self._read_on()
        self._is_closed = True
        return module

    def source(self, path: Path) -> bytes:
        """Return the content that a file had when it was first read.

        Raises:
            ImportError: the file was not read before the digest was made.

        """
        if path not in self.sources:
            if self._is_closed:
                message = f"{path} was not seen when the scenario was loaded; import it by a plain import statement"
                raise ImportError(message)
            self.sources[path] = path.read_bytes()
        return self.sources[path]

    def spec_of(self, name: str) -> ModuleSpec | None:
        """Return the spec of a member, by its full name; None where there is no such member."""
        parent, _, last = name.rpartition(".")
        for folder in map(Path, getattr(sys.modules[parent], "__path__", ())):
            package, file = folder / last, folder / f"{last}.py"
            if _is_package(package):
                inside = package / "__init__.py"
                if inside.is_file():
                    places = [str(package)]
                    return importlib.util.spec_from_file_location(
                        name, inside, loader=_Source(self), submodule_search_locations=places
                    )
                spec = importlib.util.spec_from_loader(name, loader=None, is_package=True)
                if spec is not None and spec.submodule_search_locations is not None:
                    spec.submodule_search_locations.append(str(package))
                return spec
            if file.is_file():
                return importlib.util.spec_from_file_location(name, file, loader=_Source(self))
        return None

    def fill(self, module: types.ModuleType, path: Path) -> None:
        """Execute the text of a file as a module of this namespace."""
        code = compile(self.source(path), str(path), "exec", dont_inherit=True)
        self._mentioned.update(map(_plain, _names_in(code)))
        vars(module)["__builtins__"] = self._builtins  # import statements in its functions use these as well
        exec(code, vars(module))  # noqa: S102 - a scenario is code that the program's user has chosen

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names of Python's own
        locals: Mapping[str, object] | None = None,  # noqa: A002 - likewise
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> types.ModuleType:
        """Stand in for Python's own ``__import__`` in the modules of the namespace."""
        top = name.partition(".")[0]
        if level or not self._has(top):
            found = builtins.__import__(name, globals, locals, fromlist or (), level)
            if not level:
                self._record(top)
            return found
        own = f"{self.__name__}.{name}"
        if fromlist:
            return builtins.__import__(own, globals, locals, fromlist, 0)
        importlib.import_module(own)
        return sys.modules[f"{self.__name__}.{top}"]

    def _has(self, top: str) -> bool:
        """Whether a name means a file or a package beside the module or in a named folder.

        Raises:
            ImportError: an installed package has the name too.

        """
        if top in sys.stdlib_module_names or not (beside := next(self._places(top), None)):
            return False
        if (other := _origin(top)) and _is_installed(other):
            message = f"'{top}' is {beside} and an installed package ({other}) too; give the file another name"
            raise ImportError(message)
        return True

    def _places(self, top: str) -> Iterator[Path]:
        """Yield the packages and files that a name can mean; the first is the one that is imported."""
        if _plain(top) not in self._names:
            return
        for folder in self._folders:
            for place in (folder / top, folder / f"{top}.py"):
                if _is_package(place) or (place.suffix == ".py" and place.is_file()):
                    yield place

    def _record(self, top: str) -> None:
        """Record an import from outside the namespace.

        Raises:
            ImportError: the module is neither Python's own nor installed, so that no version would show its changes.

        """
        if top in sys.stdlib_module_names or top == "harness":
            return
        origin = _origin(top)
        if origin and not _is_installed(origin):
            raise _unseen(top, origin)
        self.installed.add(top)

    def _read_on(self) -> None:
        """Read the files that the files read so far import anywhere, such as in a function.

        Most modules mention no unread file beside them; the modules are parsed only where one does.
        """
        unread = {_plain(place.name) for place in self._lying if place not in self.sources}
        waiting = list(self.sources) if unread & self._mentioned else []
        while waiting:
            for top in imported_names(ast.parse(self.source(waiting.pop()))):
                for file in self._files(top):
                    if file not in self.sources:
                        self.source(file)
                        waiting.append(file)

    def _files(self, top: str) -> Iterator[Path]:
        """Yield the file that a name means, or all files of the package."""
        place = None if top in sys.stdlib_module_names else next(self._places(top), None)
        if place:
            yield from [place] if place.is_file() else sorted(place.rglob("*.py"))


class _Source(Loader):
    """Loads a file into a namespace."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def exec_module(self, module: types.ModuleType) -> None:
        self._namespace.fill(module, Path(str(module.__file__)))


class _Finder(MetaPathFinder):
    """Finds members of namespaces, and nothing else."""

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        namespace = sys.modules.get(fullname.partition(".")[0])
        return namespace.spec_of(fullname) if isinstance(namespace, Namespace) else None


_FINDER = _Finder()


def imported_names(tree: ast.AST) -> set[str]:
    """Return the first word of every name that a module imports anywhere.

    ``from . import NAME`` counts as ``NAME``, which may be a module.
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
    return found


def _plain(name: str) -> str:
    """Return the first word of a name in one case, since some systems find files in either."""
    return name.partition(".")[0].casefold()


def _names_in(code: types.CodeType) -> set[str]:
    """Return every name that code mentions, in its functions too; imported names are among them."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        one = waiting.pop()
        found.update(one.co_names)
        waiting += [constant for constant in one.co_consts if isinstance(constant, types.CodeType)]
    return found


def _is_package(place: Path) -> bool:
    """Whether a folder is a package: it holds modules, and is no scenario's folder."""
    is_folder = place.is_dir() and place.name.isidentifier()
    return is_folder and any(place.glob("*.py")) and not (place / MODULE).is_file()


@contextlib.contextmanager
def _undone() -> Iterator[None]:
    """Undo what a module does to the program while it is executed, so that no scenario depends on another scenario.

    The module's output goes to standard error: other programs parse the standard output of this one.

    Raises:
        ImportError: a module whose changes no version shows was imported without the namespace.

    """
    path, folder, variables, modules = list(sys.path), Path.cwd(), dict(os.environ), set(sys.modules)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path[:] = path
        os.chdir(folder)
        if variables != dict(os.environ):
            os.environ.clear()
            os.environ.update(variables)
    for name in sorted(set(sys.modules) - modules):
        file = getattr(sys.modules[name], "__file__", None)
        top = name.partition(".")[0]
        known = top == "harness" or top in sys.stdlib_module_names or top.startswith(NAMESPACE)
        if file and not known and not _is_installed(Path(file)):
            raise _unseen(name, Path(file))


def _is_installed(place: Path) -> bool:
    """Whether a file is Python's own or installed, and so has a version that shows its changes."""
    if _INSTALLED & set(place.parts) or place.is_relative_to(sysconfig.get_path("stdlib")):
        return True
    return any(place.is_relative_to(entry) and _holds_distributions(entry) for entry in sys.path if entry)


@functools.cache
def _holds_distributions(folder: str) -> bool:
    """Whether an installer has put packages into a folder, which ``pip install --target`` does with any folder."""
    return next(Path(folder).glob("*.dist-info"), None) is not None


def _unseen(name: str, place: Path) -> ImportError:
    message = (
        f"'{name}' comes from {place}, and nothing tells when it changes: lay it beside the scenario, name its "
        "folder by --scenarios, or install it (not as editable)"
    )
    return ImportError(message)


def _origin(top: str) -> Path | None:
    """Return where Python itself finds a module or package of this name; None where it finds none."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
    return Path(places[0]) if places and places[0] else None


def _print(*values: object, **how: Any) -> None:  # noqa: ANN401 - whatever print takes
    """Print to standard error unless a file is named: other programs parse the standard output of this one."""
    print(*values, **{**how, "file": how.get("file") or sys.stderr})  # noqa: T201 - stands in for `print`
