"""Every error a person can meet, one tree.

Each class carries the exit status it ends the program with and, in its message, one line that says what is
wrong, where, and what to do. Errors that mean "this one cell could not be prepared" become the verdict
``environment-failed`` of that cell and never end a run.
"""

from __future__ import annotations

import difflib
import traceback
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


NAMESPACE = "harness_scenario_"  # begins the name of every module that belongs to a scenario
_MOST_NAMES = 20  # of those that are valid, in one message
_TELLING = 300  # characters of an error's own words that a message quotes


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
    """A results folder cannot be used: it is not whole, contradicts another one, or reaches out of itself."""


class StorageError(HarnessError):
    """Results cannot be written, as on a full disk: the run ends, what was finished before is kept."""


class IndexUnavailableError(HarnessError):
    """The package index gave no usable list of releases, and none is stored from an earlier run."""


class EnvironmentFailedError(HarnessError):
    """One cell's environment could not be had; becomes the verdict ``environment-failed`` with this reason."""


class EngineError(EnvironmentFailedError):
    """The container engine cannot be used now, or ended in between; another time it may, so it is not remembered."""


class LeftRunningError(HarnessError):
    """Processes that were started cannot be ended; the cell that they belong to is ``environment-failed``."""

    def __init__(self, pids: Iterable[int]) -> None:
        """Name the processes."""
        super().__init__(
            f"processes that were started cannot be ended: {', '.join(map(str, pids))}; end them, as root if need be"
        )


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return ``did you mean …?`` or the valid names, for the end of a message about an unknown name."""
    names = sorted(set(valid))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"valid: {', '.join(names[:_MOST_NAMES])}{more}" if names else "there is none to choose from"


def refuse_unknown(names: Iterable[str], valid: Iterable[str], *, what: str, where: str) -> None:
    """Refuse a name that is not among the valid ones, offering the nearest; raises `UsageError`."""
    known = tuple(valid)
    for name in names:
        if name not in known:
            raise UsageError(f"{where}: unknown {what} '{name}'; {nearest(name, known)}")


def mistake(error: BaseException) -> str:
    """Say of what a scenario's own code raised where and what: ``FILE, line N: TypeError: its words``.

    The place is the last line of the scenario's own modules that was executed, or that cannot be parsed.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}: {type(error).__name__}: {_words(error.msg)}"
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [(frame, line) for frame, line in frames if str(frame.f_globals.get("__name__")).startswith(NAMESPACE)]
    told = f"{type(error).__name__}: {_words(error)}".removesuffix(": ")
    if not (own or frames):
        return told
    frame, line = (own or frames)[-1]
    return f"{frame.f_code.co_filename}, line {line}: {told}"


def _words(error: object) -> str:
    """Return the words of an error in one bounded line, whatever it does when asked for them."""
    try:
        words = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an error whose words cannot be had has none
        return ""
    return words if len(words) <= _TELLING else f"{words[:_TELLING]}…"
