"""Releases of a subject, and the words by which a matrix or a call names some of them.

Releases are ordered as PEP 440 orders versions. A yanked release is chosen only where it is named exactly (``==``); a
pre-release there, and where there is no other release, as installers do.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.tags import compatible_tags, cpython_tags
from packaging.version import InvalidVersion, Version

from harness.errors import UsageError, nearest
from harness.model.names import Moment, PlaceText, Text, VersionText
from harness.model.platforms import platform_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from harness.model.claim import Claim

CLAIMED = ("claimed", "before-claimed")
WORDS = ("latest", "previous", *CLAIMED)
_SHOWN = 60  # characters of a malformed version, in a message
LOCAL = "local."  # begins the last part of the version of a local project, before the digest of its content
_LOCAL = re.compile(rf"[+.]{re.escape(LOCAL)}[0-9a-f]{{8}}$", re.ASCII)


class ClaimedReleaseError(UsageError):
    """A claim names a release that does not exist: a mistake of its document, not of the call."""


@functools.lru_cache(maxsize=4096)  # each row of a matrix looks at every release of its subject
def parsed(version: str) -> Version:
    """Return a version, comparable.

    Raises:
        InvalidVersion: the text is no version, or has a number of thousands of digits, which Python does not read.

    """
    try:
        return Version(version)
    except ValueError:
        shown = version if len(version) <= _SHOWN else f"{version[:_SHOWN]}…"
        raise InvalidVersion(f"'{shown}' is no version such as 0.27.1") from None


def is_local(version: str) -> bool:
    """Whether the version is that of a working tree, or of a wheel or source distribution that lay in a folder."""
    return _LOCAL.search(version) is not None


def minor_of(python: str) -> str:
    """Return a Python without its patch: ``3.8`` of ``3.8.18``."""
    return ".".join(python.split(".")[:2])


_SHOWN_TAGS = 4  # in a message
_NO_OLD_ABI = 8  # from Python 3.8 on an ABI is named without the "m"


class Offer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The Pythons and platforms on which files of one kind can be installed, of one release.

    ``requires_python`` is a PEP 440 specifier. ``tags`` are the tags of a wheel without architecture and libc, such as
    ``cp38-cp38-linux``; a source distribution has none.
    """

    requires_python: str | None = None
    tags: tuple[str, ...] = ()

    def fits(self, python: str, platform: str | None) -> bool:
        """Whether an installer would take such a file for a Python, on a platform; on any, where it is None."""
        return _allows(self.requires_python, python) and (not self.tags or self._runs_on(python, platform))

    def _runs_on(self, python: str, platform: str | None) -> bool:
        system = platform_of(platform).wheels if platform else None
        for tag in self.tags:
            wheel, place = tag.rsplit("-", 1)
            if wheel in _wheels_of(python) and (place == "any" or system in {None, place}):
                return True
        return False


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One release as the package index describes it; of a local project, as the project describes itself.

    ``uploaded`` is the moment (UTC) at which the first file that can be installed appeared. ``requires_python`` is a
    PEP 440 specifier. ``source`` is the absolute path of a wheel, for a project that is not on the index. ``offers`` is
    set only where ``requires_python`` does not say everything: where the files differ in it, or where there are only
    wheels, for some Pythons or systems.
    """

    version: VersionText
    uploaded: Moment
    requires_python: Text | None = None
    yanked: bool = False
    source: PlaceText | None = None
    offers: tuple[Offer, ...] | msgspec.UnsetType = msgspec.UNSET

    @property
    def parsed(self) -> Version:
        """The version, comparable."""
        return parsed(self.version)

    def admits(self, python: str, platform: str | None = None) -> bool:
        """Whether an installer takes the release for ``3.8.18``, or any patch of ``3.8``; see `Offer.fits`."""
        return self.refusal(python, platform) is None

    def refusal(self, python: str, platform: str | None = None, *, at: dt.datetime | None = None) -> str | None:
        """Say why no installer takes the release for this Python, as ``requires Python >=3.9``; None where one does.

        With ``at``, no installer of that moment (UTC) takes a release that was uploaded later.
        """
        if at and self.uploaded > at and not self.source:
            return f"was uploaded on {self.uploaded:%Y-%m-%d at %H:%M} UTC, after the beginning of {at:%Y-%m-%d}"
        if self.offers is msgspec.UNSET:
            return None if _allows(self.requires_python, python) else f"requires Python {self.requires_python}"
        if any(offer.fits(python, platform) for offer in self.offers):
            return None
        allowed = [offer for offer in self.offers if _allows(offer.requires_python, python)]
        if not allowed:
            told = dict.fromkeys(offer.requires_python for offer in self.offers)
            return f"requires Python {' or '.join(map(str, told))}"
        tags = [tag for offer in allowed for tag in offer.tags]
        more = f" and {len(tags) - _SHOWN_TAGS} more" if len(tags) > _SHOWN_TAGS else ""
        return f"has no source distribution, and wheels for {', '.join(tags[:_SHOWN_TAGS])}{more} only"


def _allows(requires_python: str | None, python: str) -> bool:
    """Whether a specifier allows a Python, or a patch of it; a malformed specifier allows all, as for installers."""
    if not requires_python:
        return True
    try:
        allowed = SpecifierSet(requires_python)
        return any(allowed.contains(one) for one in _patches(python, allowed))
    except ValueError:  # malformed, or a number of thousands of digits
        return True


@functools.cache
def _wheels_of(python: str) -> frozenset[str]:
    """Return the interpreter and ABI of every tag that a CPython takes: ``cp38-cp38``, ``cp36-abi3``, ``py3-none``."""
    version = tuple(int(part) for part in minor_of(python).split("."))
    abi = f"cp{''.join(map(str, version))}" + ("m" if version < (3, _NO_OLD_ABI) else "")
    tags = (*cpython_tags(version, [abi], ["any"]), *compatible_tags(version, f"cp{version[0]}{version[1]}", ["any"]))
    return frozenset(f"{tag.interpreter}-{tag.abi}" for tag in tags)


def _patches(python: str, specifiers: SpecifierSet) -> Iterator[str]:
    """Yield a full version as it is; of ``3.8`` a late patch, the first, and those around each patch that is named."""
    if python.count(".") > 1:
        yield python
        return
    yield from (f"{python}.99", f"{python}.0")
    for specifier in specifiers:
        named = specifier.version.removesuffix(".*").split(".")
        if len(named) > 2 and ".".join(named[:2]) == python and named[2].isdigit():  # noqa: PLR2004 - 3.8.18
            yield from (f"{python}.{max(0, int(named[2]) + step)}" for step in (-1, 0, 1))


def ordinary(releases: Sequence[Release], python: str | None = None) -> tuple[Release, ...]:
    """Return the releases that an installer considers by default, oldest first: final, not yanked, for the Python.

    Where none of them is final, the pre-releases are returned, as installers do.
    """
    kept = [release for release in releases if not release.yanked and (python is None or release.admits(python))]
    final = [release for release in kept if not release.parsed.is_prerelease]
    return tuple(sorted(final or kept, key=lambda release: release.parsed))


def select(
    spec: str,
    releases: Sequence[Release],
    *,
    subject: str,
    python: str | None,
    claim: Claim | None,
    where: str,
) -> tuple[Release, ...]:
    """Return the releases that one word or specifier names on one Python, oldest first; at least one.

    Args:
        spec: one of `WORDS`, or a PEP 440 specifier such as ``>=0.26,<0.29``.
        releases: all releases of the subject.
        subject: its name, for messages.
        python: the Python that can install the releases ``latest`` and ``previous``; None for any Python.
        claim: the claim to which ``claimed`` and ``before-claimed`` refer, one that names a fixed release.
        where: file and key, or option, for messages.

    Raises:
        ClaimedReleaseError: the claim names a release that does not exist.
        UsageError: the specifier is malformed or names no release.

    """
    spec = spec.strip()
    if releases and all(release.source for release in releases):
        return tuple(releases)  # a local project, which the specifier names by its path
    if spec in {"latest", "previous"}:
        place = -1 if spec == "latest" else -2
        installable = ordinary(releases, python)
        if len(installable) < -place:
            on = f" on Python {python}" if python else ""
            message = f"{where}: no release of {subject} is '{spec}'{on}"
            raise UsageError(message)
        return (installable[place],)
    if spec in CLAIMED:
        return (_claimed(spec, releases, subject=subject, claim=claim, where=where),)
    try:
        specifiers = SpecifierSet(spec or "nothing")
        _ = [one.contains("0", prereleases=True) for one in specifiers]  # reads the versions
    except ValueError:  # malformed, or a number of thousands of digits
        message = (
            f"{where}: '{spec[:_SHOWN]}' is neither a release specifier such as '>=0.26,<0.29' "
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
    if claim is None or claim.fixed is None:
        message = f"{where}: '{spec}' needs a scenario with a claim of a fix, and this one has none"
        raise UsageError(message)
    claimed = parsed(claim.fixed)
    for release in releases:
        if release.parsed == claimed and spec == "claimed":
            return release
    earlier = [release for release in ordinary(releases) if release.parsed < claimed]
    if spec == "before-claimed" and earlier:
        return earlier[-1]
    message = f"{subject} {claim.fixed}, which {claim.document} names as fixed, is not among the known releases"
    raise ClaimedReleaseError(message)


def _near_version(wanted: str, releases: Sequence[Release]) -> str:
    """Name the releases next to a version that does not exist, or those that look like it."""
    ordered = sorted(releases, key=lambda release: release.parsed)
    try:
        version = parsed(wanted)
    except InvalidVersion:
        return nearest(wanted, [release.version for release in ordered])
    below = [release.version for release in ordered if release.parsed < version][-1:]
    above = [release.version for release in ordered if release.parsed > version][:1]
    return f"the nearest are {' and '.join(below + above)}" if below or above else "none is known"
