"""Histories as labelled lines, the same on a terminal and in Markdown."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from harness.analysis.attribution import Cause
from harness.analysis.confidence import ENOUGH
from harness.report import clean
from harness.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.analysis.attribution import Attribution, Change
    from harness.analysis.history import Gap
    from harness.analysis.series import History

_GAPS = 6
_REASON = 120  # characters of a gap's reason; JSON has all


def terminal(histories: Sequence[History]) -> str:
    """Return them for a terminal."""
    console = Console()
    with console.capture() as captured:
        for history in histories:
            console.print(Text(clean.line(str(history.key)), style="bold"), soft_wrap=True)
            for label, text in lines(history):
                console.print(Text.assemble((f"  {label:<11} ", "dim"), clean.line(text)), soft_wrap=True)
            console.print()
    return captured.get()


def markdown(histories: Sequence[History]) -> str:
    """Return them as Markdown."""
    parts = []
    for history in histories:
        parts.append(f"### {escape(str(history.key))}\n")
        rows = [f"| {escape(label)} | {escape(text)} |" for label, text in lines(history)]
        parts.append("| | |\n| --- | --- |\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def lines(history: History) -> Iterator[tuple[str, str]]:
    """Yield what a history says, each with a label."""
    yield "affected", " or ".join(history.specifiers) or ("no tested release" if history.safe_since else "unknown")
    if history.first_fixed:
        yield "fixed", f"first in {history.first_fixed}"
    if history.affected:
        yield "safe since", history.safe_since or "no release yet"
    if history.relapses:
        yield "relapses", ", ".join(history.relapses)
    for boundary in history.attribution:
        yield "boundary", _boundary(boundary)
    yield from itertools.islice((("gap", _gap(gap)) for gap in history.gaps), _GAPS)
    if len(history.gaps) > _GAPS:
        yield "gap", f"and {len(history.gaps) - _GAPS} more"
    if history.yanked:
        yield "yanked", ", ".join(history.yanked)
    every = len(history.tested) + len(history.untested)
    yield "tested", f"{len(history.tested)} of {every} releases, {history.trials} trials, by {_strategy(history)}"
    if history.confidence is not None:
        short = "" if history.confidence >= ENOUGH else f": below {ENOUGH}, more trials would tell"
        yield "confidence", f"{math.floor(history.confidence * 10_000) / 10_000:.4f}{short}"


def _strategy(history: History) -> str:
    return f"{history.strategy}" + ("" if history.seed is None else f" with seed {history.seed}")


def _gap(gap: Gap) -> str:
    span = gap.first if gap.first == gap.last else f"{gap.first} to {gap.last}"
    return f"{span}: {clean.line(gap.reason, limit=_REASON)}"


def _boundary(one: Attribution) -> str:
    what = f"{one.older} to {one.newer} {'fixes' if one.fixes else 'brings'} it, cause: {one.cause}"
    if one.cause in {Cause.DEPENDENCY, Cause.BOTH}:
        return f"{what} ({', '.join(_change(name, change) for name, change in one.changed.items())})"
    return f"{what} ({one.reason})" if one.reason else what


def _change(name: str, change: Change) -> str:
    return f"{name} {change.older or 'none'} to {change.newer or 'none'}"
