"""Options of a command line: how a release calls each, and since when the release has it.

A table has the option's name, as an author writes it, and its spellings, oldest first. The name says the unit where
there is one: ``keep_alive_s``.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Generic, TypeVar

from harness.errors import HarnessError, ScenarioError, nearest
from harness.subjects.eras import version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.version import Version

Value = TypeVar("Value")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spelling:
    """How releases write an option: from ``since`` on, until the release ``until``, which has it no more.

    ``words`` is ``--option`` for an option with a value and for one that is on when it stands there. It is
    ``--on/--off`` for a pair, where one of both may be empty: ``/--no-access-log``.
    """

    words: str
    since: str = "0"
    until: str | None = None

    def is_known(self, release: Version) -> bool:
        """Whether a release has the option by these words."""
        return version(self.since) <= release and (self.until is None or release < version(self.until))


def option(words: str, since: str = "0", *, until: str | None = None) -> tuple[Spelling, ...]:
    """Return the one spelling of an option, as a table has it; spellings are joined by ``+``."""
    return (Spelling(words=words, since=since, until=until),)


@dataclasses.dataclass(frozen=True)
class WhereKnown(Generic[Value]):
    """The value of an option that is left out where the release does not have the option."""

    value: Value


def where_known(value: Value) -> WhereKnown[Value]:
    """Give an option a value only where the release has the option; without this, such a release is refused.

    Example: ``keep_alive_s=where_known(2)``.

    """
    return WhereKnown(value)


def arguments(
    table: Mapping[str, tuple[Spelling, ...]], given: Mapping[str, object], *, server: str, release: Version
) -> tuple[str, ...]:
    """Return the words of the options that are given, in their order.

    Args:
        table: all options of the server, by name.
        given: the options' values by name; None leaves an option out, a tuple repeats the option.
        server: the server's name, for messages.
        release: the server's release.

    Raises:
        ScenarioError: an option is unknown.
        HarnessError: the release does not have an option.

    """
    return tuple(word for name, value in given.items() for word in _words(table, name, value, server, release))


def keywords(
    table: Mapping[str, tuple[Spelling, ...]], given: Mapping[str, object], *, server: str, release: Version
) -> tuple[str, ...]:
    """Return the options as the keywords of a function, such as ``timeout_keep_alive=2``; see `arguments`."""
    words = []
    for name, value in given.items():
        bare = value.value if isinstance(value, WhereKnown) else value
        if spelling := _spelling(table, name, value, server, release):
            on, _, off = spelling.words.partition("/")
            keyword = (on or off.replace("--no-", "--")).removeprefix("--").replace("-", "_")
            words.append(f"{keyword}={list(bare) if isinstance(bare, tuple) else bare!r}")
    return tuple(words)


def _words(
    table: Mapping[str, tuple[Spelling, ...]], name: str, given: object, server: str, release: Version
) -> Iterator[str]:
    if spelling := _spelling(table, name, given, server, release):
        yield from _written(spelling.words, given.value if isinstance(given, WhereKnown) else given)


def _spelling(
    table: Mapping[str, tuple[Spelling, ...]], name: str, given: object, server: str, release: Version
) -> Spelling | None:
    """Return how a release writes an option; None where the option is left out."""
    if name not in table:
        message = f"{server} has no option '{name}' in its table; {nearest(name, table)}"
        raise ScenarioError(message)
    if (given.value if isinstance(given, WhereKnown) else given) is None:
        return None
    spelling = next((one for one in table[name] if one.is_known(release)), None)
    if spelling is None and not isinstance(given, WhereKnown):
        has = " and ".join(_said(one) for one in table[name])
        message = f"{server} {release} has no {name}: {has}; where_known(...) leaves the option out there"
        raise HarnessError(message)
    return spelling


def _said(spelling: Spelling) -> str:
    until = f" until {spelling.until}" if spelling.until else ""
    return f"{spelling.words.lstrip('/')} came with {spelling.since}{until}"


def _written(words: str, value: object) -> Iterator[str]:
    on, is_pair, off = words.partition("/")
    if isinstance(value, bool):
        if word := on if value else off:
            yield word
    elif isinstance(value, tuple):
        for one in value:
            yield from (on, str(one))
    elif not is_pair:
        yield from (words, str(value))
    else:
        message = f"{words} is True or False, not {value!r}"
        raise HarnessError(message)
