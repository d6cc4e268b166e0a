"""Histories as labelled lines, the same on a terminal and in Markdown."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from harness import escaping
from harness.analysis.attribution import Cause
from harness.analysis.confidence import ENOUGH
from harness.analysis.history import unknown_between
from harness.model.verdict import Verdict
from harness.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.analysis.attribution import Attribution, Change, Through
    from harness.analysis.history import Gap, Range
    from harness.analysis.series import History

_GAPS = 6
_REASON = 120  # characters of a gap's reason; JSON has all of it


def terminal(histories: Sequence[History]) -> str:
    """Return histories for a terminal."""
    from rich.console import Console  # noqa: PLC0415 - Markdown does not need it
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    with console.capture() as captured:
        for history in histories:
            console.print(Text(escaping.line(str(history.key)), style="bold"), soft_wrap=True)
            for label, text in lines(history):
                console.print(Text.assemble((f"  {label:<11} ", "dim"), escaping.line(text)), soft_wrap=True)
            console.print()
    return captured.get()


def markdown(histories: Sequence[History]) -> str:
    """Return histories as Markdown."""
    parts = []
    for history in histories:
        parts.append(f"### {escape(str(history.key))}\n")
        rows = [f"| {escape(label)} | {escape(text)} |" for label, text in lines(history)]
        parts.append("| | |\n| --- | --- |\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def affected(history: History) -> str:
    """Return the affected releases as specifiers; without one, say that no judged release is affected."""
    return " or ".join(history.specifiers) or ("no judged release" if history.judged else "not known")


def lines(history: History) -> Iterator[tuple[str, str]]:
    """Yield the statements of a history, each as a label and a text."""
    yield "affected", affected(history)
    yield from (("open", text) for one in history.affected for text in _open(one, history))
    if history.affected and history.first_fixed:
        is_late = unknown_between(history.affected[0], history.gaps, history.labels)
        latest = ", or in one before it that was not judged" if is_late else ""
        yield "fixed", f"first in {history.first_fixed}{latest}"
    if history.affected:
        among = ", of those that were tested" if history.untested else ""
        yield "safe since", f"{history.safe_since}{among}" if history.safe_since else "no judged release"
    if history.relapses:
        yield "relapses", ", ".join(history.relapses)
    for boundary in history.attribution:
        yield "boundary", _boundary(boundary)
    # What a Python cannot install comes first, so that it is not left out.
    gaps = sorted(history.gaps, key=lambda gap: not gap.reason.startswith(Verdict.UNSUPPORTED))
    yield from itertools.islice((("gap", _gap(gap)) for gap in gaps), _GAPS)
    if len(history.gaps) > _GAPS:
        yield "gap", f"and {len(history.gaps) - _GAPS} more"
    if history.yanked:
        yield "yanked", ", ".join(history.yanked)
    yield "judged", ", ".join(_counts(history))
    if history.confidence is not None:
        short = "" if history.confidence >= ENOUGH else f": below {ENOUGH}, more trials would tell"
        yield "confidence", f"{math.floor(history.confidence * 10_000) / 10_000:.4f}{short}"
    elif history.judged:
        yield "confidence", f"none: no judged release {'is free of it' if history.affected else 'has it'}"


def _open(one: Range, history: History) -> Iterator[str]:
    """Yield a line where a range may reach further than was measured, or reaches the newest release."""
    if one.open_before:
        yield f"no release before {one.first} could be judged, so it may have begun earlier"
    if one.open_after:
        yield f"no release after {one.last} could be judged, so it may last longer"
    elif one.fixed is None:
        yield f"still in {one.last}, the newest release" if history.whole else f"{one.last}, the newest release, has it"


def _counts(history: History) -> Iterator[str]:
    """Yield how many releases were judged, and how the history came about."""
    every = len(history.tested) + len(history.untested)
    yield f"{len(history.judged)} of {every} releases"
    if failed := len(history.tested) - len(history.judged):
        yield f"{failed} could not be"
    if history.untested:
        yield f"{len(history.untested)} not tested"
    yield f"{history.trials} trials"
    yield f"by {_strategy(history)}"


def _strategy(history: History) -> str:
    return f"{history.strategy}" + ("" if history.seed is None else f" with seed {history.seed}")


def _gap(gap: Gap) -> str:
    span = gap.first if gap.first == gap.last else f"{gap.first} to {gap.last}"
    return f"{span}: {escaping.line(gap.reason, limit=_REASON)}"


def _boundary(one: Attribution) -> str:
    what = f"{one.older} to {one.newer} {'fixes' if one.fixes else 'brings'} it, cause: {one.cause}"
    if one.cause is Cause.BUILD and one.files:
        return f"{what} ({one.older}: {one.files.older}; {one.newer}: {one.files.newer})"
    if one.cause in {Cause.DEPENDENCY, Cause.BOTH}:
        return f"{what} ({', '.join(_change(name, change) for name, change in one.changed.items())}){_traced(one)}"
    return f"{what} ({one.reason})" if one.reason else what


def _traced(one: Attribution) -> str:
    """Say which dependencies change the verdict alone, between which of their releases, and what nobody knows."""
    if one.trace is None:
        return ""
    parts = [_through(through) for through in one.trace.through]
    if not parts and not one.trace.unknown:
        parts = ["no dependency changes it alone"]
    parts += [f"{name} alone: {escaping.line(why, limit=_REASON)}" for name, why in one.trace.unknown.items()]
    return "".join(f"; {part}" for part in parts)


def _through(one: Through) -> str:
    said = f"{one.package} alone changes it, {one.older or 'none'} to {one.newer or 'none'} beside {one.held}"
    return f"{said} ({', '.join(one.between)} between them not judged)" if one.between else said


def _change(name: str, change: Change) -> str:
    return f"{name} {change.older or 'none'} to {change.newer or 'none'}"
