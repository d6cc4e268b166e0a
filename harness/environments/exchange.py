"""Packages exchanged as far as the packages' own declarations allow: one resolution, and why some pins are not in it.

The rule: pins are constraints of a resolution. Where the resolver cannot satisfy all of them together, each is added
alone, in the given order, and stays where the resolver can satisfy it together with those before. A pin that the
resolver refuses is not exchanged, and its own sentence says why.

A release with the dependencies of another release of the same subject has the other's pins first, then its own pins of
all packages that have none yet. Packages that only the other release depends on are asked for as well: they may change
what a release does by being there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from packaging.utils import canonicalize_name

from harness.environments.backend import is_file, name_of, version_of
from harness.errors import UnsatisfiableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.environments.backend import Backend, Request, Resolution


class Closest(NamedTuple):
    """A resolution with as many pins as its packages allow, and why each other pin is not in it."""

    resolution: Resolution
    refused: dict[str, str]


def closest(backend: Backend, request: Request, pins: Iterable[str]) -> Closest:
    """Return the resolution of a request with as many of the pins as its packages allow, the first ones first.

    Of two pins of one package the first counts, unless it is refused.

    Raises:
        UnsatisfiableError: nothing satisfies the request without any pin.
        EnvironmentFailedError: the request cannot be resolved for another reason.

    """
    constraints = [f"{name_of(pin)}=={version_of(pin)}" for pin in pins if not is_file(pin)]
    first = {name_of(pin): pin for pin in reversed(constraints)}
    try:
        return Closest(_constrained(backend, request, first.values()), {})
    except UnsatisfiableError:
        return _one_by_one(backend, request, constraints)


def _one_by_one(backend: Backend, request: Request, constraints: Sequence[str]) -> Closest:
    """Add each constraint that the resolver can satisfy together with those before it."""
    found = backend.resolve(request)
    kept: dict[str, str] = {}
    refused = {}
    for pin in constraints:
        if name_of(pin) in kept:
            continue
        try:
            found = _constrained(backend, request, (*kept.values(), pin))
            kept[name_of(pin)] = pin
        except UnsatisfiableError as error:
            refused[pin] = error.cause
    return Closest(found, refused)


def _constrained(backend: Backend, request: Request, constraints: Iterable[str]) -> Resolution:
    return backend.resolve(msgspec.structs.replace(request, constraints=tuple(sorted(constraints))))


def exchanged(backend: Backend, own: Resolution, other: Resolution) -> Resolution:
    """Return the resolution of a release with the dependencies of another release of the same subject.

    Raises:
        EnvironmentFailedError: the requirements of both cannot be resolved together.

    """
    subject = canonicalize_name(own.request.subject)
    wanted = {name: pin for name, pin in sorted(other.by_name.items()) if name != subject}
    kept = {name: pin for name, pin in sorted(own.by_name.items()) if name != subject}
    more = (pin for name, pin in wanted.items() if name not in kept)
    request = msgspec.structs.replace(
        own.request,
        requirements=(*own.request.requirements, *_any_release(more)),
        as_of=max(own.request.as_of, other.request.as_of),
    )
    found, refused = closest(backend, request, (*wanted.values(), *kept.values()))
    has = found.pinned
    reasons = {
        name: f"{pin}: {refused.get(f'{name}=={version_of(pin)}', 'other packages exclude it')}"
        for name, pin in wanted.items()
        if has.get(name) != version_of(pin)
    }
    return msgspec.structs.replace(found, not_exchanged=reasons)


def _any_release(pins: Iterable[str]) -> Iterator[str]:
    """Yield the requirements of the pins' packages, of which any release will do; a file stays that file."""
    yield from (pin if is_file(pin) else pin.split("==", 1)[0] for pin in pins)
