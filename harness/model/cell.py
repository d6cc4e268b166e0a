"""A cell: one point of a matrix, with one printable id that is used in folders, logs, tables and selection.

The id has five fields joined by ``_``: scenario, variant, subject and version, Python, platform, as in
``pipelined-keep-alive_h11_uvicorn-0.27.0_py3.8_linux``; a sixth one where the cell is a control, see `Cell`. It is
fit to be a folder's name on every platform and has no character that is special to a shell or to a glob.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from harness.model.names import LONGEST_ID
from harness.model.release import Release

COPY = "copy-"  # begins the name of a control that is a copy
_UNSAFE = re.compile(r"[^A-Za-z0-9.+-]+")


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario variant, one release of its subject, one Python (``3.8``), one platform (``linux``).

    Two kinds of cell are controls and stand in no table: with ``dependencies_of`` the release runs with the
    dependencies of another one; with a ``copy`` above 0 it runs in a further environment that is built the same.
    """

    scenario: str
    variant: str
    subject: str
    release: Release
    python: str
    platform: str
    dependencies_of: Release | None = None
    copy: int = 0

    @property
    def control(self) -> str | None:
        """What sets the cell apart from the one that stands in a matrix; None for that one."""
        if self.dependencies_of:
            return f"dependencies-of-{self.dependencies_of.version}"
        return f"{COPY}{self.copy}" if self.copy else None

    @property
    def id(self) -> str:
        """The printable id."""
        subject = f"{self.subject}-{self.release.version}"
        return id_of(self.scenario, self.variant, subject, f"py{self.python}", self.platform, self.control)


def id_of(*fields: str | None) -> str:
    """Return the id that fields make; what is longer than a file's name may be is told apart by a digest."""
    whole = "_".join(printable(field) for field in fields if field)
    return whole if len(whole) <= LONGEST_ID else f"{whole[: LONGEST_ID - 13]}-{_digest(whole)[:12]}"


def printable(field: str) -> str:
    """Return the field as it stands in an id; what had to be replaced is told apart by a short digest."""
    safe = _UNSAFE.sub("-", field)
    return field if safe == field else f"{safe}-{_digest(field)[:6]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()
