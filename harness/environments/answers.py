"""A program's answers about itself are remembered as long as the program's file stays the same.

An interpreter says which Python it is, Wine which version it is, uv where its Pythons lie. Where all results are known,
starting these programs takes longer than the rest of the run. A file counts as the same by its path, device, inode,
size, and times of modification and of status change; no archive sets the last.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.environments import settings
from harness.processes import process
from harness.storage.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = "answers.json"  # in the user cache folder
_LONGEST = 4096  # characters


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The output of a program that was asked and ended with status 0; ``file`` identifies the program's file."""

    file: tuple[str, int, int, int, int, int]
    output: str


def ask(argv: Sequence[str], *, deadline_s: float) -> process.Completed:
    """Ask a program about itself, unless its answer is remembered, see `harness.processes.process.ask`.

    Raises:
        OSError: the program cannot be started.

    """
    memory, file = _memory(), _file(argv[0])
    asked = hashlib.sha256(msgspec.json.encode((argv, sorted(process.tool_environment().items())))).hexdigest()[:20]
    if file and (answer := memory.values().get(asked)) and answer.file == file:
        return process.Completed(exit_status=0, output=answer.output)
    done = process.ask(argv, deadline_s=deadline_s)
    if file and done.exit_status == 0 and len(done.output) <= _LONGEST and _file(argv[0]) == file:
        memory.keep({asked: Answer(file=file, output=done.output)})
    return done


def forget() -> None:
    """Forget all answers, so that every program is asked anew."""
    _memory().forget()


def _memory() -> Memory[Answer]:
    return Memory(settings.cache_folder() / FILE, Answer)


def _file(program: str) -> tuple[str, int, int, int, int, int] | None:
    """Return the path, device, inode, size and times that identify a program's file; None where there is no file."""
    try:
        path = Path(shutil.which(program) or program).resolve(strict=True)
        found = path.stat()
    except (OSError, RuntimeError):
        return None
    return os.fspath(path), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
