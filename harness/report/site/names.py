"""File names of pages and documents, made from ids of stored results, which other people may have written.

No file name may leave its folder, be what Windows takes for a device, or equal another one on a file system that does
not tell capitals from small letters.
"""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._+-]{0,180}")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def file(name: str) -> str:
    """Return the file name for a name, without its ending: the name itself, or its digest where it is not fit."""
    return name if is_plain(name) else hashlib.sha256(name.encode(errors="backslashreplace")).hexdigest()[:32]


def page(name: str) -> str:
    """Return the file name of a page."""
    return f"{file(name)}.html"


def is_plain(name: str) -> bool:
    """Whether a name is fit to be a file name as it is."""
    return bool(_PLAIN.fullmatch(name)) and not _DEVICE.fullmatch(name)
