"""The keys of a stored result: digests of all that its trials and its verdict depend on.

Whatever can change a verdict belongs into a key: a wrong hit would be a false verdict. Everything else is left out, so
that the results of one machine count on another machine that has the same interpreter at the same place.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from harness.environments.backends import protocols_of
from harness.results import entries

if TYPE_CHECKING:
    from harness.catalog.loading import LoadedScenario
    from harness.environments.backend import Resolution
    from harness.model.cell import Cell


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The two keys by which a stored result is found.

    Attributes:
        trial: the digest of all that a trial of the cell depends on; stored evidence with an equal key is used again.
        result: the digest of ``trial`` and of all that the judgement depends on.

    """

    trial: str
    result: str


def keys_of(cell: Cell, loaded: LoadedScenario, resolution: Resolution) -> Keys:
    """Return the keys of a cell's result in an environment.

    The parts are encoded as JSON before they are digested, so that different parts never give the same bytes.
    """
    parts = (
        (entries.PROTOCOL, loaded.closure.trial, *protocols_of(cell.platform)),
        (cell.id, cell.scenario, cell.variant, cell.subject, cell.release.version, cell.python, cell.platform),
        (resolution.request.platform, resolution.interpreter, resolution.python_full, resolution.runtime),
        resolution.copy,
        sorted(resolution.pins),
    )
    trial = _digest(parts)
    return Keys(trial=trial, result=_digest((trial, loaded.closure.judgement)))


def _digest(parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
