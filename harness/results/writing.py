"""A results folder that cannot be written to, explained to its user in one line with a remedy."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

from harness.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REMEDIES = {
    errno.ENOSPC: "make room and the same call goes on",
    errno.EDQUOT: "make room and the same call goes on",
    errno.EFBIG: "make room and the same call goes on",
    errno.EACCES: "let this user write there, or name another folder by --results",
    errno.EPERM: "let this user write there, or name another folder by --results",
    errno.EROFS: "the place is read-only, name another folder by --results",
    errno.ENAMETOOLONG: "its path is too long, name a shorter folder by --results",
    errno.ENOTDIR: "what is no folder is in the way, move it or name another folder by --results",
    errno.EEXIST: "what is no folder is in the way, move it or name another folder by --results",
    errno.EISDIR: "a folder is in the way, move it or name another folder by --results",
}


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Explain an `OSError` that is raised in the context, which writes into a results folder.

    Raises:
        StorageError: the folder cannot be written to.

    """
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "see to it and the same call goes on")
        told = f"{folder} cannot be written to: {error.strerror or error}"
        raise StorageError(f"{told}; what was finished before is kept, {remedy}") from None
