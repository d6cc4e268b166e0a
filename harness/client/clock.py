"""The time of one trial. When it is over, every further call of the trial raises, whatever the scenario catches."""

from __future__ import annotations

import threading
import time


class TrialOverError(SystemExit):
    """The trial's time is over.

    No ``except Exception`` of a scenario catches it, and a thread of a scenario that it ends prints nothing.
    """


class TrialClock:
    """Seconds since the trial began, and what is left of them. Safe for many threads."""

    def __init__(self, deadline_s: float) -> None:
        """Begin now."""
        self._began = time.monotonic()
        self._deadline_s = deadline_s
        self._over = threading.Event()

    def now(self) -> float:
        """Return the seconds since the trial began."""
        return time.monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Whether the trial's deadline has passed."""
        return self._over.is_set() or self.now() >= self._deadline_s

    def expire(self) -> None:
        """End the trial's time now; threads that `sleep` wake up."""
        self._over.set()

    def check(self) -> None:
        """Refuse to go on after the deadline.

        Raises:
            TrialOverError: the deadline has passed.

        """
        if self.is_over:
            raise TrialOverError("the trial's time is over")

    def bounded(self, wanted_s: float) -> float:
        """Return ``wanted_s``, or the seconds that are left of the trial where those are fewer."""
        self.check()
        return max(0.001, min(wanted_s, self._deadline_s - self.now()))

    def sleep(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            TrialOverError: the trial's time is over.

        """
        self._over.wait(self.bounded(seconds))
        self.check()
