"""The coordinates of a cell, defined once: cells, results, evidence, histories and claims inherit them from here.

`Axes` are those of every matrix; with a version of the subject they name a cell. A `SeriesKey` names the series that
one history is about: cells on the same axes belong to different series where they are resolved as of different
moments, or where the releases of a dependency vary in place of the subject's. The printable id of a cell has five
fields joined by ``_``: scenario, variant, subject and version, Python, platform, as in
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

from harness.model.label import read
from harness.model.names import (
    LONGEST_ID,
    DayText,
    PackageName,
    PlatformName,
    PythonVersion,
    ScenarioId,
    SubjectName,
    VariantName,
    VersionText,
)

_UNSAFE = re.compile(r"[^A-Za-z0-9.+-]+")


class Axes(msgspec.Struct, frozen=True, kw_only=True):
    """The axes of a matrix: scenario, variant, subject (the package on trial), Python (``3.8``), platform."""

    scenario: ScenarioId
    variant: VariantName
    subject: SubjectName
    python: PythonVersion
    platform: PlatformName

    @property
    def axes(self) -> dict[str, Any]:
        """The axes by name, as arguments for another value on the same axes."""
        return {name: getattr(self, name) for name in Axes.__struct_fields__}

    def key_of(self, version: str, label: str | None) -> SeriesKey:
        """Return the series of the cell on these axes for a version; ``label`` is that of the cell's recipe."""
        said = read(label)
        over = Over(package=said.package, held=version) if said.package else None
        return SeriesKey(**self.axes, as_of=said.day, over=over)

    def id_of(self, version: str, label: str | None = None) -> str:
        """Return the id of the cell on these axes for a version; ``label`` is that of the cell's recipe."""
        return joined(
            self.scenario, self.variant, f"{self.subject}-{version}", f"py{self.python}", self.platform, label
        )


class Over(msgspec.Struct, frozen=True, kw_only=True):
    """What a series over a dependency varies and holds: the package, and the version of the subject."""

    package: PackageName
    held: VersionText


class SeriesKey(Axes, frozen=True, kw_only=True):
    """The name of a series.

    ``as_of`` is the day at whose beginning (UTC) everything is resolved, None where each release is resolved as of its
    own moment. ``over`` is None where the releases of the subject vary.
    """

    as_of: DayText | None = None
    over: Over | None = None

    @property
    def key(self) -> SeriesKey:
        """The name of the series alone, of a value that has it."""
        return SeriesKey(**self.axes, as_of=self.as_of, over=self.over)

    @property
    def is_usual(self) -> bool:
        """Whether the releases of the subject vary, each as of its own moment: what claims and expectations are of."""
        return self.as_of is None and self.over is None

    @property
    def varied(self) -> str:
        """The package whose releases vary."""
        return self.over.package if self.over else self.subject

    @property
    def place(self) -> tuple[str, str, str, Version, str, str, str, Version]:
        """The key by which series are sorted."""
        package, held = (self.over.package, self.over.held) if self.over else ("", "0")
        where = self.scenario, self.variant, self.platform, Version(self.python), self.subject
        return (*where, self.as_of or "", package, Version(held))

    def __str__(self) -> str:
        """Return the series in words."""
        where = f"{self.scenario} {self.variant}, Python {self.python}, {self.platform}"
        over = f", over {self.over.package} with {self.subject} {self.over.held}" if self.over else ""
        return f"{where}{f', as of {self.as_of}' if self.as_of else ''}{over}"


class Coordinates(Axes, frozen=True, kw_only=True):
    """The coordinates of one cell: its axes, and the version of the subject (PEP 440)."""

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
