"""The key of a stored result: a digest of all that the verdict of a cell depends on.

Whatever could change a verdict has to be in it: a wrong hit would be a false verdict. What cannot is left out, so that
results of one machine count on another that has the same interpreter at the same place.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from harness import environments
from harness.execution import journal

if TYPE_CHECKING:
    from harness.environments import Resolution
    from harness.execution.catalog import LoadedScenario
    from harness.model.cell import Cell


def key_of(cell: Cell, loaded: LoadedScenario, resolution: Resolution) -> str:
    """Return the key of a cell's result in an environment.

    Encoded as JSON before it is digested, so that no two different lists of parts read the same.
    """
    parts = (
        (journal.PROTOCOL, loaded.digest, *environments.protocols_of(cell.platform)),
        (cell.id, cell.scenario, cell.variant, cell.subject, cell.release.version, cell.python, cell.platform),
        (resolution.request.platform, resolution.interpreter, resolution.python_full, resolution.runtime),
        resolution.copy,
        sorted(resolution.pins),
    )
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
