"""What a scenario expects: affected releases as a history measured them, in a data file beside the scenario's module.

``harness history --write`` writes the file. A cell on a Python or platform without a history of its own expects what
the nearest one foretells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIX = ".expected.json"  # in place of the module's .py


class Expectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measured history.

    Attributes:
        variant: of the scenario.
        python: as in cells, ``3.8``.
        platform: as in cells.
        affected: PEP 440 specifiers whose union is the affected releases; empty where none is.
        first: the oldest release that was judged.
        last: the newest one.
        strategy: ``sweep`` or ``bisect``.
        releases: how many releases were tested.
        trials: how many trials it took.
        confidence: see `harness.analysis.confidence`.
        date: when it was measured, ISO 8601.
        command: what measured it.

    Raises:
        ValueError: a specifier or a version is none.

    """

    variant: str
    python: str
    platform: str
    affected: tuple[str, ...]
    first: str
    last: str
    strategy: str
    releases: int
    trials: int
    confidence: float
    date: str
    command: str

    def __post_init__(self) -> None:
        """Refuse what would fail only later."""
        try:
            _ = [SpecifierSet(spec) for spec in self.affected], Version(self.first), Version(self.last)
            _ = _minor(self.python)
        except (InvalidSpecifier, InvalidVersion) as error:
            raise ValueError(str(error)) from None
        except (IndexError, ValueError):
            raise ValueError(f"'{self.python}' is no Python such as 3.8") from None

    def foretells(self, version: str) -> Verdict:
        """Return what a release is expected to show."""
        public = Version(version).public
        hit = any(SpecifierSet(spec).contains(public, prereleases=True) for spec in self.affected)
        return Verdict.REPRODUCED if hit else Verdict.ABSENT


class Expectations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole data file."""

    histories: tuple[Expectation, ...]


def foretold(known: Iterable[Expectation], *, variant: str, version: str, python: str, platform: str) -> Verdict | None:
    """Return the verdict that a cell is expected to show, None where nothing was measured of its variant.

    The nearest history counts: of the same platform before another, then one that reaches the release (or comes closest
    to it) before one that does not, then that of the nearest Python.
    """
    of_variant = [one for one in known if one.variant == variant]
    at = Version(version)

    def distance(one: Expectation) -> tuple[bool, int, int]:
        first, last = Version(one.first), Version(one.last)
        closer = sum(at > Version(other.last) > last or at < Version(other.first) < first for other in of_variant)
        outside = 0 if first <= at <= last else 1 + closer
        return one.platform != platform, outside, abs(_minor(one.python) - _minor(python))

    nearest = min(of_variant, key=distance, default=None)
    return nearest.foretells(version) if nearest else None


def _minor(python: str) -> int:
    return int(python.split(".")[1])
