"""Every error that a person can meet is of a class of this one tree.

A class has the exit status that it ends the program with. The message of an error is one line that says what is wrong,
where, and what to do. An error that means "this one cell could not be prepared" becomes the verdict
``environment-failed`` of that cell and never ends a run.
"""

from __future__ import annotations

import difflib
import traceback
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


NAMESPACE = "harness_scenario_"  # begins the name of every module that belongs to a scenario
_MOST_NAMES = 20  # valid names in one message
_TELLING = 300  # characters of an error's own words in one message


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


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return ``did you mean …?`` or the valid names, for the end of a message about an unknown name."""
    names = sorted(set(valid))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"valid: {', '.join(names[:_MOST_NAMES])}{more}" if names else "there is none to choose from"


def refuse_unknown(names: Iterable[str], valid: Iterable[str], *, what: str, where: str) -> None:
    """Raise `UsageError` for the first name that is not valid, with the nearest valid names."""
    known = tuple(valid)
    for name in names:
        if name not in known:
            raise UsageError(f"{where}: unknown {what} '{name}'; {nearest(name, known)}")


def mistake(error: BaseException) -> str:
    """Return one line about an error that a scenario's own code raised: ``FILE, line N: TypeError: its words``.

    The place is the last line that was executed in the scenario's own modules, or the line that cannot be parsed.
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
    """Return the words of an error as one bounded line; empty where ``str`` of the error raises."""
    try:
        words = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - the error is a scenario's own, and its ``__str__`` may raise anything
        return ""
    return words if len(words) <= _TELLING else f"{words[:_TELLING]}…"
