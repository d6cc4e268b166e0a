"""An error of a scenario's own code is told in one line: file, line, Python's words, and the nearest right word.

The right words are those that the failed code could have used: the attributes of the value that it held, the parameters
of what it called, the names that a module has. They are looked up after the error, and nothing of the scenario is
executed for that.
"""

from __future__ import annotations

import re
import sys
import traceback
from types import ModuleType
from typing import TYPE_CHECKING, Any

from harness.errors import NAMESPACE, close_to, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

_TELLING = 300  # characters of an error's own words in one message
_NEAR = 0.6  # the similarity (`difflib`) from which on a name may be a misspelling: further ones would mislead
_KEYWORD = re.compile(r"(?:(?P<callee>[\w.]+)\(\) got an u|U)nexpected keyword argument '(?P<name>\w+)'")
_IMPORTED = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'")
_INTERNAL = re.compile(rf"\b{NAMESPACE}\d+\.|\.__init__(?=\(\))| \(\S*\bharness\b\S*__init__\.py\)$")
"""What an author did not write: the package of a scenario's modules, ``__init__``, and where the harness lies."""


def mistake(error: BaseException) -> str:
    """Return one line about an error that a scenario's own code raised: ``FILE, line N: TypeError: its words``.

    The place is the last line that was executed in the scenario's own modules, or the line that cannot be parsed.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}: {type(error).__name__}: {_words(error.msg)}"
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [index for index, (frame, _) in enumerate(frames) if _module_of(frame).startswith(NAMESPACE)]
    told = f"{type(error).__name__}: {_INTERNAL.sub('', _words(error))}".removesuffix(": ")
    if not frames:
        return told
    last = own[-1] if own else len(frames) - 1
    frame, line = frames[last]
    hint = _hint(error, [frame for frame, _ in frames[last:]])
    return f"{frame.f_code.co_filename}, line {line}: {told}{hint and f'; {hint}'}"


def _words(error: object) -> str:
    """Return the words of an error as one bounded line; empty where ``str`` of the error raises."""
    try:
        words = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - the error is a scenario's own, and its ``__str__`` may raise anything
        return ""
    return words if len(words) <= _TELLING else f"{words[:_TELLING]}…"


def _hint(error: BaseException, frames: Sequence[FrameType]) -> str:
    """Return the nearest right word; empty where nothing comes near.

    Args:
        error: the error.
        frames: the frame of the scenario's own code, and those of what that code called, down to the error.

    """
    match error:
        case AttributeError(name=str(name), obj=value):
            return _among(name, _attributes(value), is_ours=_is_ours(type(value)) or _is_ours(value))
        case NameError(name=str(name)):
            return _of_names(name, frames[0])
        case ImportError(name=str(name)):
            return _of_imports(name, _IMPORTED.match(_words(error)))
        case TypeError():
            return _of_keywords(_KEYWORD.match(_words(error)), frames)
    return ""


def _among(name: str, valid: set[str], *, is_ours: bool) -> str:
    """Return the nearest name; of the harness's own names all, where none is near."""
    find = nearest if is_ours and valid else close_to
    return find(name, valid, similarity=_NEAR, most=1)


def _of_names(name: str, frame: FrameType) -> str:
    exported = set(sys.modules["harness"].__all__)  # the package that this module is in
    if name in exported:
        return f"'from harness import {name}' imports it"
    visible = {*frame.f_locals, *frame.f_globals, *dir(frame.f_builtins)}
    return "" if name in visible else _among(name, visible | exported, is_ours=False)


def _of_imports(name: str, found: re.Match[str] | None) -> str:
    """Return the nearest name that a module has, or the nearest module that a package has."""
    package, _, last = (found["module"], "", found["name"]) if found else name.rpartition(".")
    module = sys.modules.get(package)
    return _among(last, _attributes(module) | _inside(module), is_ours=_is_ours(module)) if module else ""


def _of_keywords(found: re.Match[str] | None, frames: Sequence[FrameType]) -> str:
    """Return the nearest parameter of what was called, and of what handed its own arguments on to that."""
    if found is None:
        return ""
    import inspect  # noqa: PLC0415 - few calls meet a mistake

    valid: set[str] = set()
    for called in _called(found["callee"], frames):
        valid.update(getattr(called, "__struct_fields__", ()) or inspect.signature(called).parameters)
    for frame in frames[1:]:
        if _module_of(frame).startswith("harness."):
            code = frame.f_code
            valid.update(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    return _among(found["name"], valid - {"self", "cls"}, is_ours=True)


def _called(callee: str | None, frames: Sequence[FrameType]) -> Iterator[Any]:
    """Yield the functions and classes of this qualified name that the frames can see.

    msgspec does not say which of its classes was called: without a name these are all that the first frame can see.
    """
    if callee is None:
        yield from (value for value in _seen(frames[0]) if isinstance(value, type) and _fields(value))
        return
    for frame in frames:
        for value in _seen(frame):
            if f"{getattr(value, '__qualname__', None)}.__init__" == callee and isinstance(value, type):
                yield value
                return
            if found := _member(value, callee):
                yield found
                return


def _fields(value: type) -> bool:
    return bool(getattr(value, "__struct_fields__", ()))


def _seen(frame: FrameType) -> list[object]:
    return [*frame.f_locals.values(), *frame.f_globals.values()]


def _member(value: object, callee: str) -> object:
    """Return the function of this qualified name: a value itself, of a module, of a class, or of a value's class."""
    import inspect  # noqa: PLC0415 - few calls meet a mistake

    last = callee.rpartition(".")[2]
    holder = value if isinstance(value, type | ModuleType) else type(value)
    for found in (value, inspect.getattr_static(holder, last, None)):
        function = getattr(found, "__func__", found) if isinstance(found, classmethod | staticmethod) else found
        if inspect.isfunction(function) and function.__qualname__ == callee:
            return function
    return None


def _attributes(value: object) -> set[str]:
    """Return the public names of a value's attributes; no code of the value's own is executed."""
    if isinstance(value, ModuleType):
        names = vars(value).get("__all__", vars(value))
    else:
        names = type.__dir__(value) if isinstance(value, type) else object.__dir__(value)
    return {name for name in names if not name.startswith("_")}


def _inside(module: ModuleType) -> set[str]:
    """Return the names of the modules in a package."""
    import pkgutil  # noqa: PLC0415 - few calls meet a mistake

    return {found.name for found in pkgutil.iter_modules(getattr(module, "__path__", ()))}


def _is_ours(value: object) -> bool:
    """Whether a class, a function or a module is the harness's own."""
    of = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return isinstance(of, str) and of.partition(".")[0] == "harness"


def _module_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))
