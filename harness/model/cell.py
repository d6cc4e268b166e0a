"""A cell: one point of a matrix, with one printable id that is used in folders, logs, tables and selection."""

from __future__ import annotations

from typing import Any

from harness.model.coordinates import Axes, SeriesKey
from harness.model.recipe import OwnMoment, Recipe
from harness.model.release import Release


class Cell(Axes, frozen=True, kw_only=True):
    """One scenario variant, one release of its subject, one Python, one platform, one recipe of an environment."""

    release: Release
    recipe: Recipe = OwnMoment()

    @property
    def id(self) -> str:
        """The printable id, see `harness.model.coordinates`."""
        return self.id_of(self.release.version, self.recipe.label)

    @property
    def key(self) -> SeriesKey:
        """The series that the cell belongs to."""
        return self.key_of(self.release.version, self.recipe.label)

    @property
    def fields(self) -> dict[str, Any]:
        """The coordinates by name, as arguments for a result or the evidence of the cell."""
        return {**self.axes, "version": self.release.version}
