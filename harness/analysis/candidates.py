"""Candidates: the points of a history's order, which an analysis knows by their positions.

The rule: the order is given, the oldest candidate first, and no two candidates have the same label. An analysis
compares positions and shows labels; no analysis reads a label. Only the kind of the candidates knows what a label
means: versions are read and ordered in `harness.analysis.releases`.

A document may name a candidate in other words than its label does (``0.18`` for ``0.18.0``), or name one that is not in
the order. Where the named candidate stands, the kind says by its `Find`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import msgspec


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One point of an order, by its label: a version, the hash of a commit.

    ``is_usual`` says that users may be sent to the candidate, unlike to a pre-release or a yanked release; ``at`` is
    the moment (UTC) at which the candidate appeared, None where nobody knows.
    """

    label: str
    is_usual: bool = True
    at: dt.datetime | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a named candidate stands in an order, whether or not it is part of the order.

    ``older`` counts the candidates before the named one; ``is_there`` says that the next candidate is the named one.
    """

    older: int
    is_there: bool

    @property
    def position(self) -> int | None:
        """The position of the named candidate; None where the candidate is not part of the order."""
        return self.older if self.is_there else None


# From a name and the labels of an order to the place of the named candidate; None where the kind cannot place the name.
Find = Callable[[str, Sequence[str]], Place | None]
