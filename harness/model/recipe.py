"""The recipe of a cell's environment: what is installed beside the release on trial, and as of when.

The usual recipe takes what an index had a day after the release was uploaded. Each other one is a part of the cell's
id, its `label`: cells that differ in nothing else are different cells.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import msgspec

from harness.model.release import Release

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What all recipes have."""

    @property
    def label(self) -> str | None:
        """The part of the cell's id; None for the usual recipe."""
        return None


class OwnMoment(_Recipe, frozen=True, kw_only=True, tag="own-moment"):
    """Resolved as of the release's own upload and a day."""


class NamedMoment(_Recipe, frozen=True, kw_only=True, tag="named-moment"):
    """Resolved as of another moment (UTC), such as today."""

    at: dt.datetime

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"as-of-{self.at:%Y-%m-%d}"


class DependenciesOf(_Recipe, frozen=True, kw_only=True, tag="dependencies-of"):
    """With the dependencies of another release, which tells whether a boundary is the subject's or theirs."""

    release: Release

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"dependencies-of-{self.release.version}"


class Copy(_Recipe, frozen=True, kw_only=True, tag="copy"):
    """A further environment that is built the same, numbered from 1: its cell must show the same."""

    number: int = 1

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"copy-{self.number}"


class Pins(_Recipe, frozen=True, kw_only=True, tag="pins"):
    """Exactly these packages, ``name==version`` each, the subject among them; what they leave open is of a moment."""

    pins: tuple[str, ...]
    at: dt.datetime

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"pins-{_digest(sorted(self.pins))}"


class InPlace(_Recipe, frozen=True, kw_only=True, tag="in-place"):
    """An environment that stands already, by the path of its interpreter; nothing is installed into it."""

    interpreter: str

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"in-place-{_digest([self.interpreter])}"


Recipe = OwnMoment | NamedMoment | DependenciesOf | Copy | Pins | InPlace


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="backslashreplace")).hexdigest()[:8]
