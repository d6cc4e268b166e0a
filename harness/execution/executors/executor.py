"""The protocol behind which tasks are executed, wherever that is: on this machine or on others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from harness.model.cell import Cell
    from harness.model.result import CellResult
    from harness.model.task import Task


class Executor(Protocol):
    """Executes tasks. Leaving its context leaves nothing behind."""

    def __enter__(self) -> Self:
        """Make what tasks need."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End and remove all that is left."""

    @property
    def at_once(self) -> int:
        """How many cells run at once as a rule, for estimates."""

    def execute(
        self,
        tasks: Sequence[Task],
        *,
        on_result: Callable[[CellResult], None],
        on_wait: Callable[[], None] = lambda: None,
        costs: Mapping[Cell, int] | None = None,
    ) -> None:
        """Execute all tasks; when the caller is interrupted, end all that runs and raise the interruption.

        Args:
            tasks: each of another cell.
            on_result: called in the caller's thread with each result as it comes; after an interruption, too.
            on_wait: called several times a second while no result comes, for progress.
            costs: what each cell is known to take, in any unit; the most expensive cell starts first.

        """
