"""File names of pages and documents. Ids come from stored results, which other people may have written.

None of them may leave its folder, be what Windows takes for a device, or be another one's name on a file system that
does not tell capitals from small letters.
"""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._+-]{0,180}")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def file(name: str) -> str:
    """Return what a file of this name is called, without its ending; a name that is not fit for it by its digest."""
    return name if is_plain(name) else hashlib.sha256(name.encode(errors="backslashreplace")).hexdigest()[:32]


def page(name: str) -> str:
    """Return the file name of a page."""
    return f"{file(name)}.html"


def is_plain(name: str) -> bool:
    """Whether the name is its page's name."""
    return bool(_PLAIN.fullmatch(name)) and not _DEVICE.fullmatch(name)
