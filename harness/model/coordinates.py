"""The coordinates of a cell, once: cells, results, evidence, histories and claims have them from here.

A series is what one history is about; with a version it is one of the series' cells. The printable id of a cell has
five fields joined by ``_``: scenario, variant, subject and version, Python, platform, as in
``pipelined-keep-alive_h11_uvicorn-0.27.0_py3.8_linux``; and a sixth one where the recipe of its environment is not the
usual one, see `harness.model.recipe`. An id is fit to be a folder's name on every platform and has no character that is
special to a shell or to a glob.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec
from packaging.version import Version

from harness.model.names import (
    LONGEST_ID,
    PlatformName,
    PythonVersion,
    ScenarioId,
    SubjectName,
    VariantName,
    VersionText,
)

_UNSAFE = re.compile(r"[^A-Za-z0-9.+-]+")


class SeriesKey(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one series from another: scenario, variant, package on trial, Python (``3.8``) and platform."""

    scenario: ScenarioId
    variant: VariantName
    subject: SubjectName
    python: PythonVersion
    platform: PlatformName

    @property
    def key(self) -> SeriesKey:
        """The series that a value with these coordinates belongs to."""
        return SeriesKey(**self.key_fields)

    @property
    def key_fields(self) -> dict[str, Any]:
        """The coordinates of the series by name, to make another value of the series with."""
        return {name: getattr(self, name) for name in SeriesKey.__struct_fields__}

    @property
    def place(self) -> tuple[str, str, str, Version, str]:
        """What series are ordered by."""
        return self.scenario, self.variant, self.platform, Version(self.python), self.subject

    def id_of(self, version: str, label: str | None = None) -> str:
        """Return the id of the series' cell of a version; ``label`` is the recipe's."""
        return joined(
            self.scenario, self.variant, f"{self.subject}-{version}", f"py{self.python}", self.platform, label
        )

    def __str__(self) -> str:
        """Say it as people do."""
        return f"{self.scenario} {self.variant}, Python {self.python}, {self.platform}"


class Coordinates(SeriesKey, frozen=True, kw_only=True):
    """A point of a series: the release of the subject by its version (PEP 440)."""

    version: VersionText


def joined(*fields: str | None) -> str:
    """Return the id that fields make; what is longer than a file's name may be is told apart by a digest."""
    whole = "_".join(printable(field) for field in fields if field)
    return whole if len(whole) <= LONGEST_ID else f"{whole[: LONGEST_ID - 13]}-{_digest(whole)[:12]}"


def printable(field: str) -> str:
    """Return the field as it stands in an id; what had to be replaced is told apart by a short digest."""
    safe = _UNSAFE.sub("-", field)
    return field if safe == field else f"{safe}-{_digest(field)[:6]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()
