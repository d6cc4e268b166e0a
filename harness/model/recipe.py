"""The recipe of a cell's environment: what is installed beside the release on trial, and as of when.

The usual recipe takes what an index had a day after the release was uploaded. Every other recipe adds a `label` to the
cell's id: cells that differ in the recipe alone are different cells. A label also says to which series a cell belongs,
and `harness.model.label` reads that back: as of which day everything was resolved, and which release of another package
was asked for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import msgspec

from harness.model.label import AS_OF, COPY, WITH
from harness.model.release import Release

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all recipes."""

    @property
    def label(self) -> str | None:
        """The recipe's part of the cell's id; None for the usual recipe."""
        return None

    @property
    def moment(self) -> dt.datetime | None:
        """The moment (UTC) that everything is resolved as of; None where that follows from the releases' uploads."""
        return None


class _AsOf(_Recipe, frozen=True, kw_only=True):
    """The base of the recipes that may be resolved as of a named moment ``at`` (UTC), as `NamedMoment` is."""

    at: dt.datetime | None = None

    @property
    def moment(self) -> dt.datetime | None:
        """See `_Recipe`."""
        return self.at

    def _labelled(self, text: str) -> str:
        return f"{text}-{AS_OF}{self.at:%Y-%m-%d}" if self.at else text


class OwnMoment(_Recipe, frozen=True, kw_only=True, tag="own-moment"):
    """Resolved as of a day after the release's own upload."""


class NamedMoment(_Recipe, frozen=True, kw_only=True, tag="named-moment"):
    """Resolved as of another moment (UTC), such as the beginning of today."""

    at: dt.datetime

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"{AS_OF}{self.at:%Y-%m-%d}"

    @property
    def moment(self) -> dt.datetime:
        """See `_Recipe`."""
        return self.at


class DependenciesOf(_AsOf, frozen=True, kw_only=True, tag="dependencies-of"):
    """With the dependencies of another release: shows whether the subject or its dependencies cause a boundary."""

    release: Release

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return self._labelled(f"dependencies-of-{self.release.version}")


class With(_AsOf, frozen=True, kw_only=True, tag="with"):
    """With one release of another package, whose name is canonical (PEP 503).

    Without ``at`` it is resolved as of a day after the later of the two uploads. The other packages keep the releases
    that the subject runs with as usual, as far as the named release allows them.
    """

    package: str
    release: Release

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return self._labelled(f"{WITH}{self.package}-{self.release.version}")


class Copy(_AsOf, frozen=True, kw_only=True, tag="copy"):
    """A further environment that is built alike, numbered from 1: its cell must show the same verdict."""

    number: int = 1

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return self._labelled(f"{COPY}{self.number}")


class Pins(_Recipe, frozen=True, kw_only=True, tag="pins"):
    """Exactly these packages, ``name==version`` each, the subject among them; others are resolved as of ``at``."""

    pins: tuple[str, ...]
    at: dt.datetime

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"pins-{_digest(sorted(self.pins))}"


class InPlace(_Recipe, frozen=True, kw_only=True, tag="in-place"):
    """An environment that exists already, named by its interpreter's path; nothing is installed into it."""

    interpreter: str

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"in-place-{_digest([self.interpreter])}"


Recipe = OwnMoment | NamedMoment | DependenciesOf | With | Copy | Pins | InPlace


def usual_at(moment: dt.datetime | None) -> OwnMoment | NamedMoment:
    """Return the recipe of a moment; that of the release's own moment for None."""
    return NamedMoment(at=moment) if moment else OwnMoment()


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="backslashreplace")).hexdigest()[:8]
