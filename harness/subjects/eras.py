"""What differs between the releases of a server, as tables of the first release of each era."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeVar

from packaging.version import Version

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact = TypeVar("Fact")


def era(table: Mapping[str, Fact], release: Version) -> Fact:
    """Return what holds at a release: the value of the newest era that began at the release or before.

    Args:
        table: a value for each era, by the era's first release. The oldest era begins at ``0``.
        release: the release of the server.

    """
    begun = [first for first in table if version(first) <= release]
    return table[max(begun, key=version)]


def attribute(application: str, table: Mapping[str, str], release: Version) -> str:
    """Return ``MODULE:ATTRIBUTE`` of an application, whose attribute is the table's where it names none."""
    return application if ":" in application else f"{application}:{era(table, release)}"


def installed(found: Version | None, package: str) -> Version:
    """Return a release that was found in an environment.

    Raises:
        HarnessError: the package is not installed.

    """
    if found is None:
        message = f"{package} is not installed beside the subject; name '{package}' as a companion of the variant"
        raise HarnessError(message)
    return found


@functools.cache
def version(text: str) -> Version:
    """Return a release of a table, comparable."""
    return Version(text)
