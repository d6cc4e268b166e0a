"""A file of a trial's folder is edited as a careful editor does it: the new text is written beside and renamed over.

The file never has half of a text, and its time of modification always moves on: some reloaders compare nothing else.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from pathlib import Path

_LATER_NS = 2_000_000_000  # the coarsest file systems keep even seconds


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Replace the one place of a file that says ``old``, see `harness.execution.trial.Trial.edit`."""
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        raise HarnessError(f"{file} does not lie in the trial's folder and is not edited")
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise HarnessError(f"{file} cannot be edited: {error.strerror}") from None
    except UnicodeDecodeError:
        raise HarnessError(f"{file} cannot be edited: it is no text in UTF-8") from None
    if (count := text.count(old)) != 1 or not old:
        raise HarnessError(f"{file} is not edited: it says {old!r} {count} times instead of once")
    before = path.stat()
    beside = path.with_name(f"{path.name}.edited")
    beside.write_bytes(text.replace(old, new).encode())
    shutil.copymode(path, beside)
    later = max(beside.stat().st_mtime_ns, before.st_mtime_ns + _LATER_NS)
    os.utime(beside, ns=(later, later))
    beside.replace(path)
