"""Advisories in the form of OSV (https://ossf.github.io/osv-schema/), as JSON or YAML, read as claims.

The rule: an advisory is a document like any other; what it says is not evidence. Of each affected package of PyPI:

- ``ranges`` of releases and enumerated ``versions`` are one claim: the ranges, and each version outside of them as a
  range of its own. A scanner takes a release for affected that either of them names.
- Each commit that a range of the type ``GIT`` names as ``fixed`` is a claim of that commit. Where a range of commits
  begins is not read: this program has no such kind of claim.
- The advisory's id and its aliases are the references.

An enumerated version that is none of PEP 440 names no release that can be installed, and is left out. In YAML every
value is taken as it is written, since ``0.10`` is no number; anchors, which can grow without bounds, are refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from harness import escaping
from harness.decoding import decode
from harness.errors import UsageError
from harness.model.claim import BEGINNING, Claim, ClaimedRange
from harness.model.release import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.version import Version

MOST_BYTES = 1024 * 1024
_MOST = 10_000  # versions, events or packages
_DEEPEST = 40  # lists and tables inside each other
_NULL = {key: [("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"))] for key in ("~", "n", "N", "")}


class Advisory(msgspec.Struct, frozen=True, kw_only=True):
    """What an advisory says: ``claims`` by the package that they are about, as an index writes its name."""

    id: str
    claims: dict[str, tuple[Claim, ...]]


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class _Range(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    events: tuple[_Event, ...] = ()


class _Package(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    ecosystem: str


class _Affected(msgspec.Struct, frozen=True, kw_only=True):
    package: _Package | None = None
    ranges: tuple[_Range, ...] | None = None
    versions: tuple[str, ...] | None = None


class _Advisory(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    aliases: tuple[str, ...] | None = None
    affected: tuple[_Affected, ...] | None = None
    withdrawn: str | None = None


def read(content: bytes, *, name: str) -> Advisory:
    """Read an advisory; ``name`` is the file, for messages.

    Raises:
        UsageError: the content is no advisory, affects no package of PyPI, or was withdrawn.

    """
    try:
        return _read(content)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise UsageError(f"{name}: {escaping.line(str(error), limit=300)}") from None


def _read(content: bytes) -> Advisory:
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES} bytes")
    if content.lstrip()[:1] == b"{":
        advisory = decode(content, _Advisory)
    else:
        advisory = msgspec.convert(_yaml(content.decode()), _Advisory)
    if advisory.withdrawn:
        raise ValueError(f"{advisory.id} was withdrawn at {advisory.withdrawn}; it claims nothing any more")
    of_package: dict[str, list[_Affected]] = {}
    for one in advisory.affected or ():
        if one.package is not None and one.package.ecosystem.partition(":")[0] == "PyPI":
            of_package.setdefault(canonicalize_name(one.package.name), []).append(one)
    if not of_package:
        raise ValueError(f"{advisory.id} affects no package of PyPI")
    references = tuple(dict.fromkeys((advisory.id, *(advisory.aliases or ()))))
    claims = {name: tuple(_claims(advisory.id, references, parts)) for name, parts in of_package.items()}
    return Advisory(id=advisory.id, claims=claims)


def _claims(document: str, references: tuple[str, ...], parts: Sequence[_Affected]) -> Iterator[Claim]:
    """Yield the claims about one package, which an advisory may name several times."""
    named = [one for part in parts for one in part.ranges or ()]
    versions = [one for part in parts for one in part.versions or ()]
    if max(len(named), len(versions), sum(len(one.events) for one in named)) > _MOST:
        raise ValueError(f"it names more than {_MOST} versions or events of a package")
    ranges = tuple(dict.fromkeys(found for one in named if one.type != "GIT" for found in _ranges(one.events)))
    alone = tuple(ClaimedRange(introduced=one, last_affected=one) for one in _outside(versions, ranges))
    if ranges or alone:
        yield Claim(document=document, references=references, ranges=(*ranges, *alone))
    fixes = (event.fixed for one in named if one.type == "GIT" for event in one.events if event.fixed)
    for commit in dict.fromkeys(fixes):
        yield Claim(document=document, references=references, commit=commit)


def _ranges(events: Iterable[_Event]) -> Iterator[ClaimedRange]:
    """Yield the ranges that events make, whose order in the advisory means nothing."""
    begun: str | None = None
    for _, _, what, release in sorted(_in_order(events), key=lambda one: one[:2]):
        if what == "introduced":
            begun = release if begun is None else begun
        elif begun is not None:
            yield ClaimedRange(introduced=begun, **{what: release})
            begun = None
    if begun is not None:
        yield ClaimedRange(introduced=begun)


def _in_order(events: Iterable[_Event]) -> Iterator[tuple[Version, int, str, str]]:
    """Yield each event by its place in the order: of one release, a range ends before another one begins."""
    for event in events:
        if event.limit is not None:
            raise ValueError("its ranges have a limit, which this program does not read")
        for rank, what in enumerate(("fixed", "introduced", "last_affected")):
            if (release := getattr(event, what)) is not None:
                yield _version(release), rank, what, release


def _outside(versions: Iterable[str], ranges: Sequence[ClaimedRange]) -> Iterator[str]:
    """Yield the versions that no range has, each once, oldest first."""
    known = {version: text for text in versions if (version := _version_or_none(text)) is not None}
    for version in sorted(known):
        if not any(_has(one, version) for one in ranges):
            yield known[version]


def _has(one: ClaimedRange, version: Version) -> bool:
    begins = one.introduced == BEGINNING or version >= parsed(one.introduced)
    before = one.fixed is None or version < parsed(one.fixed)
    until = one.last_affected is None or version <= parsed(one.last_affected)
    return begins and before and until


def _version(release: str) -> Version:
    """Return a release, comparable; ``"0"`` comes before all."""
    return parsed("0.dev0" if release == BEGINNING else release)


def _version_or_none(text: str) -> Version | None:
    try:
        return parsed(text)
    except InvalidVersion:
        return None


def _yaml(text: str) -> Any:  # noqa: ANN401 - whatever the text holds
    """Return what a YAML text holds, every scalar but ``null`` as text.

    Raises:
        ValueError: the text is no YAML, is nested too deeply, or has anchors.

    """
    import yaml  # noqa: PLC0415 - only this form needs it

    faster: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = type("Loader", (faster,), {"yaml_implicit_resolvers": _NULL})
    deep = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            deep += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if deep > _DEEPEST or isinstance(event, yaml.AliasEvent):
                raise ValueError(f"it has anchors, or is nested more than {_DEEPEST} deep")
        return yaml.load(text, Loader=loader)  # noqa: S506 - of the safe loader's class
    except yaml.YAMLError as error:
        raise ValueError(f"not valid YAML: {' '.join(str(error).split())}") from None
