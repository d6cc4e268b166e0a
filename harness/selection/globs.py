"""Names and globs of scenarios: what a matrix and a call mean by them.

A glob with a ``/`` matches SUBJECT/NAME (``uvicorn/*``, ``uvicorn/pipelined-*``), a glob without a ``/`` the id alone
(``pipelined-*``). A glob that matches nothing, and a name that no scenario has, are errors with the nearest names.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from typing import TYPE_CHECKING

from harness.errors import UsageError, nearest, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WILD = re.compile(r"[*?]|\[[^]]*\]")


def chosen(asked: Iterable[str], subjects: Mapping[str, str], *, where: str) -> tuple[str, ...]:
    """Return the ids of the scenarios that names and globs mean, each once.

    Args:
        asked: names and globs; the ids come in this order, the ids of one glob in the order of ``subjects``.
        subjects: the subject of every known scenario, by id.
        where: the place of the names and globs, for messages.

    Raises:
        UsageError: a name or a glob means no scenario.

    """
    return tuple(dict.fromkeys(name for one in asked for name in _meant(one, subjects, where)))


def _meant(one: str, subjects: Mapping[str, str], where: str) -> Sequence[str]:
    if "/" not in one and not _WILD.search(one):
        refuse_unknown((one,), subjects, what="scenario", where=where)
        return (one,)
    candidates = {f"{subject}/{name}" if "/" in one else name: name for name, subject in subjects.items()}
    found = [name for candidate, name in candidates.items() if fnmatch.fnmatchcase(candidate, one)]
    if not found:
        raise UsageError(f"{where}: no scenario matches '{one}'; {_nearest(one, candidates)}")
    return found


def _nearest(glob: str, candidates: Iterable[str]) -> str:
    """Return ``did you mean …?`` with the names whose beginnings are nearest to the plain letters of a glob."""
    plain = _WILD.sub("", glob)
    beginnings: dict[str, list[str]] = {}
    for one in candidates:
        beginnings.setdefault(one[: len(plain)], []).append(one)
    close = difflib.get_close_matches(plain, beginnings, n=1, cutoff=0.5)
    return nearest(glob, candidates) if not close else f"did you mean {' or '.join(beginnings[close[0]][:3])}?"
