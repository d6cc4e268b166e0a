"""What lies where in a scenario's folder, ``SUBJECT/NAME/``: the module, what is expected of it, kept evidence.

    uvicorn/pipelined-keep-alive/scenario.py    the scenario ``pipelined-keep-alive`` of the subject ``uvicorn``
    uvicorn/pipelined-keep-alive/expected.json  measured histories, which ``harness history --write`` writes
    uvicorn/pipelined-keep-alive/evidence/      kept evidence

A module of any other name lies flat: ``NAME.py`` states its id and its subject itself, and what is expected of it lies
beside it in ``NAME.expected.json``.
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
    """What a scenario's folder says of it: the id is the folder's name, the subject the name of the folder around."""

    id: str
    subject: str


def whole(module: Path) -> Path:
    """Return the path of a module without links: of a scenario's folder the real one, whose name is the id."""
    return module.parent.resolve() / MODULE if module.name == MODULE else module.resolve()


def identity_of(module: Path) -> Identity | None:
    """Return what the folder of a module says; None of a flat module. The path is `whole`."""
    if module.name != MODULE:
        return None
    return Identity(id=module.parent.name, subject=module.parent.parent.name)


def expected_of(module: Path) -> Path:
    """Return where the histories that a module expects lie, or would lie."""
    return module.with_name(_EXPECTED) if module.name == MODULE else module.with_suffix(f".{_EXPECTED}")


def is_measured(path: Path, module: Path) -> bool:
    """Whether a file beside a module, or below its folder, holds what was measured, and so changes no trial."""
    if module.name != MODULE:
        return path.name.endswith(f".{_EXPECTED}")
    return path == expected_of(module) or path.is_relative_to(module.parent / EVIDENCE)
