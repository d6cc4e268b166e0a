"""The coordinates of a cell, defined once: cells, results, evidence, histories and claims inherit them from here.

A `SeriesKey` names the series that one history is about; a version added to it names one cell of the series. The
printable id of a cell has five fields joined by ``_``: scenario, variant, subject and version, Python, platform, as in
``pipelined-keep-alive_h11_uvicorn-0.27.0_py3.8_linux``. A recipe other than the usual one adds a sixth field, see
`harness.model.recipe`. An id is a valid folder name on every platform and has no character that is special to a shell
or to a glob.
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
    """The coordinates of a series: scenario, variant, subject (the package on trial), Python (``3.8``), platform."""

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
        """The coordinates of the series by name, as arguments for another value of the same series."""
        return {name: getattr(self, name) for name in SeriesKey.__struct_fields__}

    @property
    def place(self) -> tuple[str, str, str, Version, str]:
        """The key by which series are sorted."""
        return self.scenario, self.variant, self.platform, Version(self.python), self.subject

    def id_of(self, version: str, label: str | None = None) -> str:
        """Return the id of the cell that this series has for a version; ``label`` is that of the cell's recipe."""
        return joined(
            self.scenario, self.variant, f"{self.subject}-{version}", f"py{self.python}", self.platform, label
        )

    def __str__(self) -> str:
        """Return the series in words."""
        return f"{self.scenario} {self.variant}, Python {self.python}, {self.platform}"


class Coordinates(SeriesKey, frozen=True, kw_only=True):
    """The coordinates of one cell of a series: those of the series, and the version of the subject (PEP 440)."""

    version: VersionText


def joined(*fields: str | None) -> str:
    """Return the id made of the fields; an id that is too long for a file name is cut and ends in a digest."""
    whole = "_".join(printable(field) for field in fields if field)
    return whole if len(whole) <= LONGEST_ID else f"{whole[: LONGEST_ID - 13]}-{_digest(whole)[:12]}"


def printable(field: str) -> str:
    """Return a field as it stands in an id; a short digest follows where characters were replaced."""
    safe = _UNSAFE.sub("-", field)
    return field if safe == field else f"{safe}-{_digest(field)[:6]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()
