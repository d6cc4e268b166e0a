"""A recipe becomes the exact contents of an environment here, in the same way on every backend."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from harness.environments.backend import Request, exchanged
from harness.model.recipe import Copy, DependenciesOf, InPlace, NamedMoment, OwnMoment, Pins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environments.backend import Backend, Resolution
    from harness.model.cell import Cell
    from harness.model.release import Release

_DAY = dt.timedelta(days=1)


def resolved(backend: Backend, cell: Cell, companions: Sequence[str]) -> Resolution:
    """Return what a cell's environment holds by the cell's recipe.

    Args:
        backend: the backend of the cell's platform.
        cell: the cell, which has a recipe.
        companions: the requirements (PEP 508) that are installed beside the release.

    Raises:
        EnvironmentFailedError: the recipe cannot be resolved.

    """
    usual = request_for(cell, cell.release, companions)
    match cell.recipe:
        case OwnMoment():
            return backend.resolve(usual)
        case NamedMoment(at=moment):
            return backend.resolve(msgspec.structs.replace(usual, as_of=moment))
        case DependenciesOf(release=other):
            return exchanged(backend.resolve(usual), backend.resolve(request_for(cell, other, companions)))
        case Copy(number=number):
            return msgspec.structs.replace(backend.resolve(usual), copy=number)
        case Pins(pins=pins, at=moment):
            return backend.resolve(msgspec.structs.replace(usual, requirements=pins, as_of=moment))
        case InPlace(interpreter=interpreter):
            return backend.adopt(usual, interpreter)


def request_for(cell: Cell, release: Release, companions: Sequence[str]) -> Request:
    """Return what a release's environment is to hold, as of one day after the release's upload."""
    exact = f" @ {release.source}" if release.source else f"=={release.version}"
    return Request(
        subject=cell.subject,
        requirements=(f"{cell.subject}{exact}", *companions),
        as_of=(release.uploaded + _DAY).replace(second=0, microsecond=0),
        python=cell.python,
        platform=cell.platform,
    )
