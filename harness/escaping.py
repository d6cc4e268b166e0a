"""Text that came from a server, made fit for a terminal or a table: nothing in it acts, everything shows.

Control characters, escape sequences, bidirectional controls and what else has no picture of its own are written
as escapes, so that no log can move a cursor, hide a line or turn one around.
"""

from __future__ import annotations

import unicodedata

_SHOWN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def line(text: str, *, limit: int | None = None) -> str:
    """Return the text as one harmless line, cut to so many characters."""
    short = text if limit is None or len(text) <= limit else text[: limit - 1] + "…"
    if short.isprintable():  # nearly all text; looking at each character takes a hundred times as long
        return short
    return "".join(_harmless(character) for character in short)


def lines(text: str) -> list[str]:
    """Return the lines of the text, each harmless."""
    return [line(one) for one in text.splitlines()]


def _harmless(character: str) -> str:
    if unicodedata.category(character) in _SHOWN:
        return character.encode("unicode_escape").decode()
    return character
