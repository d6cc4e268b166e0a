"""The recipe of a cell's environment: what is installed beside the release on trial, and as of when.

The usual recipe takes what an index had a day after the release was uploaded. Every other recipe adds a `label` to the
cell's id: cells that differ in the recipe alone are different cells.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import msgspec

from harness.model.release import Release

if TYPE_CHECKING:
    from collections.abc import Iterable


COPY = "copy-"  # begins the label of a copy


class _Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all recipes."""

    @property
    def label(self) -> str | None:
        """The recipe's part of the cell's id; None for the usual recipe."""
        return None


class OwnMoment(_Recipe, frozen=True, kw_only=True, tag="own-moment"):
    """Resolved as of a day after the release's own upload."""


class NamedMoment(_Recipe, frozen=True, kw_only=True, tag="named-moment"):
    """Resolved as of another moment (UTC), such as today."""

    at: dt.datetime

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"as-of-{self.at:%Y-%m-%d}"


class DependenciesOf(_Recipe, frozen=True, kw_only=True, tag="dependencies-of"):
    """With the dependencies of another release: shows whether the subject or its dependencies cause a boundary."""

    release: Release

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"dependencies-of-{self.release.version}"


class Copy(_Recipe, frozen=True, kw_only=True, tag="copy"):
    """A further environment that is built alike, numbered from 1: its cell must show the same verdict."""

    number: int = 1

    @property
    def label(self) -> str:
        """See `_Recipe`."""
        return f"{COPY}{self.number}"


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


Recipe = OwnMoment | NamedMoment | DependenciesOf | Copy | Pins | InPlace


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="backslashreplace")).hexdigest()[:8]
