"""The inventory says which kind of file each package of an environment came from: a wheel, or source built here.

Two environments with the same pins may differ in this: one has a parser in C and the other the same parser in Python.
So the inventory is part of what a cell ran in; it is read once, when the environment is built.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_name

from harness.decoding import decode
from harness.errors import EnvironmentFailedError
from harness.storage.files import read_json

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from harness.processes.process import Completed

FILE = ".harness-files.json"
# Any CPython from 3.6 on runs this without `site`; the argument is the folder of installed packages. It prints one line
# of JSON, runs no code of a package, and reads within bounds.
SCRIPT = r"""
import io, json, os, sys
folder = sys.argv[1]
found = []
def lines(entry, name):
    path = os.path.join(folder, entry, name)
    if not os.path.isfile(path):
        return []
    with io.open(path, encoding="utf-8", errors="replace") as opened:
        return opened.read(8000000).splitlines()
for entry in sorted(os.listdir(folder))[:10000]:
    if entry.endswith(".dist-info"):
        modules = [line.split(",")[0].strip('"') for line in lines(entry, "RECORD")]
        found.append({
            "name": entry.split("-")[0][:200],
            "tags": [line[4:].strip()[:200] for line in lines(entry, "WHEEL") if line.startswith("Tag:")][:50],
            "compiled": any(one.endswith((".so", ".pyd", ".dylib")) for one in modules),
        })
print("harness-files " + json.dumps(found))
"""
_TAG = re.compile(r"[A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+")
_LONGEST = 120


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """An installed distribution as the script sees it."""

    name: str
    tags: tuple[str, ...]
    compiled: bool


def files_in(done: Completed, *, wheels: Collection[str]) -> dict[str, str]:
    """Return the kind of file that each package came from, by canonical name, from the script's output.

    Args:
        done: the script's exit status and output.
        wheels: the canonical names of packages that came as wheels; the others were built here.

    Raises:
        EnvironmentFailedError: the script did not end well.

    """
    line = next((line for line in done.output.splitlines() if line.startswith("harness-files ")), None)
    try:
        found = decode((line or "").removeprefix("harness-files ").encode(), tuple[Distribution, ...])
    except msgspec.MsgspecError:
        message = f"what the new environment holds cannot be read: {done.last_lines(3) or 'it does not say'}"
        raise EnvironmentFailedError(message) from None
    named = ((canonicalize_name(one.name), one) for one in found)
    return {name: _label(one, built=name not in wheels) for name, one in sorted(named, key=lambda pair: pair[0])}


def of(folder: Path) -> dict[str, str]:
    """Return the inventory in the folder of an environment; empty where there is none."""
    return read_json(folder / FILE, dict[str, str]) or {}


def _label(one: Distribution, *, built: bool) -> str:
    """Return a label such as ``wheel cp38-cp38-manylinux1_x86_64, compiled`` or ``built from source, pure``."""
    if built:
        return f"built from source, {'compiled' if one.compiled else 'pure'}"
    parts = [tag.split("-") for tag in one.tags if _TAG.fullmatch(tag)]
    joined = "-".join(".".join(dict.fromkeys(column)) for column in zip(*parts, strict=False))[:_LONGEST]
    return f"wheel {joined or 'without tags'}{', compiled' if one.compiled else ''}"
