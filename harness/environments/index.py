"""The releases of a package, as the index that uv and pip are configured for lists them; kept for offline use.

A version counts as a release where pip can install one of its files, by the file's name
(`harness.environments.filenames`). Versions that are left out are kept beside the releases, with the reason.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.environments import filenames
from harness.environments.filenames import Installable, LeftOut
from harness.errors import IndexUnavailableError
from harness.model.release import Offer, Release
from harness.storage.files import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from harness.environments.simple import File, Page

FRESH = dt.timedelta(hours=24)
_EVERYWHERE = "py3-none-any"
_NAMED = 3  # the newest releases, in one sentence
_OLDEST = Version("0.dev0")


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """All releases of a package, oldest first, and the versions left out; with the moment of the fetch (UTC)."""

    fetched: dt.datetime
    releases: tuple[Release, ...]
    left_out: tuple[LeftOut, ...]


def releases_of(package: str, *, cache: Path) -> tuple[Release, ...]:
    """Return all releases of a package, oldest first, see `listing_of`."""
    return listing_of(package, cache=cache).releases


def listing_of(package: str, *, cache: Path) -> Listing:
    """Return the listing of a package, from the cache while it is fresh, else from the index.

    Where the index cannot be asked, a cached listing is used however old it is.

    Raises:
        IndexUnavailableError: the index cannot be asked or has no such package, and no listing is cached.

    """
    path = _path(package, cache)
    stored = read_json(path, Listing)
    now = dt.datetime.now(dt.UTC)
    if stored and abs(now - stored.fetched) < FRESH:  # abs: a clock that was wrong keeps nothing fresh for ever
        return stored
    from harness.environments import simple  # noqa: PLC0415 - loads HTTP, which a fresh listing does not need

    try:
        listing = listing_in(simple.page_of(package), package, now=now)
    except IndexUnavailableError as error:
        if stored:
            return stored
        message = (
            f"the package index has no usable list of the releases of '{package}' ({error}); "
            "check the name and the index that uv or pip is configured for, once with a network"
        )
        raise IndexUnavailableError(message) from None
    write_json(path, listing)
    return listing


def left_out_of(package: str, *, cache: Path) -> tuple[LeftOut, ...]:
    """Return the versions that the cached listing of a package leaves out."""
    stored = read_json(_path(package, cache), Listing)
    return stored.left_out if stored else ()


def _path(package: str, cache: Path) -> Path:
    return cache / "releases" / f"{canonicalize_name(package)}.json"


def listing_in(page: Page, package: str, *, now: dt.datetime) -> Listing:
    """Group the files of a page by release; a version without a file that can be installed is left out.

    Raises:
        IndexUnavailableError: no file on the page has a time of upload.

    """
    usable: dict[str, list[tuple[File, Installable]]] = {}
    reasons: dict[str, list[str]] = {}
    for file in page.files:
        found = filenames.read(file.filename, package)
        if isinstance(found, LeftOut):
            reasons.setdefault(found.version, []).append(found.reason)
        elif found and file.upload_time is None:
            reasons.setdefault(found.version, []).append("the index does not say when it was uploaded")
        elif found:
            usable.setdefault(found.version, []).append((file, found))
    if not any(file.upload_time for file in page.files):
        lack = "carries no upload times; an index that speaks the JSON simple API is needed"
        raise IndexUnavailableError(f"its answer {lack if page.files else 'lists no file'}")
    for version in page.versions:
        if (known := filenames.parsed(version)) and not {str(known), version} & (reasons.keys() | usable.keys()):
            reasons[str(known)] = ["it has no file"]
    releases = [_release(version, group) for version, group in usable.items()]
    left_out = [LeftOut(version=version, reason=_joined(r)) for version, r in reasons.items() if version not in usable]
    return Listing(
        fetched=now,
        releases=tuple(sorted(releases, key=lambda release: release.parsed)),
        left_out=tuple(sorted(left_out, key=lambda one: filenames.parsed(one.version) or _OLDEST)),
    )


def _joined(reasons: list[str]) -> str:
    """Join several reasons to one, such as ``only .exe, .msi``."""
    first, *rest = dict.fromkeys(reasons)
    return ", ".join((first, *(reason.removeprefix("only ") for reason in rest)))


def _release(version: str, group: list[tuple[File, Installable]]) -> Release:
    """Return a release, dated by its first upload, and yanked where all of its files are yanked."""
    offered = [(file, found) for file, found in group if file.yanked is False] or group
    first = min(group, key=lambda one: one[0].upload_time or dt.datetime.max.replace(tzinfo=dt.UTC))[0]
    return Release(
        version=version,
        uploaded=first.upload_time or dt.datetime.min.replace(tzinfo=dt.UTC),
        requires_python=next((file.requires_python for file, _ in offered if file.requires_python), None),
        yanked=all(file.yanked is not False for file, _ in group),
        offers=_offers(offered),
    )


def _offers(offered: list[tuple[File, Installable]]) -> tuple[Offer, ...] | msgspec.UnsetType:
    """Return what the files can be installed on; unset where ``requires_python`` of the release says all of it."""
    alike = len({file.requires_python for file, _ in offered}) == 1
    if alike and any(not found.tags or _EVERYWHERE in found.tags for _, found in offered):
        return msgspec.UNSET
    tags: dict[str | None, set[str]] = {}
    sources = {}
    for file, found in offered:
        if found.tags:
            tags.setdefault(file.requires_python, set()).update(found.tags)
        else:
            sources[file.requires_python] = Offer(requires_python=file.requires_python)
    wheels = (Offer(requires_python=python, tags=tuple(sorted(one))) for python, one in tags.items())
    return (*sources.values(), *wheels)


def told(subject: str, left_out: tuple[LeftOut, ...], *, within: str = "") -> str | None:
    """Return one line about the releases that are left out of a range, for a person; None where none is left out."""
    range_ = SpecifierSet(within)
    left_out = tuple(
        one
        for one in left_out
        if not within or ((version := filenames.parsed(one.version)) and range_.contains(version, prereleases=True))
    )
    if not left_out:
        return None
    named = "; ".join(f"{one.version} ({one.reason})" for one in left_out[: -_NAMED - 1 : -1])
    more = f"; and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
    count = "1 release has" if len(left_out) == 1 else f"{len(left_out)} releases have"
    return f"{subject}: {count} no file that pip can install, and no cell: {named}{more}"
