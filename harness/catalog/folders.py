"""The layout of a scenario's folder, ``SUBJECT/NAME/``: the module, its expected histories, kept evidence.

    uvicorn/pipelined-keep-alive/scenario.py    the scenario ``pipelined-keep-alive`` of the subject ``uvicorn``
    uvicorn/pipelined-keep-alive/expected.json  measured histories, which ``harness history --write`` writes
    uvicorn/pipelined-keep-alive/evidence/      kept evidence

A module of any other name is flat: ``NAME.py`` states the scenario's id and subject itself, and its expected histories
lie beside it in ``NAME.expected.json``.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MODULE = "scenario.py"
_EXPECTED = "expected.json"
EVIDENCE = "evidence"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """A scenario's id and subject: the names of its folder and of the folder around that."""

    id: str
    subject: str


def whole(module: Path) -> Path:
    """Return a module's path without links; the module of a scenario's folder keeps its name, whatever it links to."""
    return module.parent.resolve() / MODULE if module.name == MODULE else module.resolve()


def identity_of(module: Path) -> Identity | None:
    """Return the id and the subject that a module's folders name; None for a flat module. The path is `whole`."""
    if module.name != MODULE:
        return None
    return Identity(id=module.parent.name, subject=module.parent.parent.name)


def expected_of(module: Path) -> Path:
    """Return the path of the file of a module's expected histories, whether or not it exists."""
    return module.with_name(_EXPECTED) if module.name == MODULE else module.with_suffix(f".{_EXPECTED}")


def is_measured(path: Path, module: Path) -> bool:
    """Whether a file beside a module, or below its folder, holds measurements, on which no trial depends."""
    if module.name != MODULE:
        return path.name.endswith(f".{_EXPECTED}")
    return path == expected_of(module) or path.is_relative_to(module.parent / EVIDENCE)
