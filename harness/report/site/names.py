"""File names of pages. Ids come from stored results, which other people may have written: none may leave the folder."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,180}")


def page(name: str) -> str:
    """Return the file name of a page; an id that is not fit for one is told apart by its digest."""
    return (
        f"{name}.html" if is_plain(name) else f"{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:20]}.html"
    )


def is_plain(name: str) -> bool:
    """Whether the name is its page's name."""
    return bool(_PLAIN.fullmatch(name))
