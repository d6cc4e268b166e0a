"""A release with the dependencies of another release of the same subject, as far as its own declaration allows that.

The rule: the exchange is a resolution. The release is asked for as usual; the other release's pins are preferred, and
so are its own pins of packages that only itself depends on. Packages that only the other release depends on are
asked for as well: they may change what a release does by being there. A pin that the packages' own declarations do
not allow is not exchanged: the package stays as it was, and the result says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_name

from harness.environments.backend import is_file, version_of
from harness.errors import UnsatisfiableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.environments.backend import Backend, Request, Resolution

_ASKED = 8  # refused pins of one exchange for which the resolver is asked why


def exchanged(backend: Backend, own: Resolution, other: Resolution) -> Resolution:
    """Return the resolution of a release with the dependencies of another release of the same subject.

    Raises:
        EnvironmentFailedError: the requirements of both cannot be resolved together.

    """
    subject = canonicalize_name(own.request.subject)
    wanted = {name: pin for name, pin in other.by_name.items() if name != subject}
    kept = {name: pin for name, pin in own.by_name.items() if name != subject}
    request = _both(own, other, (pin for name, pin in wanted.items() if name not in kept))
    found = backend.resolve(_preferring(request, {**kept, **wanted}))
    if refused := _lacking(found, wanted):
        allowed = {name: pin for name, pin in wanted.items() if name not in refused}
        found = backend.resolve(_preferring(request, {**kept, **allowed}))
        refused = _lacking(found, wanted)
    asked = refused[:_ASKED]
    reasons = {name: _reason(backend, request, wanted[name], asked=name in asked) for name in refused}
    return msgspec.structs.replace(found, not_exchanged=reasons)


def _both(own: Resolution, other: Resolution, more: Iterable[str]) -> Request:
    """Return the request of a release, as of the later moment, with more packages, of which any release will do."""
    names = (pin if is_file(pin) else pin.split("==", 1)[0] for pin in more)
    return msgspec.structs.replace(
        own.request,
        requirements=(*own.request.requirements, *sorted(names)),
        as_of=max(own.request.as_of, other.request.as_of),
    )


def _preferring(request: Request, pins: Mapping[str, str]) -> Request:
    return msgspec.structs.replace(request, preferred=tuple(sorted(pin for pin in pins.values() if not is_file(pin))))


def _lacking(found: Resolution, wanted: Mapping[str, str]) -> tuple[str, ...]:
    """Return the packages that have not the version that is wanted, by name, in order."""
    has = found.pinned
    return tuple(sorted(name for name, pin in wanted.items() if has.get(name) != version_of(pin)))


def _reason(backend: Backend, request: Request, pin: str, *, asked: bool) -> str:
    """Say why a pin could not be exchanged, in the resolver's own words where it is asked and refuses the pin alone."""
    try:
        if asked and not is_file(pin):
            backend.resolve(msgspec.structs.replace(request, requirements=(*request.requirements, pin)))
    except UnsatisfiableError as error:
        return f"{pin}: {error.cause}"
    return f"{pin}: the other packages exclude it"
