"""Whether another cell may start now, judged by the load of the processors and by how many cells run already.

The processors and the memory are those that this process may use, see `harness.execution.executors.allowance`. A cell
mostly waits: for its server to start, for a timer to fire, for a request to end. That is why many more cells than cores
run at once, and why a further cell starts whenever the processors have time left. The load may be another program's:
a few cells run whatever the load.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from typing import TYPE_CHECKING

from harness.execution.executors.allowance import Allowance
from harness.model.platforms import platform_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.cell import Cell

MOST = 40  # cells at once for each core: enough for cells that compute a fortieth of their time
USUAL = 6  # cells at once for each core as a rule, for estimates
FLOOR = 3  # cells at once for each core, however busy the machine
WORKERS = 1.5  # cells at once for each core of platforms that work two thirds of the time; 1 on a busy machine
FULL = 0.95  # of the processors' time: above this, a further cell only delays those that run
SPARE = 0.1  # of the memory: with less than this left, a further server is not worth the risk
TICK_S = 0.1  # between two looks at the load: a server's start keeps a core busy, so that the next look sees it


class Admission:
    """The queue of the cells that are ready to run; the most expensive starts first. For one thread."""

    def __init__(
        self,
        jobs: int | None = None,
        *,
        cores: int | None = None,
        processors: Callable[[], float] | None = None,
        memory: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Bound what runs at once.

        Args:
            jobs: how many cells run at once at most; None for `MOST` for each core.
            cores: how many cores this process may use; None to ask `Allowance`, as for ``processors`` and ``memory``.
            processors: returns how much of the processors' time was used since its last call, 0 to 1.
            memory: returns how much of the memory is in use, 0 to 1.
            clock: returns seconds.

        """
        allowance = Allowance()
        self.cores = cores or allowance.processors
        self.most = jobs or MOST * self.cores
        self.usual = min(self.most, USUAL * self.cores)
        self._floor = min(self.most, FLOOR * self.cores)
        self._processors = processors or allowance.processors_used
        self._memory = memory or allowance.memory_used
        self._clock = clock
        self._looked_s = -math.inf
        self._room = 0
        self._waiting: dict[bool, list[tuple[int, int, Cell]]] = {False: [], True: []}  # heaps, by `Platform.works`
        self._running = {False: 0, True: 0}
        self._workers = {False: self.cores, True: math.ceil(WORKERS * self.cores)}  # by whether the machine has room
        self._places = itertools.count()

    def wait(self, cell: Cell, cost: int) -> None:
        """Queue a cell by its cost, in any unit; of cells that cost the same, the first one starts first."""
        heapq.heappush(self._waiting[platform_of(cell.platform).works], (-cost, next(self._places), cell))

    def admit(self) -> Cell | None:
        """Return the next cell that may start now; None where none may."""
        has_room = self._has_room()
        if sum(self._running.values()) >= (self.most if has_room else self._floor):
            return None
        bounds = {False: self.most, True: self._workers[has_room]}
        open_to = [works for works, cells in self._waiting.items() if cells and self._running[works] < bounds[works]]
        if not open_to:
            return None
        works = min(open_to, key=lambda one: self._waiting[one][0])
        _, _, cell = heapq.heappop(self._waiting[works])
        self._running[works] += 1
        self._room -= 1
        return cell

    def ended(self, cell: Cell) -> None:
        """Note that an admitted cell has ended."""
        self._running[platform_of(cell.platform).works] -= 1

    def _has_room(self) -> bool:
        """Whether the machine had room at the last look, and fewer cells have started since than it had room for."""
        if self._clock() - self._looked_s >= TICK_S:
            self._looked_s = self._clock()
            used = self._processors()
            idle = round(self.cores * (1 - used))
            self._room = max(1, idle) if used < FULL and self._memory() < 1 - SPARE else 0
        return self._room > 0
