"""Progress of a run on standard error: a bar with counts and an estimate on a terminal, plain lines elsewhere."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console

from harness import escaping
from harness.report.table import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from rich.progress import Progress as Bar

    from harness.model.cell import Cell
    from harness.model.result import CellResult


class _Console(Console):
    """A console whose reader may go away: rich would end the program with 1, which means that a verdict contradicts."""

    def on_broken_pipe(self) -> None:
        """End the call like every other call whose output nobody reads."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def _bar(console: Console, *, total: int) -> Bar:
    """Return a bar with one task, which is ``total`` cells."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - only on a terminal

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[estimate]}"),
    )
    bar = Progress(*columns, console=console, transient=True)
    bar.add_task("cells", total=total, estimate="")
    return bar


class Progress:
    """Counts finished cells and estimates the time left, by what each cell that is left is known to take."""

    def __init__(self, costs: Mapping[Cell, int], *, quiet: bool, at_once: int = 1) -> None:
        """Take the cells of the run, each with what it takes in milliseconds, and how many usually run at once."""
        self._at_once = at_once
        self._costs = {cell.id: cost / 1000 for cell, cost in costs.items()}
        self._left = dict(self._costs)
        self._ran_s = 0.0
        self._console = _Console(stderr=True, quiet=quiet)
        self._began = time.monotonic()
        self._bar = _bar(self._console, total=len(costs)) if self._console.is_terminal and not quiet else None

    def __enter__(self) -> Self:
        """Show the bar."""
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar.stop()

    def tick(self) -> None:
        """Update the estimate while nothing finishes."""
        if self._bar:
            self._bar.update(self._bar.task_ids[0], estimate=self.estimate())

    def finished(self, result: CellResult) -> None:
        """Count a finished cell; print a line where there is no bar and the result is not a stored one."""
        cost = self._left.pop(result.id, 0.0)
        self._ran_s += 0.0 if result.cached else cost
        if self._bar:
            self._bar.update(self._bar.task_ids[0], advance=1, estimate=self.estimate())
        elif not result.cached:
            count = f"[{len(self._costs) - len(self._left)}/{len(self._costs)}]"
            reason = f": {escaping.line(result.reason, limit=100)}" if result.reason else ""
            line = f"{count} {SYMBOLS[result.verdict]} {result.id} {result.verdict}{reason} {self.estimate()}"
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def estimate(self) -> str:
        """Return about how long the run still takes: from its pace so far, or from what the cells usually take."""
        if not self._left:
            return ""
        elapsed, left = time.monotonic() - self._began, sum(self._left.values())
        usual = max(*self._left.values(), left / self._at_once)
        seconds = elapsed / self._ran_s * left if self._ran_s else max(0.0, usual - elapsed)
        return f"about {seconds:.0f} s left"
