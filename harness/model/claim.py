"""A claim: what one document says about one failure, kept apart from what is measured.

The rule: a claim is what the document says, right or wrong. A document may say several things in one breath ("fixed in
0.27.1, by #2243"): a `Claim` holds them together, as an author writes them, and `Claim.statements` gives one
statement of each kind, which an analysis assesses by itself.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, ClassVar, TypeAlias, cast

import msgspec
from packaging.specifiers import SpecifierSet

from harness.errors import nearest
from harness.model.declared import check_specifier, check_text, check_tuple, check_type, check_version, is_text, refuse
from harness.model.names import PlatformName, fits
from harness.model.platforms import SYSTEMS, platform_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model.coordinates import SeriesKey

BEGINNING = "0"
"""In place of a release: before every release, as OSV has it."""
LONGEST = 200  # characters of a document's name, and of a reference
_COMMIT = re.compile(r"[0-9a-f]{7,40}|[A-Za-z0-9][A-Za-z0-9._/-]* #[0-9]+")


class Kind(enum.StrEnum):
    """The kinds of what a document can say; the words of the public contract."""

    FIXED = "fixed"
    INTRODUCED = "introduced"
    RANGE = "range"
    COMMIT = "commit"
    OPEN = "open"


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where alone a document speaks; a field that is left empty restricts nothing.

    ``python`` is a specifier (PEP 440) of the minor version, such as ``>=3.12``. ``platform`` is a system (``windows``,
    which holds for ``windows-wine`` too) or a platform as cells have it. ``variant`` is a variant of the scenario.
    """

    python: str = ""
    platform: str = ""
    variant: str = ""

    def __post_init__(self) -> None:
        """Refuse a malformed specifier, and a platform that does not exist."""
        check_specifier(self.python, "the condition's python")
        check_type(self.platform, str, "the condition's platform")
        check_type(self.variant, str, "the condition's variant")
        if self.platform and self.platform not in SYSTEMS and not fits(self.platform, PlatformName):
            refuse(f"unknown platform {self.platform!r}; {nearest(self.platform.lower(), SYSTEMS)}")

    def __str__(self) -> str:
        """Say it after what the document says; empty where the document speaks of everything."""
        parts = {"Python": self.python, "platform": self.platform, "variant": self.variant}
        told = ", ".join(f"{what} {value}" for what, value in parts.items() if value)
        return f"on {told}" if told else ""

    def admits(self, key: SeriesKey) -> bool:
        """Whether the document speaks of a series."""
        is_there = self.platform in {"", key.platform} or self.platform == platform_of(key.platform).system
        return is_there and self.variant in {"", key.variant} and SpecifierSet(self.python).contains(key.python)


class ClaimedRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Affected releases in a row, by the events of OSV.

    ``introduced`` is the first affected release, ``"0"`` where the document says that all from the very first on are.
    The range ends before ``fixed``, or with ``last_affected``; without either it has no end.
    """

    introduced: str
    fixed: str | None = None
    last_affected: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no version, and a range with two ends."""
        check_version(self.introduced, "a range's introduced")
        for name in ("fixed", "last_affected"):
            if (end := getattr(self, name)) is not None:
                check_version(end, f"a range's {name}")
        if self.fixed is not None and self.last_affected is not None:
            refuse("a range ends with fixed or with last_affected, not with both")

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that the range names."""
        named = (self.introduced, self.fixed, self.last_affected)
        return tuple(one for one in named if one is not None and one != BEGINNING)

    def __str__(self) -> str:
        """Return the range as a specifier."""
        parts = [] if self.introduced == BEGINNING else [f">={self.introduced}"]
        if self.introduced == self.last_affected:
            return f"=={self.introduced}"
        if self.fixed is not None:
            parts.append(f"<{self.fixed}")
        if self.last_affected is not None:
            parts.append(f"<={self.last_affected}")
        return ",".join(parts) or "all"


class Fixed(msgspec.Struct, frozen=True):
    """The release that a document calls the first one without the failure."""

    kind: ClassVar[Kind] = Kind.FIXED
    release: str

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that it names."""
        return (self.release,)

    def __str__(self) -> str:
        """Say it after "the document says"."""
        return f"fixed in {self.release}"


class Introduced(msgspec.Struct, frozen=True):
    """The release that a document calls the first one with the failure; ``"0"`` is the very first release of all."""

    kind: ClassVar[Kind] = Kind.INTRODUCED
    release: str

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that it names."""
        return () if self.release == BEGINNING else (self.release,)

    def __str__(self) -> str:
        """Say it after "the document says"."""
        return "in the very first release" if self.release == BEGINNING else f"introduced in {self.release}"


class Affected(msgspec.Struct, frozen=True):
    """All the releases that a document calls affected."""

    kind: ClassVar[Kind] = Kind.RANGE
    ranges: tuple[ClaimedRange, ...]

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that it names."""
        return tuple(name for one in self.ranges for name in one.releases)

    def __str__(self) -> str:
        """Say it after "the document says"."""
        return f"affected: {' or '.join(map(str, self.ranges))}"


class MendedBy(msgspec.Struct, frozen=True):
    """The commit or pull request that a document says mended the failure."""

    kind: ClassVar[Kind] = Kind.COMMIT
    releases: ClassVar[tuple[str, ...]] = ()
    commit: str

    def __str__(self) -> str:
        """Say it after "the document says"."""
        return f"fixed by {self.commit}"


class StillOpen(msgspec.Struct, frozen=True):
    """No release is without the failure, a document says."""

    kind: ClassVar[Kind] = Kind.OPEN
    releases: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        """Say it after "the document says"."""
        return "not fixed"


Statement: TypeAlias = Fixed | Introduced | Affected | MendedBy | StillOpen


class Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a document says about one failure.

    Attributes:
        document: the document's name, one line.
        references: what the failure is known by upstream, as the document has it: ``uvicorn #1637``, ``CVE-2024-1135``.
        fixed: the release that the document calls the first one without the failure.
        introduced: the release that the document calls the first one with the failure, ``"0"`` for the very first.
        ranges: all the releases that the document calls affected.
        commit: what mended the failure: a commit by 7 to 40 digits, or a pull request such as ``uvicorn #2243``.
        open: whether the document says that no release is without the failure.
        condition: where alone the document speaks.

    Raises:
        ValueError: a field breaks the rules above, or the claim says nothing.

    """

    document: str
    references: tuple[str, ...] = ()
    fixed: str | None = None
    introduced: str | None = None
    ranges: tuple[ClaimedRange, ...] = ()
    commit: str | None = None
    open: bool = False
    condition: Condition = Condition()

    def __post_init__(self) -> None:
        """Refuse values that would fail only later."""
        check_name(self.document, "a claim's document")
        check_references(self.references, "a claim's references")
        for name in ("fixed", "introduced"):
            if (release := getattr(self, name)) is not None:
                check_version(release, f"a claim's {name}")
        check_tuple(self.ranges, "a claim's ranges")
        for one in self.ranges:
            check_type(one, ClaimedRange, "a claim's range")
        if self.commit is not None and not is_text(self.commit, _COMMIT):
            refuse(f"a claim's commit is {self.commit!r}; it is a commit's 7 to 40 digits, or 'NAME #NUMBER'")
        check_type(self.open, bool, "a claim's open")
        check_type(self.condition, Condition, "a claim's condition")
        if not self.statements:
            refuse("a claim says nothing; give it fixed, introduced, ranges, commit or open")
        if self.open and self.fixed is not None:
            refuse("a claim says both fixed and open; a document that says both makes two claims")

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What the document says, one statement of each kind."""
        return tuple(self._statements())

    def _statements(self) -> Iterator[Statement]:
        if self.fixed is not None:
            yield Fixed(self.fixed)
        if self.introduced is not None:
            yield Introduced(self.introduced)
        if self.ranges:
            yield Affected(self.ranges)
        if self.commit is not None:
            yield MendedBy(self.commit)
        if self.open:
            yield StillOpen()

    @property
    def fixes(self) -> tuple[str, ...]:
        """The releases that the document calls free of the failure, each once."""
        ends = (one.fixed for one in self.ranges)
        return tuple(dict.fromkeys(one for one in (self.fixed, *ends) if one is not None))

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that the claim names, each once."""
        return tuple(dict.fromkeys(name for one in self.statements for name in one.releases))


def check_name(value: object, what: str) -> None:
    """Refuse a value that is not one line of at most `LONGEST` characters."""
    check_text(value, what)
    if len(str(value)) > LONGEST:
        refuse(f"{what} has {len(str(value))} characters; it has {LONGEST} at most")


def check_references(references: object, what: str) -> None:
    """Refuse a value that is not a tuple of upstream names."""
    check_tuple(references, what)
    for one in cast("tuple[object, ...]", references):
        check_name(one, f"one of {what}")
