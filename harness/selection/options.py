"""The options of a call as values: which cells it means, and how these are executed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from harness.environments.settings import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.selection.shard import Shard

RESULTS = Path(".harness")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """All that a call can say about which cells it means and how they are executed."""

    names: tuple[str, ...] = ()
    matrix: Path | None = None
    servers: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    scenarios: tuple[Path, ...] = ()
    results: Path = RESULTS
    trials: int = 1
    rerun: bool = False
    absent: bool = False
    shard: Shard | None = None
    costs: Path | None = None
    moments: tuple[str, ...] = ()
    over: str | None = None

    @property
    def narrows(self) -> bool:
        """Whether the call names cells more closely than by scenario."""
        axes = self.servers or self.pythons or self.platforms or self.moments
        return bool(self.matrix or axes or self.cells or self.shard)

    @property
    def cache(self) -> Path:
        """The user cache folder, see `harness.environments.settings.cache_folder`."""
        return cache_folder()


def split(values: Sequence[str]) -> tuple[str, ...]:
    """Read ``--python 3.8,3.12`` and repetitions of the option alike."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())
