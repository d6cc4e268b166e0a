"""Moments: words and days, each refused where it is none, with the form that is right."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.moment import WORDS, beginning, check_moment, is_day, moment_of
from harness.model.scenario import Companion

TODAY = dt.date(2026, 11, 25)


def moment(word: str) -> dt.datetime | None:
    """Return what a word means on that day."""
    return moment_of(word, today=TODAY, what="--as-of")


def test_today_is_the_beginning_of_the_day() -> None:
    """The same as the day by its date, so that both are one series; the release's own moment is another matter."""
    assert moment("today") == moment("2026-11-25") == dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    assert moment("release") is None
    assert moment("2020-02-29") == beginning("2020-02-29") == dt.datetime(2020, 2, 29, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("2024-2-1", "write 2024-02-01"),
        ("2024-02-30", "write 2024-02-29"),
        ("2023-02-29", "write 2023-02-28"),
        ("2024-13-01", "write 2024-12-01"),
        ("20240501", "write 2024-05-01"),
        ("2024/05/01", "write 2024-05-01"),
        ("1.5.2024", "write 2024-05-01"),
        ("0000-00-00", "write 0001-01-01"),
        ("tody", "did you mean today?"),
        ("Release", "did you mean release?"),
        ("", "A day is written like 2024-05-01"),
        ("2024-05-01T12:00", "A day is written like 2024-05-01"),
        ("\uff12024-05-01", "A day is written like 2024-05-01"),
    ],
)
def test_what_is_no_moment_is_refused(written: str, right: str) -> None:
    """With the nearest right form, in one line; wherever it is written."""
    with pytest.raises(ValueError, match="which is no moment") as error:
        moment(written)
    assert right in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    with pytest.raises(ValueError, match="as_of of the companion 'h11'"):
        Companion("h11", as_of=written)


def test_a_day_that_has_not_begun_is_refused() -> None:
    """Nobody knows what an index will have then."""
    with pytest.raises(
        ValueError, match="--as-of is 2026-11-26, which has not begun; the latest is 'today', 2026-11-25"
    ):
        moment("2026-11-26")


@pytest.mark.parametrize("value", [None, 20240501, TODAY])
def test_a_moment_is_a_text(value: object) -> None:
    """In a scenario, too, where a date of another type would be easy to write."""
    with pytest.raises(ValueError, match="write 'release', 'today' or '2024-05-01'"):
        check_moment(value, "as_of")


def test_a_file_has_no_moment() -> None:
    """It is the same file at any moment."""
    with pytest.raises(ValueError, match="leave out as_of='today'"):
        Companion("part @ ./part.whl", as_of="today")


@given(st.dates(min_value=dt.date(1, 1, 1)))
def test_every_day_of_the_calendar_is_one(day: dt.date) -> None:
    """Whatever its year."""
    assert is_day(day.isoformat())
    assert beginning(day.isoformat()).date() == day


@given(st.text(max_size=12))
def test_any_other_text_is_refused_alike(text: str) -> None:
    """By the one kind of error, whatever it holds."""
    if text in WORDS or is_day(text):
        check_moment(text, "as_of")
    else:
        with pytest.raises(ValueError, match="as_of is '"):
            check_moment(text, "as_of")
