"""Text from a server is shown, never obeyed: no terminal and no table does what a log says."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import escaping

ANYTHING = st.text(st.characters(), max_size=50)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b[31mred", "\\x1b[2J\\x1b[31mred"),
        ("\x1b]8;;http://example.org\x07link", "\\x1b]8;;http://example.org\\x07link"),
        ("\x9b31m", "\\x9b31m"),
        ("a\x00b", "a\\x00b"),
        ("one\ntwo\r\nthree", "one\\ntwo\\r\\nthree"),
        ("back\x08\x08space", "back\\x08\\x08space"),
        ("tab\there", "tab\\there"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("para\u2029line\u2028", "para\\u2029line\\u2028"),
        ("lone \ud800 surrogate", "lone \\ud800 surrogate"),
        ("private \ue000 tag \U000e0041", "private \\ue000 tag \\U000e0041"),
        ("plain é 漢 ✓ 😀", "plain é 漢 ✓ 😀"),
        ("", ""),
    ],
)
def test_what_acts_is_shown_as_an_escape(hostile: str, shown: str) -> None:
    """What has a picture of its own stays as it is."""
    assert escaping.line(hostile) == shown


@given(ANYTHING)
def test_nothing_that_acts_gets_through(text: str) -> None:
    """Whatever a server prints; and it can be written as UTF-8."""
    harmless = escaping.line(text)
    assert not any(unicodedata.category(character).startswith("C") for character in harmless)
    assert len(harmless.splitlines()) <= 1
    assert harmless.encode().decode() == harmless


@given(st.lists(ANYTHING, max_size=4))
def test_lines_stay_lines(parts: list[str]) -> None:
    """Line breaks of a log are kept, nothing else of the kind."""
    text = "\n".join(escaping.line(part) for part in parts)
    assert escaping.lines(text) == text.splitlines()
    assert all(len(line.splitlines()) <= 1 for line in escaping.lines("\n".join(parts)))


@given(text=ANYTHING, limit=st.integers(min_value=1, max_value=60))
def test_cut_text_says_that_it_is_cut(text: str, limit: int) -> None:
    """Short text is whole, long text ends in an ellipsis."""
    cut = escaping.line(text, limit=limit)
    if len(text) <= limit:
        assert cut == escaping.line(text)
    else:
        assert cut == escaping.line(text[: limit - 1]) + "…"
