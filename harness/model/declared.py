"""Checks of what a scenario declares: a message quotes the author's mistake and says what would be right.

Every check takes what the author wrote, of whatever type, and raises ValueError with one line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from types import UnionType

_SUBJECT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PYTHON = re.compile(r"3\.[0-9]{1,2}")
_COMMIT = re.compile(r"@[0-9a-f]{40}$")


def refuse(message: str) -> NoReturn:
    """Refuse a declaration: raise ValueError with the message."""
    raise ValueError(message)


def is_text(value: object, pattern: re.Pattern[str]) -> bool:
    """Whether a value is a text that matches the pattern as a whole."""
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def check_type(value: object, kind: type | UnionType, what: str) -> None:
    """Refuse a value that is not of the type ``kind``; ``what`` names the value in the message."""
    if not isinstance(value, kind):
        names = getattr(kind, "__name__", str(kind).replace("harness.model.scenario.", ""))
        refuse(f"{what} is {value!r}, a {type(value).__name__}, not {names}")


def check_text(value: object, what: str) -> None:
    """Refuse a value that is not one line of text."""
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        refuse(f"{what} is {value!r}; it is one line of text")


def check_tuple(value: object, what: str) -> None:
    """Refuse a value that is not a tuple, above all a text in brackets, which lacks the comma."""
    if isinstance(value, str):
        refuse(f"{what} are the text {value!r}; a tuple of one is written with a comma: ({value!r},)")
    if not isinstance(value, tuple):
        refuse(f"{what} are a {type(value).__name__}; write a tuple")


def check_subject(value: object) -> None:
    """Refuse a value that is not a package's name in its canonical form (PEP 503)."""
    if not is_text(value, _SUBJECT):
        written = canonicalize_name(str(value))
        hint = f"; write '{written}'" if is_text(written, _SUBJECT) else ""
        refuse(f"the subject '{value}' is not a package's name as an index writes it{hint}")


def check_version(value: object, what: str) -> None:
    """Refuse a value that is not a version (PEP 440)."""
    try:
        Version(value if isinstance(value, str) else "")
    except InvalidVersion:
        refuse(f"{what} is {value!r}, which is no version such as 0.27.1")


def check_specifier(value: object, what: str) -> None:
    """Refuse a value that is not a specifier (PEP 440)."""
    try:
        SpecifierSet(value if isinstance(value, str) else "=")
    except InvalidSpecifier:
        refuse(f"{what}: {value!r} is no specifier such as '<0.12'")


def check_requirement(text: object) -> None:
    """Refuse a value that is not a requirement (PEP 508), or is one whose content may change while its name stays."""
    if not isinstance(text, str):
        refuse(f"the companion {text!r} is a {type(text).__name__}; it is a text such as 'h11<0.12' or a Companion")
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        is_path = text.startswith((".", "/", "~")) or text.endswith((".whl", ".tar.gz", ".zip"))
        why = f"write 'NAME @ {text}'" if is_path else str(error).splitlines()[0]
        refuse(f"the companion {text!r} is no requirement such as 'h11<0.12': {why}")
    address = urlsplit(requirement.url or "")
    if address.scheme.startswith("git+") and not _COMMIT.search(address.path):
        refuse(f"the companion {text!r} names no commit by its 40 digits: a branch or a tag may move")
    if address.scheme in {"http", "https"} and "sha256=" not in address.fragment:
        refuse(f"the companion {text!r} needs '#sha256=…' at its end: what an address holds may change")


def check_python(pair: object) -> None:
    """Refuse a value that is not a pair of a specifier and a Python."""
    match pair:
        case (str(releases), str(python)) if _PYTHON.fullmatch(python):
            check_specifier(releases, f"the pythons' {pair!r}")
        case _:
            refuse(f"the pythons hold {pair!r}, which is no pair such as ('<0.12', '3.8')")
