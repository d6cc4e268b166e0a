"""Releases of a subject, and the words by which a matrix or a call names some of them.

Releases are ordered as PEP 440 orders versions. Pre-releases and yanked releases are chosen only when they are
named exactly (``==``), as installers do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.errors import UsageError, nearest
from harness.model.names import Moment, PlaceText, Text, VersionText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model.scenario import Claim

WORDS = ("latest", "previous", "claimed", "before-claimed")


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One release as the package index describes it; a local project has ``source`` and the rest of its own.

    ``uploaded`` is the moment its first file appeared (UTC); ``requires_python`` a PEP 440 specifier;
    ``source`` the absolute path of a wheel, for a project that is not on the index.
    """

    version: VersionText
    uploaded: Moment
    requires_python: Text | None = None
    yanked: bool = False
    source: PlaceText | None = None

    @property
    def parsed(self) -> Version:
        """The version, comparable."""
        return Version(self.version)

    def admits(self, python: str) -> bool:
        """Whether the release's metadata allows this Python (``3.8``, any patch of it)."""
        if not self.requires_python:
            return True
        try:
            return SpecifierSet(self.requires_python).contains(f"{python}.99")
        except InvalidSpecifier:
            return True


def ordinary(releases: Sequence[Release], python: str | None = None) -> tuple[Release, ...]:
    """Return what an installer would consider unasked, oldest first: final, not yanked, admitting the Python."""
    kept = (
        release
        for release in releases
        if not release.yanked and not release.parsed.is_prerelease and (python is None or release.admits(python))
    )
    return tuple(sorted(kept, key=lambda release: release.parsed))


def select(
    spec: str,
    releases: Sequence[Release],
    *,
    subject: str,
    python: str,
    claim: Claim | None,
    where: str,
) -> tuple[Release, ...]:
    """Return the releases that one word or specifier names on one Python, oldest first; at least one.

    Args:
        spec: one of `WORDS`, or a PEP 440 specifier such as ``>=0.26,<0.29``.
        releases: all releases of the subject.
        subject: its name, for messages.
        python: ``latest`` and ``previous`` mean the newest that this Python can install.
        claim: what ``claimed`` and ``before-claimed`` refer to.
        where: file and key, or option, for messages.

    Raises:
        UsageError: the specifier is malformed or names no release.

    """
    spec = spec.strip()
    if releases and all(release.source for release in releases):
        return tuple(releases)  # a local project, which the specifier names by its path
    if spec in {"latest", "previous"}:
        place = -1 if spec == "latest" else -2
        installable = ordinary(releases, python)
        if len(installable) < -place:
            message = f"{where}: no release of {subject} is '{spec}' on Python {python}"
            raise UsageError(message)
        return (installable[place],)
    if spec in {"claimed", "before-claimed"}:
        return (_claimed(spec, releases, subject=subject, claim=claim, where=where),)
    try:
        specifiers = SpecifierSet(spec or "nothing")
    except InvalidSpecifier:
        message = (
            f"{where}: '{spec}' is neither a release specifier such as '>=0.26,<0.29' "
            f"nor one of {', '.join(WORDS)}; {nearest(spec, WORDS)}"
        )
        raise UsageError(message) from None
    exact = any(specifier.operator in {"==", "==="} for specifier in specifiers)
    candidates = sorted(releases, key=lambda release: release.parsed) if exact else ordinary(releases)
    chosen = tuple(r for r in candidates if specifiers.contains(r.parsed, prereleases=True))
    if not chosen:
        wanted = spec.lstrip("=<>!~ ")
        message = f"{where}: no release of {subject} matches '{spec}'; {_near_version(wanted, releases)}"
        raise UsageError(message)
    return chosen


def _claimed(spec: str, releases: Sequence[Release], *, subject: str, claim: Claim | None, where: str) -> Release:
    if claim is None:
        message = f"{where}: '{spec}' needs a scenario with a claim, and this one has none"
        raise UsageError(message)
    claimed = Version(claim.fixed)
    for release in releases:
        if release.parsed == claimed and spec == "claimed":
            return release
    earlier = [release for release in ordinary(releases) if release.parsed < claimed]
    if spec == "before-claimed" and earlier:
        return earlier[-1]
    message = f"{where}: {subject} {claim.fixed}, which the claim names, is not among the known releases"
    raise UsageError(message)


def _near_version(wanted: str, releases: Sequence[Release]) -> str:
    """Name the releases next to a version that does not exist, or those that look like it."""
    ordered = sorted(releases, key=lambda release: release.parsed)
    try:
        version = Version(wanted)
    except InvalidVersion:
        return nearest(wanted, [release.version for release in ordered])
    below = [release.version for release in ordered if release.parsed < version][-1:]
    above = [release.version for release in ordered if release.parsed > version][:1]
    return f"the nearest are {' and '.join(below + above)}" if below or above else "none is known"
