"""What only releases have: an order by PEP 440, specifiers, and releases that nobody is sent to.

The rule: whatever an analysis has to know of versions stands here, as functions that turn releases into candidates and
labels into what users of packages read. Everything else in an analysis takes the order as given.

Releases are ordered as PEP 440 orders versions. A name in a document means the release whose version is equal by
PEP 440. Pre-releases stand in a history only where they were tested; a release that the Python cannot install exists,
and is refused. Advice names neither pre-releases nor yanked releases.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from harness.analysis.candidates import Candidate, Place
from harness.model.release import parsed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Sequence

    from harness.analysis.history import Range
    from harness.model.release import Release


def oldest_first(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Return releases in the order of their versions."""
    return tuple(sorted(releases, key=lambda release: release.parsed))


def in_order(versions: Iterable[str]) -> tuple[str, ...]:
    """Return versions, each once, oldest first."""
    return tuple(sorted(set(versions), key=parsed))


def candidate_of(release: Release) -> Candidate:
    """Return a release as a candidate; final releases that are not yanked are the usual ones."""
    is_usual = not (release.yanked or release.parsed.is_prerelease)
    return Candidate(label=release.version, is_usual=is_usual, at=release.uploaded)


def place_of(name: str, versions: Sequence[str]) -> Place:
    """Return where a version stands among others, which are ordered, oldest first.

    Raises:
        InvalidVersion: the name is no version.

    """
    wanted = parsed(name)
    older = bisect.bisect_left(versions, wanted, key=parsed)
    return Place(older=older, is_there=older < len(versions) and parsed(versions[older]) == wanted)


def divided(
    releases: Iterable[Release],
    *,
    tested: Collection[str],
    python: str,
    platform: str,
    at: dt.datetime | None = None,
) -> tuple[tuple[Release, ...], tuple[Release, ...]]:
    """Return the releases that a history tries, and those that its Python refuses; both oldest first.

    Args:
        releases: all that are known.
        tested: the versions that have a result: these are part of the history whatever an installer says.
        python: the Python of the history, as ``3.8``.
        platform: its platform.
        at: the moment (UTC) of the history, which no later release is tried at; None where each has its own.

    """
    known = [one for one in oldest_first(releases) if one.version in tested or not one.parsed.is_prerelease]
    tried = {one.version for one in known if one.version in tested or not one.refusal(python, platform, at=at)}
    return (
        tuple(one for one in known if one.version in tried),
        tuple(one for one in known if one.version not in tried),
    )


def specifiers(affected: Iterable[Range], versions: Sequence[str]) -> tuple[str, ...]:
    """Return affected ranges as PEP 440 specifiers, one each.

    Of all releases of the history a specifier admits the affected ones and what lies in gaps between two of them,
    nothing else. A specifier without a beginning or an end is of a failure that the very first release, or the newest
    one, was seen to have.

    Args:
        affected: the ranges of a history.
        versions: all releases of the history, oldest first.

    """
    return tuple(_specifier(one, versions) for one in affected)


def _specifier(found: Range, versions: Sequence[str]) -> str:
    """Return a range as a specifier that ends before the release that comes after the last affected one.

    ``<1.0`` means no pre-release of 1.0, and to some resolvers ``<1.0.post1`` means none either: a range with one of
    them ends with the last affected release. A range that may reach further ends and begins with an affected release.
    """
    begins = versions.index(found.first or "")
    ends = versions.index(found.last or "") + 1
    from_the_start = found.introduced is None and not found.open_before
    to_the_end = found.fixed is None and not found.open_after
    if begins + 1 == ends and not (from_the_start or to_the_end):
        return f"=={found.last}"
    parts = [] if from_the_start else [f">={found.first}"]
    if found.open_after:
        parts.append(f"<={found.last}")
    elif not to_the_end:
        hides = _hides_prereleases(versions[begins:ends], versions[ends])
        parts.append(f"<={found.last}" if hides else f"<{versions[ends]}")
    return ",".join(parts) or ">=0"


def _hides_prereleases(inside: Iterable[str], end: str) -> bool:
    """Whether a specifier that ends before ``end`` would not mean some of the releases inside a range."""
    after = parsed(end)
    hidden = any(one.is_prerelease and one.base_version == after.base_version for one in map(parsed, inside))
    return hidden and not after.is_prerelease
