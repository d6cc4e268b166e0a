"""Text from a server is made harmless for a terminal or a table: no character acts, every character shows.

Control characters, escape sequences, bidirectional controls and other characters without a picture are written as
escapes, so that no log can move the cursor, hide a line or reverse one.
"""

from __future__ import annotations

import unicodedata

_SHOWN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def line(text: str, *, limit: int | None = None) -> str:
    """Return the text as one harmless line, cut to at most ``limit`` characters before escaping."""
    short = text if limit is None or len(text) <= limit else text[: limit - 1] + "…"
    if short.isprintable():  # nearly all text is; checking each character here takes a hundred times as long
        return short
    return "".join(_harmless(character) for character in short)


def lines(text: str) -> list[str]:
    """Return the lines of the text, each harmless."""
    return [line(one) for one in text.splitlines()]


def _harmless(character: str) -> str:
    if unicodedata.category(character) in _SHOWN:
        return character.encode("unicode_escape").decode()
    return character
