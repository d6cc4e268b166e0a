"""What a scenario expects: affected releases as a history measured them, in a data file beside the scenario's module.

``harness history --write`` writes the file. Nothing is expected of a release that the history does not reach, nor of a
cell on another Python or platform: nobody has measured them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable


class Expectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measured history.

    Attributes:
        variant: a variant of the scenario.
        python: as in cells, ``3.8``.
        platform: as in cells.
        affected: PEP 440 specifiers whose union is the affected releases; empty where none is.
        first: the oldest release that was judged.
        last: the newest release that was judged.
        strategy: ``sweep`` or ``bisect``.
        releases: how many releases were judged.
        trials: how many trials the history took.
        confidence: see `harness.analysis.confidence`; None where only one side was seen.
        date: when the history was measured, ISO 8601.
        command: the call that measured the history.
        unhealthy: the releases that could not do their ordinary work.
        unjudged: the other releases from ``first`` to ``last`` without a verdict, of which nothing is expected.
        prereleases: whether pre-releases were tested; where not, nothing is expected of them.

    Raises:
        ValueError: a specifier, a version or the Python is malformed.

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
    confidence: float | None
    date: str
    command: str
    unhealthy: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    prereleases: bool = False

    def __post_init__(self) -> None:
        """Refuse values that would fail only later."""
        try:
            _ = [SpecifierSet(spec) for spec in self.affected]
            _ = [Version(one) for one in (self.first, self.last, *self.unhealthy, *self.unjudged)]
            _ = _minor(self.python)
        except (InvalidSpecifier, InvalidVersion) as error:
            raise ValueError(str(error)) from None
        except (IndexError, ValueError):
            raise ValueError(f"'{self.python}' is no Python such as 3.8") from None

    def foretells(self, version: str) -> Verdict | None:
        """Return the verdict that a release is expected to show, or None where the history did not measure the release.

        A local build was not measured, whichever release it is a build of.
        """
        at = Version(version)
        if at in map(Version, self.unhealthy):
            return Verdict.UNHEALTHY
        outside = at.local or not Version(self.first) <= at <= Version(self.last)
        if outside or (at.is_prerelease and not self.prereleases) or at in map(Version, self.unjudged):
            return None
        hit = any(SpecifierSet(spec).contains(at, prereleases=True) for spec in self.affected)
        return Verdict.REPRODUCED if hit else Verdict.ABSENT


class Expectations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole data file."""

    histories: tuple[Expectation, ...]


def foretold(known: Iterable[Expectation], *, variant: str, version: str, python: str, platform: str) -> Verdict | None:
    """Return the verdict that a cell is expected to show, or None where the cell was not measured.

    Only the history of the cell's own variant, Python and platform counts, and only for the releases that it covers.
    """
    where = variant, python, platform
    own = next((one for one in known if (one.variant, one.python, one.platform) == where), None)
    return own.foretells(version) if own else None


def _minor(python: str) -> int:
    return int(python.split(".")[1])
