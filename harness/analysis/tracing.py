"""Which dependency a boundary comes from, and between which two of its releases.

The rule: a boundary whose verdicts go with the dependencies is traced. Each dependency that differs is exchanged alone:
the older candidate runs with the newer one's release of it. Where that cell cannot be judged, the newer candidate
runs with the older one's release. Where only one dependency differs, the exchanged cells of the boundary say the same.
A dependency whose exchange alone changes the verdict is necessary, and is searched:
between the two releases, beside the same candidate, as a bisection searches a history. The search ends with two
releases next to each other, or with two releases between which none could be judged.

At most `MOST_EXCHANGED` dependencies of a boundary are exchanged alone, in the order of their names, and at most
`MOST_SEARCHED` releases of one dependency are run in its search. What these bounds left out is named in the trace.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from harness.analysis.attribution import Through, Trace
from harness.analysis.history import UNTESTED
from harness.analysis.releases import oldest_first
from harness.analysis.search import bisect
from harness.model.release import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.analysis.attribution import Attribution
    from harness.analysis.series import Series
    from harness.model.cell import Cell
    from harness.model.release import Release
    from harness.model.result import CellResult
    from harness.model.verdict import Verdict

    ReleasesOf = Callable[[str], Sequence[Release] | None]

MOST_EXCHANGED = 5
MOST_SEARCHED = 12
_UNKNOWN = "none of its releases are known"
_NOT_BEGUN = {UNTESTED, _UNKNOWN}


class Step(NamedTuple):
    """The trace as far as the results say, None where no dependency was exchanged yet; the cells still wanted."""

    trace: Trace | None
    wanted: tuple[Cell, ...]


class _Exchange(NamedTuple):
    """One dependency exchanged alone: the candidate that is held, and the two releases, its own first."""

    package: str
    held: str
    own: str | None
    wanted: Release


def trace(series: Series, found: Attribution, results: Mapping[str, CellResult], releases_of: ReleasesOf) -> Step:
    """Return what is known of where a boundary comes from, and the cells to run next; none when the trace is complete.

    Args:
        series: the series of the boundary.
        found: the boundary's attribution, by whose cause the dependencies change the verdict.
        results: of the cells that were run, by id.
        releases_of: returns the known releases of a package; none or None of an unknown package.

    """
    through: list[Through] = []
    alike: list[str] = []
    unknown: dict[str, str] = {}
    wanted: list[Cell] = []
    for place, package in enumerate(found.changed):
        if place >= MOST_EXCHANGED:
            unknown[package] = f"only {MOST_EXCHANGED} dependencies of a boundary are exchanged alone"
            continue
        said = _one(series, found, package, results, releases_of(package) or ())
        if isinstance(said, Through):
            through.append(said)
        elif isinstance(said, str):
            unknown[package] = said
        elif said:
            wanted += said
            unknown[package] = UNTESTED
        else:
            alike.append(package)
    is_begun = bool(through or alike or set(unknown.values()) - _NOT_BEGUN)
    made = Trace(through=tuple(through), alike=tuple(alike), unknown=unknown) if is_begun else None
    return Step(made, tuple(wanted))


def _one(
    series: Series,
    found: Attribution,
    package: str,
    results: Mapping[str, CellResult],
    known: Sequence[Release],
) -> Through | str | list[Cell]:
    """Return how a dependency changes the verdict, why nobody knows, or the cells to run next.

    An empty list means that the dependency alone does not change the verdict.
    """
    exchanges = tuple(_exchanges(found, package, {one.version: one for one in known}))
    if exchanges and len(found.changed) == 1 and not found.not_exchanged:
        first = exchanges[0]
        other = found.cells.older_exchanged if first.held == found.older else found.cells.newer_exchanged
        return _searched(series, found, first, results, known, verdict=found.verdicts[other])
    reason = _UNKNOWN
    for exchange in exchanges:
        cell = series.with_release(exchange.held, package, exchange.wanted)
        result = results.get(cell.id)
        if result is None:
            return [cell]
        if result.verdict is found.verdicts[series.cell(exchange.held).id]:
            return []
        if result.verdict.is_judged:
            return _searched(series, found, exchange, results, known, verdict=result.verdict)
        reason = f"{cell.id} is {result.verdict}"
    return reason


def _exchanges(found: Attribution, package: str, known: Mapping[str, Release]) -> Iterator[_Exchange]:
    """Yield the exchanges of one dependency; a package cannot be taken away from the candidate that depends on it."""
    change = found.changed[package]
    for held, own, wanted in (
        (found.older, change.older, change.newer),
        (found.newer, change.newer, change.older),
    ):
        if wanted and wanted in known and (own is None or own in known):
            yield _Exchange(package, held, own, known[wanted])


def _searched(
    series: Series,
    found: Attribution,
    exchange: _Exchange,
    results: Mapping[str, CellResult],
    known: Sequence[Release],
    *,
    verdict: Verdict,
) -> Through | list[Cell]:
    """Return between which releases of a dependency the verdict changes, or the cells to run next.

    ``verdict`` is that of the exchange, which is not the held candidate's own.
    """
    package, held = exchange.package, exchange.held
    if exchange.own is None:
        wanted = exchange.wanted.version
        ends = (None, wanted) if held == found.older else (wanted, None)
        return Through(package=package, held=held, older=ends[0], newer=ends[1], tested=(wanted,))
    cells = {one.version: series.with_release(held, package, one) for one in _inside(series, exchange, known)}
    verdicts = {label: results[cell.id].verdict for label, cell in cells.items() if cell.id in results}
    verdicts |= {exchange.own: found.verdicts[series.cell(held).id], exchange.wanted.version: verdict}
    labels = tuple(cells)
    if len(verdicts) <= MOST_SEARCHED and (further := bisect(labels, verdicts, ())):
        return [cells[label] for label in further]
    older, newer = _change(labels, verdicts)
    between = labels[labels.index(older) + 1 : labels.index(newer)]
    tested = tuple(label for label in labels if label in verdicts)
    return Through(package=package, held=held, older=older, newer=newer, between=between, tested=tested)


def _inside(series: Series, exchange: _Exchange, known: Sequence[Release]) -> tuple[Release, ...]:
    """Return the two releases of an exchange and the usual ones between them that the Python can install, in order."""
    first, last = sorted((parsed(exchange.own or exchange.wanted.version), exchange.wanted.parsed))
    cell = series.cell(exchange.held)
    return oldest_first(
        one
        for one in known
        if one.version in {exchange.own, exchange.wanted.version}
        or (
            first < one.parsed < last
            and not (one.yanked or one.parsed.is_prerelease)
            and not one.refusal(cell.python, cell.platform, at=cell.recipe.moment)
        )
    )


def _change(labels: Sequence[str], verdicts: Mapping[str, Verdict]) -> tuple[str, str]:
    """Return the first two judged releases, none judged between them, that differ."""
    judged = [label for label in labels if label in verdicts and verdicts[label].is_judged]
    return next(pair for pair in itertools.pairwise(judged) if verdicts[pair[0]] is not verdicts[pair[1]])
