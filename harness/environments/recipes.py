"""A recipe becomes the exact contents of an environment here, in the same way on every backend."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.environments.backend import Request
from harness.environments.exchange import closest, exchanged
from harness.errors import ExcludedError, UnsatisfiableError
from harness.model.recipe import Copy, DependenciesOf, InPlace, NamedMoment, OwnMoment, Pins, With

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environments.backend import Backend, Resolution
    from harness.model.cell import Cell
    from harness.model.release import Release
    from harness.model.task import DatedRequirement

_DAY = dt.timedelta(days=1)


def resolved(backend: Backend, cell: Cell, companions: Sequence[DatedRequirement]) -> Resolution:
    """Return what a cell's environment holds by the cell's recipe.

    Args:
        backend: the backend of the cell's platform.
        cell: the cell, which has a recipe.
        companions: what is installed beside the release.

    Raises:
        EnvironmentFailedError: the recipe cannot be resolved.
        ExcludedError: the cell cannot exist, since its packages exclude each other.

    """
    usual = request_for(cell, cell.release, companions)
    match cell.recipe:
        case OwnMoment() | NamedMoment():
            return backend.resolve(usual)
        case DependenciesOf(release=other):
            return exchanged(backend, backend.resolve(usual), backend.resolve(request_for(cell, other, companions)))
        case With() as recipe:
            return _with(backend, usual, cell, recipe)
        case Copy(number=number):
            return msgspec.structs.replace(backend.resolve(usual), copy=number)
        case Pins(pins=pins, at=moment):
            return backend.resolve(msgspec.structs.replace(usual, requirements=pins, as_of=moment, moments=()))
        case InPlace(interpreter=interpreter):
            return backend.adopt(usual, interpreter)


def request_for(cell: Cell, release: Release, companions: Sequence[DatedRequirement]) -> Request:
    """Return what a release's environment is to hold, as of the recipe's moment or a day after the release's upload."""
    exact = f" @ {release.source}" if release.source else f"=={release.version}"
    dated = {
        canonicalize_name(Requirement(one.requirement).name): one.as_of for one in companions if one.as_of is not None
    }
    return Request(
        subject=cell.subject,
        requirements=(f"{cell.subject}{exact}", *(one.requirement for one in companions)),
        as_of=cell.recipe.moment or _own_moment(release),
        python=cell.python,
        platform=cell.platform,
        moments=tuple(sorted(dated.items())),
    )


def _own_moment(release: Release) -> dt.datetime:
    return (release.uploaded + _DAY).replace(second=0, microsecond=0)


def _with(backend: Backend, usual: Request, cell: Cell, recipe: With) -> Resolution:
    """Return the usual contents with one release of a package; the other packages stay as far as it allows them.

    Raises:
        ExcludedError: the usual contents exist, and cannot hold this release.

    """
    before = backend.resolve(usual)
    wanted = f"{recipe.package}=={recipe.release.version}"
    request = msgspec.structs.replace(
        usual,
        requirements=(*usual.requirements, wanted),
        as_of=recipe.moment or max(usual.as_of, _own_moment(recipe.release)),
        moments=tuple(pair for pair in usual.moments if pair[0] != recipe.package),
    )
    moved = {recipe.package, canonicalize_name(cell.subject)}
    others = sorted(pin for name, pin in before.by_name.items() if name not in moved)
    try:
        return closest(backend, request, others).resolution
    except UnsatisfiableError as error:
        held, wanted = f"{cell.subject} {cell.release.version}", f"{recipe.package} {recipe.release.version}"
        message = f"{held} cannot have {wanted}: {error.cause}"
        raise ExcludedError(message) from None
