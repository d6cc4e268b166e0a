"""Where programs run that a test starts: a mark and a folder, as a run's workspace has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Fixed(NamedTuple):
    """A place that the test has made."""

    mark: str
    folder: Path
