"""Every error that a person can meet is of a class of this one tree.

A class has the exit status that it ends the program with. The message of an error is one line that says what is wrong,
where, and what to do. An error that means "this one cell could not be prepared" becomes the verdict
``environment-failed`` of that cell and never ends a run.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


NAMESPACE = "harness_scenario_"  # begins the name of every module that belongs to a scenario
_MOST_NAMES = 20  # valid names in one message


class HarnessError(Exception):
    """The root. ``exit_status`` follows the table of exit statuses in the public contract."""

    exit_status: ClassVar[int] = 3


class UsageError(HarnessError):
    """The call is wrong: an option, a matrix file, a name that does not exist, an empty selection."""

    exit_status = 2


class EmptySelectionError(UsageError):
    """Every name in the call exists, and together they leave no cell."""


class ScenarioError(UsageError):
    """A scenario module cannot be used: it does not load, or it breaks a rule of the scenario interface."""


class ResultsError(UsageError):
    """A results folder cannot be used: it is not whole, contradicts another one, or leads outside itself."""


class StorageError(HarnessError):
    """Results cannot be written, such as on a full disk: the run ends, and results that were finished are kept."""


class IndexUnavailableError(HarnessError):
    """The package index gave no usable list of releases, and no list is stored from an earlier run."""


class EnvironmentFailedError(HarnessError):
    """One cell's environment could not be made; becomes the verdict ``environment-failed`` with this reason."""


class UnsatisfiableError(EnvironmentFailedError):
    """No set of packages satisfies what was asked for; ``why`` is the message without a remedy."""

    def __init__(self, why: str, remedy: str = "") -> None:
        """Say why, and what to do if the failure was met before."""
        super().__init__(f"{why}{remedy}")
        self.why = why

    @property
    def cause(self) -> str:
        """The resolver's own sentence, where its message has one."""
        return self.why.rpartition("cause: ")[2]


class ExcludedError(EnvironmentFailedError):
    """One cell cannot exist: its packages exclude each other; becomes the verdict ``unsupported`` with this reason."""


class EngineError(EnvironmentFailedError):
    """The container engine cannot be used now, or ended meanwhile; not remembered, since it may work another time."""


class LeftRunningError(HarnessError):
    """Processes that were started cannot be ended; the cell that they belong to is ``environment-failed``."""

    def __init__(self, pids: Iterable[int]) -> None:
        """Name the processes."""
        super().__init__(
            f"processes that were started cannot be ended: {', '.join(map(str, pids))}; end them, as root if need be"
        )


def nearest(name: str, valid: Iterable[str], *, similarity: float = 0.5, most: int = 3) -> str:
    """Return ``did you mean …?`` or the valid names, for the end of a message about an unknown name; see `close_to`."""
    names = sorted(set(valid))
    if close := close_to(name, names, similarity=similarity, most=most):
        return close
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"valid: {', '.join(names[:_MOST_NAMES])}{more}" if names else "there is none to choose from"


def close_to(name: str, valid: Iterable[str], *, similarity: float = 0.5, most: int = 3) -> str:
    """Return ``did you mean …?`` for the end of a message about an unknown name; empty where no name is near.

    Args:
        name: the unknown name.
        valid: the names that there are.
        similarity: the least ratio of `difflib.SequenceMatcher` between two names that are near each other.
        most: how many names the message has at most.

    """
    close = difflib.get_close_matches(name, sorted(set(valid)), n=most, cutoff=similarity)
    return f"did you mean {' or '.join(close)}?" if close else ""


def refuse_unknown(names: Iterable[str], valid: Iterable[str], *, what: str, where: str) -> None:
    """Raise `UsageError` for the first name that is not valid, with the nearest valid names."""
    known = tuple(valid)
    for name in names:
        if name not in known:
            raise UsageError(f"{where}: unknown {what} '{name}'; {nearest(name, known)}")
