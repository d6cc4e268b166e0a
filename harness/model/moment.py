"""As of when an environment is resolved: the release's own moment, today, or a day.

The rule: a day stands for its first second, in UTC. ``today`` is the day of the call, so that every cell of a call is
resolved as of one moment, and the cells of ``today`` are those of the day that ``today`` means.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re

from harness.errors import nearest

RELEASE = "release"
TODAY = "today"
WORDS = (RELEASE, TODAY)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/. ]?([0-9]{1,2})[-/. ]?([0-9]{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})", re.ASCII)
_SHOWN = 40  # characters of a malformed moment, in a message


def beginning(day: str) -> dt.datetime:
    """Return the first second (UTC) of a day such as ``2024-05-01``.

    Raises:
        ValueError: there is no such day.

    """
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), tzinfo=dt.UTC)


def check_moment(value: object, what: str) -> None:
    """Refuse a value that is neither one of `WORDS` nor a day; the ValueError names the nearest right form."""
    if not isinstance(value, str):
        kind = type(value).__name__
        raise ValueError(f"{what} is {value!r}, a {kind}; write 'release', 'today' or '2024-05-01'")  # noqa: TRY004 - what a scenario declares is refused by ValueError
    if value not in WORDS and not is_day(value):
        raise ValueError(f"{what} is '{value[:_SHOWN]}', which is no moment; {_right_form(value)}")


def is_day(value: str) -> bool:
    """Whether a text is a day of the calendar, written ``YYYY-MM-DD``."""
    if not _DAY.fullmatch(value):
        return False
    try:
        beginning(value)
    except ValueError:
        return False
    return True


def moment_of(word: str, *, today: dt.date, what: str) -> dt.datetime | None:
    """Return the moment (UTC) that a word or a day means; None for the release's own moment.

    Args:
        word: one of `WORDS`, or a day.
        today: the day of the call, in UTC.
        what: what the word is of, for the message.

    Raises:
        ValueError: the word is no moment, or a day that has not begun: nobody knows what an index will have then.

    """
    check_moment(word, what)
    if word == RELEASE:
        return None
    day = today.isoformat() if word == TODAY else word
    if day > today.isoformat():
        raise ValueError(f"{what} is {day}, which has not begun; the latest is 'today', {today}")
    return beginning(day)


def _right_form(value: str) -> str:
    """Return the nearest right form of a malformed moment, for the end of a message."""
    if match := _YEAR_FIRST.fullmatch(value.strip()):
        year, month, day = (int(part) for part in match.groups())
    elif match := _YEAR_LAST.fullmatch(value.strip()):
        day, month, year = (int(part) for part in match.groups())
    else:
        return f"{nearest(value.lower()[:_SHOWN], WORDS)} A day is written like 2024-05-01"
    month = min(max(month, 1), 12)
    day = min(max(day, 1), calendar.monthrange(max(year, 1), month)[1])
    return f"write {max(year, 1):04}-{month:02}-{day:02}"
