"""What a server prints cannot act on whoever reads about it: not on a terminal, not on a page."""

from __future__ import annotations

import contextlib
import os
import signal
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .driving import PYTHON, SCENARIOS, User, cell_id, servers

if TYPE_CHECKING:
    from .whole import WholeRun

ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def acting(text: str) -> set[str]:
    """Return the characters in the text that could act on a terminal or turn a line around."""
    return {character for character in text if character != "\n" and unicodedata.category(character) in ACTING}


def test_show_prints_a_hostile_log_harmlessly(whole: WholeRun, user: User) -> None:
    """Everything is there to be read, as escapes."""
    called = user.call("show", cell_id("1.11"), "--results", Path(whole.folder) / ".harness", "--scenarios", SCENARIOS)
    assert called.status == 0
    assert acting(called.stdout + called.stderr) == set()
    for shown in (
        r"\x1b[2J",
        r"\x1b]0;owned\x07",
        r"\u202eover to left \u2066isolated\x00",
        r"\xff\xfe not UTF-8",
        r"\x9b31m",
    ):
        assert shown in called.stdout


@pytest.mark.parametrize("form", ["terminal", "markdown"])
def test_a_table_quotes_a_hostile_log_harmlessly(whole: WholeRun, user: User, form: str) -> None:
    """Of the table too nothing acts, and the quoted line is one line of it."""
    called = user.call(
        "report", "--results", Path(whole.folder) / ".harness", "--scenarios", SCENARIOS, "--format", form
    )
    assert called.status == 3
    assert acting(called.stdout + called.stderr) == set()
    assert sum("alert" in line for line in called.stdout.splitlines()) == 1


def test_markdown_makes_no_tag_link_or_column_of_a_log(whole: WholeRun, user: User) -> None:
    """On a page it reads as it was printed."""
    called = user.call(
        "report", "--results", Path(whole.folder) / ".harness", "--scenarios", SCENARIOS, "--format", "markdown"
    )
    (line,) = [line for line in called.stdout.splitlines() if "alert" in line]
    assert r"\<script\>" in line
    assert r"\[link\]\(http" in line
    assert r"\| \<script" in line


def test_progress_quotes_a_hostile_log_harmlessly(whole: WholeRun) -> None:
    """The lines that come while it runs are read on a terminal too."""
    assert f"_toyserver-1.11_py{PYTHON}_linux unhealthy" in whole.stderr
    assert acting(whole.stderr) == set()


def test_json_gives_a_hostile_log_back_unchanged(whole: WholeRun) -> None:
    """A program gets the characters themselves; no control character stands in the document."""
    assert {c for c in whole.stdout if c != "\n" and unicodedata.category(c) == "Cc"} == set()
    assert "`code` \x1b[31mred \u202e\x00\\xff" in whole.called.cells["1.11"]["reason"]


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_a_process_without_its_environment_is_ended_too(user: User, version: str) -> None:
    """A server may start what inherits nothing, and may even disown it; it is the server's all the same."""
    called = user.run(*servers(version))
    try:
        assert called.verdicts == {version: "absent"}
        assert len(user.started(version)) == 2
        assert user.left() == []
    finally:
        for pid, _ in user.started(version):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
