"""Counts the cells that a sweep and a bisection take for the same histories, and says whether the two agree.

    python benchmarks/strategies.py [--results reports/measured.json] [--output FILE]

Runs no cell: the measured verdicts answer the bisection, step by step.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.analysis.document import Searched, history_of
from harness.analysis.inquiry import wanted
from harness.analysis.search import Strategy
from harness.analysis.series import History, Series, series_of
from harness.report.markdown import escape
from harness.results.published import Published
from harness.results.sources import PUBLISHED
from harness.selection.options import Options
from harness.selection.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.model.claim import Claim
    from harness.model.result import CellResult

SEED = 1
HEAD = ("history", "releases", "cells of a sweep", "cells of a bisection", "affected", "by bisection")


def bisected(series: Series, measured: Mapping[str, CellResult], claims: Sequence[Claim]) -> History:
    """Return the history that a bisection would have found."""
    claimed = [release for claim in claims for release in claim.releases]
    how = Searched(strategy=Strategy.BISECT, seed=SEED)
    seen: dict[str, CellResult] = {}
    while step := wanted(series, seen, how, claimed=claimed, causes=False):
        new = {cell.id: measured[cell.id] for cell in step}
        if new.items() <= seen.items():
            break  # it asks for more trials than were measured
        seen |= new
    return history_of(series, seen, strategy=how.strategy, seed=SEED)


def row(series: Series, measured: Mapping[str, CellResult], claims: Sequence[Claim]) -> tuple[str, ...]:
    """Return one line of the table."""
    sweep = history_of(series, measured, strategy=Strategy.SWEEP)
    found = bisected(series, measured, claims)
    same = found.affected == sweep.affected
    told = "the same" if same else f"{' or '.join(found.specifiers) or 'none'}; {len(found.untested)} not looked at"
    affected = " or ".join(sweep.specifiers) or "none"
    return str(series.key), str(len(series.labels)), str(len(sweep.tested)), str(len(found.tested)), affected, told


def main() -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=PUBLISHED)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    published = Published(options.results, where="--results")
    measured = {cell.id: cell for cell in published.latest()}
    plan = Plan(Options())
    rows = []
    for series in series_of(published.latest(), published.releases):
        claims = plan.claims_of([series.key.scenario])[series.key.scenario]
        if published.searched[series.key].strategy is Strategy.SWEEP:
            rows.append(row(series, measured, claims))
    lines = [" | ".join(one) for one in (HEAD, ["---"] * len(HEAD), *(map(escape, one) for one in rows))]
    text = "\n".join(f"| {line} |" for line in lines) + "\n"
    if options.output:
        call = f"python benchmarks/strategies.py --output {options.output}"
        text = f"<!-- Made by `{call}`; do not edit. -->\n\n{text}"
        options.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
