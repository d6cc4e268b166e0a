"""The label of a recipe, read: what the label says of the series that a cell belongs to.

`harness.model.recipe` writes labels: ``copy-1``, ``with-h11-0.14.0``, ``dependencies-of-0.28.0-as-of-2026-11-01``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

COPY = "copy-"  # begins the label of a copy
WITH = "with-"  # begins the label of a cell with a named release of another package
AS_OF = "as-of-"  # begins the part of a label that names a day
_DAY_AT_THE_END = re.compile(rf"(?:^|-){AS_OF}([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})$", re.ASCII)


class Label(NamedTuple):
    """What a label says.

    ``day`` is the day of a named moment; ``package`` and ``release`` are those of `harness.model.recipe.With`;
    ``is_control`` says that the cell stands beside another one of its series, to test the harness or a cause.
    """

    day: str | None = None
    package: str | None = None
    release: str | None = None
    is_control: bool = False


def read(label: str | None) -> Label:
    """Read a label; a version has no ``-`` in its canonical form, so that the last one ends the package."""
    label = label or ""
    match = _DAY_AT_THE_END.search(label)
    rest, day = (label[: match.start()], match[1]) if match else (label, None)
    if rest.startswith(WITH):
        package, _, release = rest.removeprefix(WITH).rpartition("-")
        return Label(day=day, package=package, release=release)
    return Label(day=day, is_control=bool(rest))
